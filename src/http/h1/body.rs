use crate::http::h1::{Fault, Framing, Limits};

/// Undoes a body's framing: wire bytes in, places of data out. It never copies and never waits.
///
/// The caller shows it what has arrived and not been used up, and acts on each [`Decoded`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyDecoder {
    state: State,
    chunk_line_bytes: usize,
    trailer_bytes: usize,
    // What chunks that are still to come may have, of so many bytes in all.
    chunks_left: u64,
    body_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// So many bytes of data, and then the end.
    Length(u64),
    /// Data until the connection closes.
    UntilClose,
    /// A line with a chunk's size comes next.
    ChunkSize,
    /// So many bytes of the chunk's data.
    ChunkData(u64),
    /// The CRLF after a chunk's data.
    ChunkEnd,
    /// Trailer fields up to an empty line; so many bytes of them were read.
    Trailers(usize),
    Done,
}

/// What the next bytes are. `skip` bytes of framing come first and are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// `len` bytes of data follow the skipped ones. Say with [`BodyDecoder::took`] how many
    /// were used.
    Data {
        /// Bytes of framing before the data.
        skip: usize,
        /// Bytes of data at hand; not 0.
        len: usize,
    },
    /// More bytes are needed.
    More {
        /// Bytes of framing used up.
        skip: usize,
    },
    /// The body has ended; what follows is the next message.
    End {
        /// Bytes of framing used up.
        skip: usize,
    },
}

impl BodyDecoder {
    /// A decoder for a body of this framing.
    pub fn new(framing: Framing, limits: &Limits) -> Self {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(len) => State::Length(len),
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
        };
        Self {
            state,
            chunk_line_bytes: limits.chunk_line_bytes,
            trailer_bytes: limits.trailer_bytes,
            chunks_left: limits.body_bytes,
            body_bytes: limits.body_bytes,
        }
    }

    /// Whether the body has ended.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether the body ends where the connection does.
    pub fn ends_at_close(&self) -> bool {
        self.state == State::UntilClose
    }

    /// How many bytes are still to come, where the framing says so.
    pub fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Length(left) => Some(left),
            State::Done => Some(0),
            _ => None, // chunks and closings say nothing ahead
        }
    }

    /// What the bytes that have arrived are.
    ///
    /// # Errors
    /// [`Fault::Chunk`], [`Fault::Trailer`] and [`Fault::BodyTooLong`]; the rest of the connection is then unreadable.
    pub fn decode(&mut self, arrived: &[u8]) -> Result<Decoded, Fault> {
        let mut skip = 0;
        loop {
            let rest = &arrived[skip..];
            match self.state {
                State::Done => return Ok(Decoded::End { skip }),
                State::Length(_) | State::ChunkData(_) | State::UntilClose if rest.is_empty() => {
                    return Ok(Decoded::More { skip });
                }
                State::Length(left) | State::ChunkData(left) => {
                    let len = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    return Ok(Decoded::Data { skip, len });
                }
                State::UntilClose => {
                    return Ok(Decoded::Data {
                        skip,
                        len: rest.len(),
                    });
                }
                State::ChunkSize => match line(rest, self.chunk_line_bytes, Fault::Chunk)? {
                    None => return Ok(Decoded::More { skip }),
                    Some(line) => {
                        skip += line.len() + 2;
                        self.state = match chunk_size(line)? {
                            0 => State::Trailers(0),
                            size => State::ChunkData(self.admit(size)?),
                        };
                    }
                },
                State::ChunkEnd => match line(rest, 0, Fault::Chunk)? {
                    None => return Ok(Decoded::More { skip }),
                    Some(_) => {
                        skip += 2;
                        self.state = State::ChunkSize;
                    }
                },
                State::Trailers(read) => {
                    match line(rest, self.trailer_bytes - read, Fault::Trailer)? {
                        None => return Ok(Decoded::More { skip }),
                        Some(line) => {
                            skip += line.len() + 2;
                            self.state = match line {
                                [] => State::Done,
                                field if is_field(field) => State::Trailers(read + field.len()),
                                _ => return Err(Fault::Trailer), // no field at all
                            };
                        }
                    }
                }
            }
        }
    }

    fn admit(&mut self, size: u64) -> Result<u64, Fault> {
        let limit = self.body_bytes;
        let left = self.chunks_left.checked_sub(size);
        self.chunks_left = left.ok_or(Fault::BodyTooLong { limit })?;
        Ok(size)
    }

    /// Tells that `len` of the data that [`decode`](Self::decode) showed were used up.
    pub fn took(&mut self, len: usize) {
        let len = len as u64;
        self.state = match self.state {
            State::Length(left) if left == len => State::Done,
            State::Length(left) => State::Length(left - len),
            State::ChunkData(left) if left == len => State::ChunkEnd,
            State::ChunkData(left) => State::ChunkData(left - len),
            _ => return, // until close there is nothing to count
        };
    }
}

