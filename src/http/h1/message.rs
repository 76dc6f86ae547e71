use http::{HeaderMap, HeaderValue, Version, header};

use crate::http::h1::{Fault, has_token};
use crate::text::digits;

/// How the end of a body is known (RFC 9112 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    None,
    /// So many bytes.
    Length(u64),
    /// Chunks, and an empty one at the end.
    Chunked,
    /// All until the connection closes; only answers may do so.
    UntilClose,
}

/// Whether a connection carries another message after this one (RFC 9112 §9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// It stays open.
    KeepAlive,
    /// It ends.
    Close,
}

impl Persistence {
    /// What the head of a message says.
    pub fn of(version: Version, headers: &HeaderMap) -> Self {
        let asks = |option| {
            headers
                .get_all(header::CONNECTION)
                .iter()
                .any(|line| has_token(line, option))
        };
        match asks("close") || version < Version::HTTP_11 && !asks("keep-alive") {
            true => Self::Close,
            false => Self::KeepAlive,
        }
    }
}

/// The framing that `Content-Length` and `Transfer-Encoding` declare, if any (RFC 9112 §6.3).
///
/// Stricter than the RFC allows where leniency has let requests be smuggled: both at once, a
/// repeated or listed length, and codings in HTTP/1.0 are refused.
pub(super) fn declared(version: Version, headers: &HeaderMap) -> Result<Option<Framing>, Fault> {
    let length = content_length(headers)?;
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else {
        return Ok(length.map(|length| {
            if length == 0 {
                Framing::None
            } else {
                Framing::Length(length)
            }
        }));
    };
    if length.is_some() || codings.next().is_some() || version < Version::HTTP_11 {
        return Err(Fault::TransferEncoding);
    }
    let coding = coding.as_bytes();
    if coding.eq_ignore_ascii_case(b"chunked") {
        return Ok(Some(Framing::Chunked));
    }
    let last = coding
        .rsplit(|&byte| byte == b',')
        .next()
        .unwrap_or_default();
    match last.trim_ascii().eq_ignore_ascii_case(b"chunked") {
        true => Err(Fault::Coding),
        false => Err(Fault::TransferEncoding),
    }
}

/// The one `Content-Length`, in decimal digits and below 2^63.
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Fault> {
    let mut lines = headers.get_all(header::CONTENT_LENGTH).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => decimal(line).map(Some).ok_or(Fault::ContentLength),
        (Some(_), Some(_)) => Err(Fault::ContentLength),
    }
}

fn decimal(value: &HeaderValue) -> Option<u64> {
    let number = digits::parse(std::str::from_utf8(value.as_bytes()).ok()?)?;
    (number <= i64::MAX as u64).then_some(number)
}

/// The length of the head at the start of `bytes`, its blank line included; `None` while it is
/// not whole.
///
/// Searches from `from` on, so that a head that arrives byte by byte is not searched anew each
/// time. A bare LF ends a line too (RFC 9112 §2.2).
pub(super) fn head_len(bytes: &[u8], from: usize) -> Option<usize> {
    let start = from.saturating_sub(3);
    memchr::memchr_iter(b'\n', &bytes[start..]).find_map(|at| {
        let next = start + at + 1;
        match (bytes.get(next), bytes.get(next + 1)) {
            (Some(b'\n'), _) => Some(next + 1),
            (Some(b'\r'), Some(b'\n')) => Some(next + 2),
            _ => None, // another line, or not there yet
        }
    })
}
