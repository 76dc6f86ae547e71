use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{self, Read};
use std::ops;

use bytes::{Buf, Bytes, BytesMut};

use crate::http::HeaderValue;
use crate::wsgi::{Body, Seekable};

/// Several parts of one body, as multipart/byteranges (RFC 9110 §14.6), read as they are sent.
pub(super) struct ByteRanges {
    source: Seekable,
    pieces: VecDeque<Piece>,
    boundary: String,
}

enum Piece {
    /// A boundary and the part's header.
    Head(Bytes),
    /// Bytes of the source.
    Part(ops::Range<u64>),
}

impl ByteRanges {
    /// Parts of `source`, which has `length` bytes of `content_type`.
    pub(super) fn new(
        source: Seekable,
        parts: &[ops::Range<u64>],
        length: u64,
        content_type: Option<&HeaderValue>,
    ) -> Self {
        let boundary = boundary();
        let mut pieces = VecDeque::with_capacity(2 * parts.len() + 1);
        let mut line_break = ""; // what ends the part before
        for part in parts {
            let mut head = BytesMut::from(format!("{line_break}--{boundary}\r\n").as_bytes());
            if let Some(content_type) = content_type {
                head.extend_from_slice(b"Content-Type: ");
                head.extend_from_slice(content_type.as_bytes());
                head.extend_from_slice(b"\r\n");
            }
            let (first, last) = (part.start, part.end - 1);
            let content_range = format!("Content-Range: bytes {first}-{last}/{length}\r\n\r\n");
            head.extend_from_slice(content_range.as_bytes());
            pieces.push_back(Piece::Head(head.freeze()));
            pieces.push_back(Piece::Part(part.clone()));
            line_break = "\r\n";
        }
        let end = format!("\r\n--{boundary}--\r\n");
        pieces.push_back(Piece::Head(end.into()));
        Self {
            source,
            pieces,
            boundary,
        }
    }

    pub(super) fn content_type(&self) -> HeaderValue {
        HeaderValue::try_from(format!("multipart/byteranges; boundary={}", self.boundary))
            .expect("a boundary is a token")
    }

    pub(super) fn len(&self) -> u64 {
        let lengths = self.pieces.iter().map(|piece| match piece {
            Piece::Head(text) => text.len() as u64,
            Piece::Part(part) => part.end - part.start,
        });
        lengths.sum()
    }

    /// A body whose end runs what the source's end would have.
    pub(super) fn into_body(mut self) -> Body {
        let close = self.source.take_close();
        let len = self.len();
        Body::sized_reader(self, len).with_close(close)
    }
}

impl Read for ByteRanges {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.pieces.front_mut() {
                None => return Ok(0),
                Some(Piece::Head(text)) if text.is_empty() => {}
                Some(Piece::Head(text)) => {
                    let read = text.len().min(buf.len());
                    text.copy_to_slice(&mut buf[..read]);
                    return Ok(read);
                }
                Some(Piece::Part(part)) if part.is_empty() => {}
                Some(Piece::Part(part)) => {
                    let most = (part.end - part.start).min(buf.len() as u64) as usize;
                    let read = self.source.read_at(part.start, &mut buf[..most])?;
                    part.start += read as u64;
                    return Ok(read);
                }
            }
            self.pieces.pop_front();
        }
    }
}

/// 128 bits that nobody can foresee, so that no content has them in it.
fn boundary() -> String {
    let half = || RandomState::new().hash_one(0);
    format!("devserve-{:016x}{:016x}", half(), half())
}
