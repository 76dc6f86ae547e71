use std::io::{self, Read};

use crate::forms::{FormError, Limit};
use crate::http::{HeaderMap, header};

/// Reads a body no further than it goes.
///
/// A stream that a server does not end at the body's end would give the next request's bytes,
/// or wait for ever. With a [length](Self::with_length) this one ends there, and a body that
/// ends sooner is an error; with a [maximum](Self::with_maximum) a body that goes on is one.
/// The errors are [`io::Error`]s around a [`FormError`], and answer 400 and 413.
#[derive(Debug)]
pub struct LimitedStream<R> {
    input: R,
    limit: u64,
    position: u64,
    bound: Bound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// The body has exactly so many bytes.
    Length,
    /// The body must not have more.
    Maximum,
}

/// Who ends a server's input stream: `wsgi.input_terminated`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputEnd {
    /// The stream ends where the body does, whatever the framing. True of every engine here.
    Own,
    /// Only `Content-Length` tells where the body ends, as under CGI.
    ByLength,
}

impl<R: Read> LimitedStream<R> {
    /// A body of `length` bytes.
    pub fn with_length(input: R, length: u64) -> Self {
        Self {
            input,
            limit: length,
            position: 0,
            bound: Bound::Length,
        }
    }

    /// A body that ends by itself and may have `max` bytes.
    pub fn with_maximum(input: R, max: u64) -> Self {
        Self {
            input,
            limit: max,
            position: 0,
            bound: Bound::Maximum,
        }
    }

    /// The body of a request with this header.
    ///
    /// Without a length a stream that does not end by itself is taken for empty.
    ///
    /// # Errors
    /// [`FormError::Length`], and [`FormError::TooLarge`] where the length says so.
    pub fn of_request(
        input: R,
        headers: &HeaderMap,
        end: InputEnd,
        max: u64,
    ) -> Result<Self, FormError> {
        let length = content_length(headers)?;
        if let Some(length) = length {
            check_length(length, max)?;
        }
        Ok(match end {
            InputEnd::Own => Self::with_maximum(input, max),
            InputEnd::ByLength => Self::with_length(input, length.unwrap_or(0)),
        })
    }

    /// How many bytes were read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Whether as much was read as may be.
    pub fn is_exhausted(&self) -> bool {
        self.position >= self.limit
    }

    /// The stream, with what is unread.
    pub fn into_inner(self) -> R {
        self.input
    }
}

impl<R: Read> Read for LimitedStream<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let left = self.limit - self.position;
        if left == 0 {
            return match self.bound {
                Bound::Length => Ok(0),
                // Only another byte tells a body that fits from one that goes on.
                Bound::Maximum => match self.input.read(&mut [0])? {
                    0 => Ok(0),
                    _ => Err(too_large(self.limit).into()),
                },
            };
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        let count = self.input.read(&mut buf[..most])?;
        self.position += count as u64;
        match (count, self.bound) {
            (0, Bound::Length) => Err(FormError::Disconnected {
                got: self.position,
                length: self.limit,
            }
            .into()),
            _ => Ok(count),
        }
    }
}

/// The length a body says it has (RFC 9110 §8.6); `None` where it is chunked or says none.
///
/// # Errors
/// [`FormError::Length`] where it is no number.
pub fn content_length(headers: &HeaderMap) -> Result<Option<u64>, FormError> {
    // RFC 9112 §6.3: a length beside a coding does not count.
    let codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let is_chunked = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
    if codings
        .flat_map(|line| line.as_bytes().split(|&byte| byte == b','))
        .any(is_chunked)
    {
        return Ok(None);
    }
    let mut lines = headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(line.as_bytes());
    let digits = text.trim_matches([' ', '\t']);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(length) if is_number && lines.all(|other| other == line) => Ok(Some(length)),
        _ => Err(FormError::Length {
            text: text.into_owned(),
        }),
    }
}

/// Refuses a body that says itself that it is too large, before any of it is read.
pub(crate) fn check_length(length: u64, max: u64) -> Result<(), FormError> {
    match length > max {
        true => Err(FormError::TooLarge {
            limit: Limit::Body,
            max,
            part: None,
            at: None,
        }),
        false => Ok(()),
    }
}

fn too_large(max: u64) -> FormError {
    FormError::TooLarge {
        limit: Limit::Body,
        max,
        part: None,
        at: Some(max),
    }
}
