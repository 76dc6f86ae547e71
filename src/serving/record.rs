use std::any::Any;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};

use crate::http::h1::Fault;
use crate::text::latin1;
use crate::wsgi::{Error, Result};

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
    /// Of an answer to what was no request, or not looked at.
    pub(crate) fn unasked(
        peer: Option<SocketAddr>,
        status: Option<StatusCode>,
        body_bytes: u64,
        failure: Failure,
    ) -> Self {
        Self {
            peer,
            method: None,
            target: Bytes::new(),
            status,
            body_bytes,
            elapsed: Duration::ZERO,
            failure: Some(failure),
        }
    }

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

impl Failure {
    /// Runs an app to the end of its body. A panic there costs its request only.
    pub(crate) fn catch(run: impl FnOnce() -> Result<()>) -> Result<(), Self> {
        // Unwind safety: after a panic the environ and the answer are only read for the record
        // and closed, never handed to the app again.
        match panic::catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Self::App(error)),
            Err(payload) => Err(Self::Panic(message_of(&*payload))),
        }
    }
}

/// What `panic!` was given, where that is text.
fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a value that is no text").to_owned()
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