/// The line at the start of `bytes`, without its CRLF; `None` while it is not whole. A bare LF
/// is refused here: recipients that differ on it can be played against each other.
fn line(bytes: &[u8], most: usize, fault: Fault) -> Result<Option<&[u8]>, Fault> {
    match memchr::memchr(b'\n', bytes) {
        Some(end) => match bytes[..end].strip_suffix(b"\r") {
            Some(line) if line.len() <= most => Ok(Some(line)),
            _ => Err(fault), // bare LF, or too long
        },
        // One byte more than the limit may be the CR of a line that is just within it.
        None if bytes.len() > most + 1 => Err(fault),
        None => Ok(None),
    }
}

/// `chunk-size [ chunk-ext ]` (RFC 9112 §7.1): hexadecimal digits, then well-formed extensions,
/// which mean nothing to us.
fn chunk_size(line: &[u8]) -> Result<u64, Fault> {
    let digits = line
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    let (size, extensions) = line.split_at(digits);
    // Fifteen digits stay below 2^60; longer sizes are nobody's honest chunk.
    if digits == 0 || digits > 15 || !are_extensions(extensions) {
        return Err(Fault::Chunk);
    }
    let size = std::str::from_utf8(size).map_err(|_| Fault::Chunk)?;
    u64::from_str_radix(size, 16).map_err(|_| Fault::Chunk)
}

/// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )` (RFC 9112 §7.1.1).
fn are_extensions(mut rest: &[u8]) -> bool {
    loop {
        rest = skip_blank(rest);
        let Some(after) = rest.strip_prefix(b";") else {
            return rest.is_empty();
        };
        let Some(after) = skip_token(skip_blank(after)) else {
            return false;
        };
        rest = after;
        if let Some(value) = skip_blank(after).strip_prefix(b"=") {
            let value = skip_blank(value);
            match skip_token(value).or_else(|| skip_quoted(value)) {
                Some(after) => rest = after,
                None => return false,
            }
        }
    }
}

fn skip_blank(bytes: &[u8]) -> &[u8] {
    let blank = bytes
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    &bytes[blank..]
}

fn skip_token(bytes: &[u8]) -> Option<&[u8]> {
    let len = bytes
        .iter()
        .take_while(|&&byte| is_token_byte(byte))
        .count();
    (len > 0).then(|| &bytes[len..])
}

fn skip_quoted(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"\"")?;
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Some(after),
            [b'\\', escaped, after @ ..] if !is_control(*escaped) => after,
            [byte, after @ ..] if *byte != b'\\' && !is_control(*byte) => after,
            _ => return None, // unended, or with a control character
        };
    }
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_field(line: &[u8]) -> bool {
    match memchr::memchr(b':', line) {
        Some(colon @ 1..) => {
            line[..colon].iter().all(|&byte| is_token_byte(byte))
                && !line.iter().any(|&byte| is_control(byte))
        }
        _ => false, // no name
    }
}

