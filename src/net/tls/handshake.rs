/// How far a connection is on its way to its first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "tls"),
    expect(dead_code, reason = "without TLS, every connection is ready")
)]
pub(crate) enum Handshake {
    /// Requests may come.
    Done,
    /// It goes on when more has arrived.
    Waiting,
    /// What has arrived is no TLS: somebody speaks plain HTTP, and is answered in kind.
    Plain,
}
