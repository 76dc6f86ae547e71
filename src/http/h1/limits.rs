/// How much of a message is read before it is refused.
///
/// Generous for what browsers and tools send, small enough that a stranger's connection costs
/// kilobytes. A body costs nothing until an app reads it, and apps bound what they keep of it
/// (`FormLimits` does for forms): here it may have any size by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the request line; more is a 414. Long queries are the reason for 16 KiB.
    pub request_line_bytes: usize,
    /// Bytes of the whole head; more is a 431.
    pub head_bytes: usize,
    /// Header fields; more is a 431. At most 256.
    pub fields: usize,
    /// Bytes of the line that gives a chunk's size and extensions (RFC 9112 §7.1.1).
    pub chunk_line_bytes: usize,
    /// Bytes of all trailer fields together (RFC 9112 §7.1.2).
    pub trailer_bytes: usize,
    /// Bytes of a request's body; more is a 413: at once where its length is declared, else
    /// when it has been read so far.
    pub body_bytes: u64,
    /// Whether a request's body has to declare its length; one in chunks is a 411 then. For apps
    /// that go by `CONTENT_LENGTH`, as old CGI programs do.
    pub needs_length: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line_bytes: 16 << 10,
            head_bytes: 64 << 10,
            fields: 128,
            chunk_line_bytes: 4 << 10,
            trailer_bytes: 8 << 10,
            body_bytes: u64::MAX,
            needs_length: false,
        }
    }
}