/// The line before a chunk of `len` bytes; after the chunk comes CRLF. `len` is not 0: an empty
/// chunk would end the body.
pub fn chunk_head(len: usize) -> String {
    debug_assert!(len > 0, "an empty chunk ends the body");
    format!("{len:x}\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `wire` in pieces of `step` bytes: the data and what is left over, or the fault.
    fn decode(framing: Framing, wire: &[u8], step: usize) -> Result<(String, usize), Fault> {
        let mut decoder = BodyDecoder::new(framing, &Limits::default());
        let (mut start, mut end, mut data) = (0, 0, Vec::new());
        loop {
            match decoder.decode(&wire[start..end])? {
                Decoded::Data { skip, len } => {
                    // Take a part only, as a reader with a small buffer does.
                    let taken = len.min(3);
                    data.extend_from_slice(&wire[start + skip..][..taken]);
                    decoder.took(taken);
                    start += skip + taken;
                }
                Decoded::More { skip } => {
                    start += skip;
                    if end == wire.len() {
                        return Err(Fault::Cut);
                    }
                    end = (end + step).min(wire.len());
                }
                Decoded::End { skip } => {
                    let text = String::from_utf8(data).unwrap();
                    return Ok((text, wire.len() - start - skip));
                }
            }
        }
    }

    #[track_caller]
    fn check(framing: Framing, wire: &str, want: Result<(&str, usize), Fault>) {
        for step in [1, 2, 7, wire.len().max(1)] {
            let got = decode(framing, wire.as_bytes(), step);
            let want = want.clone().map(|(data, left)| (data.to_owned(), left));
            // Bytes that have not been fed yet are left over too, so only a whole feed counts them.
            let got = match step == wire.len() {
                true => got,
                false => got.map(|(data, _)| (data, want.as_ref().map_or(0, |want| want.1))),
            };
            assert_eq!(got, want, "{wire:?} in steps of {step}");
        }
    }

    #[test]
    fn a_length_takes_that_much_and_no_more() {
        check(Framing::Length(5), "helloGET /", Ok(("hello", 5)));
        check(Framing::None, "GET /", Ok(("", 5)));
        check(Framing::Length(9), "hello", Err(Fault::Cut));
    }

    #[test]
    fn chunks_end_with_an_empty_one_and_its_trailers() {
        check(
            Framing::Chunked,
            "5\r\nhello\r\n0\r\n\r\nGET",
            Ok(("hello", 3)),
        );
        check(
            Framing::Chunked,
            "1\r\na\r\n00A\r\n0123456789\r\n0\r\n\r\n",
            Ok(("a0123456789", 0)),
        );
        check(
            Framing::Chunked,
            "1;a=b; c=\"d\\\"e;\"\r\na\r\n0;x\r\nX-Sum: 1\r\nY: \r\n\r\n",
            Ok(("a", 0)),
        );
        check(Framing::Chunked, "5\r\nhel", Err(Fault::Cut));
        check(Framing::Chunked, "1\r\na\r\n0\r\n", Err(Fault::Cut));
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for wire in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "+1\r\n",
            "0x1\r\na\r\n",
            " 1\r\na\r\n",
            "1 a\r\na\r\n",
            "1\na\r\n0\r\n\r\n",
            "1\r\nab\r\n0\r\n\r\n",
            "1\r\na\n0\r\n\r\n",
            "1000000000000000\r\n",
            "1;\r\na\r\n",
            "1;=x\r\na\r\n",
            "1;a=\"x\r\na\r\n",
            "1;a=\u{1}\r\na\r\n",
        ] {
            check(Framing::Chunked, wire, Err(Fault::Chunk));
        }
        check(
            Framing::Chunked,
            "0\r\nno field\r\n\r\n",
            Err(Fault::Trailer),
        );
        check(Framing::Chunked, "0\r\n: x\r\n\r\n", Err(Fault::Trailer));
    }

    #[test]
    fn lines_have_limits() {
        let long = "a".repeat(5 << 10);
        check(
            Framing::Chunked,
            &format!("1;{long}\r\na\r\n"),
            Err(Fault::Chunk),
        );
        check(Framing::Chunked, &format!("1;{long}"), Err(Fault::Chunk));
        let trailers = format!("X: {long}\r\n").repeat(2);
        check(
            Framing::Chunked,
            &format!("0\r\n{trailers}\r\n"),
            Err(Fault::Trailer),
        );
    }
}
