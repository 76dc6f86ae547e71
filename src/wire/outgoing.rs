use std::fs::File;
use std::io;

use http::{HeaderMap, Method, StatusCode, Version, header};

use crate::http::h1::{self, Framing, Persistence};
use crate::net::Stream;

/// An answer on its way: its head is sent, its body follows part by part, and no more of it
/// than the head promised.
#[derive(Debug)]
pub(crate) struct Outgoing<O> {
    outlet: O,
    status: StatusCode,
    framing: Framing,
    persistence: Persistence,
    body_bytes: u64,
    // More was given than promised; it was not sent.
    overflowed: bool,
}

/// Where an answer's bytes go.
pub(crate) trait Outlet {
    /// Sends all the parts, in order; they are on the wire when this returns.
    fn send(&mut self, parts: &[&[u8]]) -> io::Result<()>;

    /// Has the system send the next `len` bytes of `file`: how many it did, 0 at the file's
    /// end, `None` where it cannot.
    fn send_file(&mut self, _file: &File, _len: u64) -> io::Result<Option<u64>> {
        Ok(None)
    }

    /// Lets the client know, if there is a way other than to close the connection, that a body
    /// cut by `framing` has broken off.
    fn break_off(&mut self, _framing: Framing) {}
}

impl Outlet for &Stream {
    fn send(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        self.write_all_parts(parts)
    }

    fn send_file(&mut self, file: &File, len: u64) -> io::Result<Option<u64>> {
        Stream::send_file(self, file, len)
    }
}

/// What goes on the wire before a body.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    /// The method that is answered.
    pub(crate) method: &'a Method,
    /// The version the client speaks.
    pub(crate) version: Version,
    pub(crate) status: StatusCode,
    pub(crate) reason: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// The body's length, where it is known. A `Content-Length` among the headers outweighs it.
    pub(crate) len: Option<u64>,
    pub(crate) persistence: Persistence,
}

/// Whether the other side got what the head promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It did, and the connection may go on like this.
    Whole(Persistence),
    /// It did; what was beyond the promise was left out.
    Overflowed(Persistence),
    /// It got less. Only closing the connection tells it so.
    Short,
}

impl Head<'_> {
    /// How the body is cut.
    pub(crate) fn framing(&self) -> Framing {
        let declared = self.headers.get(header::CONTENT_LENGTH);
        let declared = declared.and_then(|value| value.to_str().ok()?.parse().ok());
        let len = declared.or(self.len);
        h1::response_framing(self.method, self.status, self.version, len)
    }
}

impl<O: Outlet> Outgoing<O> {
    /// Sends the head, and `first` in the same breath.
    pub(crate) fn start(outlet: O, head: &Head<'_>, first: &[u8]) -> io::Result<Self> {
        let framing = head.framing();
        let mut lines = head.headers.get_all(header::CONNECTION).iter();
        let asks_close = lines.any(|line| h1::has_token(line, "close"));
        let persistence = match framing == Framing::UntilClose || asks_close {
            true => Persistence::Close,
            false => head.persistence,
        };
        let mut out = Vec::with_capacity(512);
        let line = (head.status, head.reason);
        h1::write_response(
            &mut out,
            line,
            head.headers,
            framing,
            (head.version, persistence),
        );
        let mut outgoing = Self {
            outlet,
            status: head.status,
            framing,
            persistence,
            body_bytes: 0,
            overflowed: false,
        };
        outgoing.send(&out, first)?;
        Ok(outgoing)
    }

    /// The status that was sent.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Bytes of the body sent so far.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// Whether the answer has a body at all.
    pub(crate) fn has_body(&self) -> bool {
        self.framing != Framing::None
    }

    /// Sends as much of `file` as the system sends by itself, and takes it off `left`; the rest
    /// is for [`part`](Self::part). Only within a promised length, which it never passes.
    pub(crate) fn file(&mut self, file: &File, left: &mut u64) -> io::Result<()> {
        let Framing::Length(promised) = self.framing else {
            return Ok(());
        };
        let mut most = (promised - self.body_bytes).min(*left);
        while most > 0
            && let Some(sent @ 1..) = self.outlet.send_file(file, most)?
        {
            most -= sent;
            *left -= sent;
            self.body_bytes += sent;
        }
        Ok(())
    }

    /// Sends the next bytes of the body; they are on the wire when this returns.
    pub(crate) fn part(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send(&[], bytes)
    }

    fn send(&mut self, head: &[u8], bytes: &[u8]) -> io::Result<()> {
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
                let line = h1::chunk_head(bytes.len());
                self.outlet.send(&[head, line.as_bytes(), bytes, b"\r\n"])?;
            }
            _ => self.outlet.send(&[head, bytes])?, // as it is
        }
        self.body_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Sends what ends the body, and says whether it was what the head promised.
    pub(crate) fn finish(&mut self) -> io::Result<End> {
        Ok(match self.framing {
            Framing::Length(promised) if self.body_bytes < promised => End::Short,
            _ if self.overflowed => End::Overflowed(self.persistence),
            Framing::Chunked => {
                self.outlet.send(&[b"0\r\n\r\n"])?;
                End::Whole(self.persistence)
            }
            _ => End::Whole(self.persistence), // the length is reached, or the close ends it
        })
    }

    /// Breaks the answer off; returns where it went.
    pub(crate) fn break_off(mut self) -> O {
        self.outlet.break_off(self.framing);
        self.outlet
    }
}
