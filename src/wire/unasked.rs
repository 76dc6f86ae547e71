use std::fmt;
use std::io;

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};

use crate::http::h1::{Fault, Persistence};
use crate::wire::{Head, Outgoing, Outlet};

/// An answer where no request could be read, after which the connection ends: its status, and
/// a line of text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unasked<'a> {
    /// What came is no request.
    Malformed(&'a Fault),
    /// There is nobody to serve one, or no room for another connection.
    Busy,
}

impl Unasked<'_> {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Malformed(fault) => fault.status(),
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Sends it; returns how long the line was.
    pub(crate) fn send(self, outlet: impl Outlet) -> io::Result<u64> {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, plain)]);
        if let Self::Busy = self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        let text = format!("{self}\n");
        let len = text.len() as u64;
        let head = Head {
            method: &Method::GET,
            version: Version::HTTP_11,
            status: self.status(),
            reason: self.status().canonical_reason().unwrap_or_default(),
            headers: &headers,
            len: Some(len),
            persistence: Persistence::Close,
        };
        Outgoing::start(outlet, &head, text.as_bytes()).map(|_| len)
    }
}

/// The line, without its end.
impl fmt::Display for Unasked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(fault) => write!(f, "{}: {fault}", fault.status()),
            Self::Busy => f.write_str("too busy; try again"),
        }
    }
}
