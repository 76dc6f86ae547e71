use tiny_http::{HTTPVersion, Request};

/// What `tiny_http` will do with a connection after this request: it alone decides, by the
/// first `Connection` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    /// It reads on, whatever is answered.
    StaysOpen,
    /// It closes it.
    Ends,
    /// It closes it, and gives us the bytes behind the head as they come, body or not.
    EndsUnframed,
}

impl Connection {
    pub(super) fn of(request: &Request) -> Self {
        let field = request
            .headers()
            .iter()
            .find(|header| header.field.equiv("Connection"));
        let value = field.map(|field| field.value.as_str().to_ascii_lowercase());
        let says = |word| value.as_deref().is_some_and(|value| value.contains(word));
        match () {
            () if says("upgrade") => Self::EndsUnframed,
            () if says("close") => Self::Ends,
            () if *request.http_version() < HTTPVersion(1, 1) && !says("keep-alive") => Self::Ends,
            () => Self::StaysOpen,
        }
    }
}
