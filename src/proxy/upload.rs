use std::io;

use crate::http::h1::{self, Framing};
use crate::net::Stream;

/// What is passed on at once.
pub(super) const PART_BYTES: usize = 64 << 10;

/// Sends a part of a request's body, framed; an empty one is its end.
pub(super) fn send_part(upstream: &Stream, framing: Framing, part: &[u8]) -> io::Result<()> {
    match (framing, part.len()) {
        (Framing::Chunked, 0) => upstream.write_all_parts(&[b"0\r\n\r\n"]),
        (Framing::Chunked, len) => {
            let line = h1::chunk_head(len);
            upstream.write_all_parts(&[line.as_bytes(), part, b"\r\n"])
        }
        _ => upstream.write_all_parts(&[part]), // by its length
    }
}
