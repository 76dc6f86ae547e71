use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};

use crate::http::h1::Fault;
use crate::text::latin1;
use crate::wsgi::Error;

/// What came of one request, for a log.
#[derive(Debug)]
pub struct Record {
    /// Who asked; `None` on a Unix socket.
    pub peer: Option<SocketAddr>,
    /// The method; `None` where the head could not be read.
    pub method: Option<Method>,
    /// The request target as sent; empty where the head could not be read.
    pub target: Bytes,
    /// What was answered; `None` where nothing was.
    pub status: Option<StatusCode>,
    /// Bytes of the body that were sent.
    pub body_bytes: u64,
    /// From the head's last byte to the answer's.
    pub elapsed: Duration,
    /// What went wrong, if anything did.
    pub failure: Option<Failure>,
}

impl Record {
    /// The target as text in WSGI's disguise. Pass it through
    /// [`visible`](crate::text::visible::visible) before a terminal.
    pub fn target_text(&self) -> String {
        latin1::from_bytes(&self.target).into_owned()
    }
}

/// Why a request did not end as it should.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The client broke a rule of HTTP.
    Malformed(Fault),
    /// The client went away, or stopped reading.
    ClientGone(io::Error),
    /// The app returned an error, or its body yielded one.
    App(Error),
    /// The app panicked, with this message.
    Panic(String),
    /// The app's answer broke a rule of HTTP.
    Answer(&'static str),
    /// No worker or no connection was free.
    Busy,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(fault) => fmt::Display::fmt(fault, f),
            Self::ClientGone(error) => write!(f, "the client has gone: {error}"),
            Self::App(error) => write!(f, "the app failed: {error}"),
            Self::Panic(message) => write!(f, "the app panicked: {message}"),
            Self::Answer(rule) => write!(f, "the app's answer: {rule}"),
            Self::Busy => f.write_str("too busy"),
        }
    }
}
