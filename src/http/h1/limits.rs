/// How much of a message's head and framing is read before it is refused.
///
/// Generous for what browsers and tools send, small enough that a stranger's connection costs
/// kilobytes.
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
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line_bytes: 16 << 10,
            head_bytes: 64 << 10,
            fields: 128,
            chunk_line_bytes: 4 << 10,
            trailer_bytes: 8 << 10,
        }
    }
}
