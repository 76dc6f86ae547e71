use std::fs::File;
use std::io;

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};

use crate::http::h1::{self, Framing, Persistence};
use crate::net::Stream;

/// An answer on its way: its head is sent, its body follows part by part, and no more of it
/// than the head promised.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    stream: &'a Stream,
    status: StatusCode,
    framing: Framing,
    persistence: Persistence,
    body_bytes: u64,
    // More was given than promised; it was not sent.
    overflowed: bool,
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

impl<'a> Outgoing<'a> {
    /// Sends the head, and `first` in the same breath.
    pub(crate) fn start(stream: &'a Stream, head: &Head<'_>, first: &[u8]) -> io::Result<Self> {
        let declared = head.headers.get(header::CONTENT_LENGTH);
        let declared = declared.and_then(|value| value.to_str().ok()?.parse().ok());
        let len = declared.or(head.len);
        let framing = h1::response_framing(head.method, head.status, head.version, len);
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
            stream,
            status: head.status,
            framing,
            persistence,
            body_bytes: 0,
            overflowed: false,
        };
        outgoing.send(&out, first)?;
        Ok(outgoing)
    }

    /// Answers where no request could be read: with a line of text, after which the connection
    /// ends.
    pub(crate) fn unasked(
        stream: &'a Stream,
        status: StatusCode,
        mut headers: HeaderMap,
        text: &str,
    ) -> io::Result<()> {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, plain);
        let head = Head {
            method: &Method::GET,
            version: Version::HTTP_11,
            status,
            reason: status.canonical_reason().unwrap_or_default(),
            headers: &headers,
            len: Some(text.len() as u64),
            persistence: Persistence::Close,
        };
        Self::start(stream, &head, text.as_bytes()).map(drop)
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
            && let Some(sent @ 1..) = self.stream.send_file(file, most)?
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
                self.stream
                    .write_all_parts(&[head, line.as_bytes(), bytes, b"\r\n"])?;
            }
            _ => self.stream.write_all_parts(&[head, bytes])?, // as it is
        }
        self.body_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Sends what ends the body, and says whether it was what the head promised.
    pub(crate) fn finish(&self) -> io::Result<End> {
        Ok(match self.framing {
            Framing::Length(promised) if self.body_bytes < promised => End::Short,
            _ if self.overflowed => End::Overflowed(self.persistence),
            Framing::Chunked => {
                self.stream.write_all_parts(&[b"0\r\n\r\n"])?;
                End::Whole(self.persistence)
            }
            _ => End::Whole(self.persistence), // the length is reached, or the close ends it
        })
    }
}
