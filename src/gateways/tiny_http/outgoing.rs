use std::io;

use http::{HeaderMap, Method, StatusCode, Version, header};

use crate::gateways::tiny_http::connection::Connection;
use crate::gateways::tiny_http::incoming::Writer;
use crate::http::h1::{self, Framing, Persistence};

/// An answer on its way: its head is sent, its body follows part by part, and no more of it
/// than the head promised.
pub(super) struct Outgoing {
    writer: Writer,
    status: StatusCode,
    framing: Framing,
    body_bytes: u64,
    // More was given than promised; it was not sent.
    overflowed: bool,
}

/// What goes on the wire before a body.
pub(super) struct Head<'a> {
    pub(super) method: &'a Method,
    pub(super) version: Version,
    pub(super) status: StatusCode,
    pub(super) reason: &'a str,
    pub(super) headers: &'a HeaderMap,
    /// The body's length, where it is known. A `Content-Length` among the headers outweighs it.
    pub(super) len: Option<u64>,
    pub(super) persistence: Persistence,
}

/// Whether the other side got what the head promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    Overflowed,
    Short,
}

impl Head<'_> {
    pub(super) fn framing(&self) -> Framing {
        let declared = self.headers.get(header::CONTENT_LENGTH);
        let declared = declared.and_then(|value| value.to_str().ok()?.parse().ok());
        let len = declared.or(self.len);
        h1::response_framing(self.method, self.status, self.version, len)
    }

    /// What the client is told of the connection. Where it is told to close, it may be the only
    /// one that does.
    fn persistence(&self, framing: Framing) -> Persistence {
        let mut lines = self.headers.get_all(header::CONNECTION).iter();
        let asks_close = lines.any(|line| h1::has_token(line, "close"));
        match framing == Framing::UntilClose || asks_close {
            true => Persistence::Close,
            false => self.persistence,
        }
    }
}

impl Outgoing {
    /// Sends the head, and `first` in the same breath.
    pub(super) fn start(writer: Writer, head: &Head<'_>, first: &[u8]) -> io::Result<Self> {
        let framing = head.framing();
        let mut out = Vec::with_capacity(512 + first.len());
        let line = (head.status, head.reason);
        let persistence = (head.version, head.persistence(framing));
        h1::write_response(&mut out, line, head.headers, framing, persistence);
        let mut outgoing = Self {
            writer,
            status: head.status,
            framing,
            body_bytes: 0,
            overflowed: false,
        };
        outgoing.send(out, first)?;
        Ok(outgoing)
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// Bytes of the body sent so far.
    pub(super) fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// Whether the answer has a body at all.
    pub(super) fn has_body(&self) -> bool {
        self.framing != Framing::None
    }

    /// Sends the next bytes of the body; they are on the wire when this returns.
    pub(super) fn part(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send(Vec::new(), bytes)
    }

    fn send(&mut self, mut out: Vec<u8>, bytes: &[u8]) -> io::Result<()> {
        let bytes = match self.framing {
            Framing::None => &[],
            Framing::Length(promised) => {
                let left = usize::try_from(promised - self.body_bytes).unwrap_or(usize::MAX);
                self.overflowed |= bytes.len() > left;
                &bytes[..bytes.len().min(left)]
            }
            Framing::Chunked | Framing::UntilClose => bytes,
        };
        match self.framing {
            // An empty chunk would end the body.
            Framing::Chunked if !bytes.is_empty() => {
                out.extend_from_slice(h1::chunk_head(bytes.len()).as_bytes());
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            _ => out.extend_from_slice(bytes), // as it is
        }
        self.write(&out)?;
        self.body_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Sends what ends the body, and says whether it was what the head promised.
    pub(super) fn finish(&mut self) -> io::Result<End> {
        match self.framing {
            Framing::Length(promised) if self.body_bytes < promised => return Ok(End::Short),
            Framing::Chunked => self.write(b"0\r\n\r\n")?,
            _ => {} // the length is reached, or the close ends it
        }
        Ok(match self.overflowed {
            true => End::Overflowed,
            false => End::Whole,
        })
    }

    /// Breaks the answer off. A client that reads chunks is told by one that is none; any other
    /// must be left waiting, for what is written next on this connection would be taken for the
    /// rest: the writer that is returned must be kept.
    pub(super) fn break_off(mut self, connection: Connection) -> Option<Writer> {
        if self.framing == Framing::Chunked {
            // Fails where the client has gone, who needs no telling.
            self.write(b"broken off\r\n").ok();
        }
        Some(self.writer).filter(|_| connection == Connection::StaysOpen)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)?;
        self.writer.flush()
    }
}
