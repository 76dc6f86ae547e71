use std::io;

use http::StatusCode;

use crate::http::field_scope::remove_connection_options;
use crate::http::h1::{Expectation, Fault, Limits, RequestHead, ResponseHead};
use crate::net::{Pace, Stream};
use crate::wire::{Incoming, Wire};

/// An upstream's answer: its head, and its body to be read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: ResponseHead,
    pub(crate) body: Incoming,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProxyError {
    /// The upstream did not take the whole request and gave no answer.
    #[error("the app did not take the request")]
    NotTaken(#[source] io::Error),
    /// The upstream ended the connection before an answer.
    #[error("the app ended the connection without an answer")]
    NoAnswer(#[source] io::Error),
    /// The upstream's answer is no HTTP/1.1.
    #[error("the app's answer is not HTTP/1.1: {0}")]
    Malformed(Fault),
}

impl Answer {
    /// Reads the answer proper to `head`, behind any interim ones, with `wait` between what
    /// arrives. `go_on` is called once if the upstream asks for the body that the client holds
    /// back. The body is to come at `pace`.
    pub(super) fn read(
        mut wire: Wire,
        head: &RequestHead,
        pace: Pace,
        mut wait: impl FnMut(&Stream) -> io::Result<()>,
        go_on: impl FnOnce() -> Result<(), ProxyError>,
    ) -> Result<Self, ProxyError> {
        let mut go_on = Some(go_on).filter(|_| head.expectation == Expectation::Continue);
        let mut answer = loop {
            let interim = read_head(&mut wire, &mut wait)?;
            match (interim.status, &mut go_on) {
                (StatusCode::CONTINUE, waiting) => {
                    waiting.take().map_or(Ok(()), |go_on| go_on())?;
                }
                // The last word in HTTP, to a client that asked for it.
                (StatusCode::SWITCHING_PROTOCOLS, _) if head.asks_upgrade() => break interim,
                (status, _) if status.is_informational() => {}
                _ => break interim, // it was no interim answer
            }
        };
        let framing = answer
            .framing(&head.method)
            .map_err(ProxyError::Malformed)?;
        if answer.status != StatusCode::SWITCHING_PROTOCOLS {
            // They are between the upstream and us.
            remove_connection_options(&mut answer.headers);
        }
        let body = Incoming::new(wire, framing, Expectation::None, &Limits::default(), pace);
        Ok(Self { head: answer, body })
    }
}

fn read_head(
    wire: &mut Wire,
    wait: &mut impl FnMut(&Stream) -> io::Result<()>,
) -> Result<ResponseHead, ProxyError> {
    loop {
        let head = wire.take_response(&Limits::default());
        if let Some(head) = head.map_err(ProxyError::Malformed)? {
            return Ok(head);
        }
        let arrived = match wire.fill_ready() {
            Ok(Some(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(Some(_)) => Ok(()),
            Ok(None) => wait(wire.stream()),
            Err(error) => Err(error),
        };
        arrived.map_err(ProxyError::NoAnswer)?;
    }
}
