//! One request to one upstream, and its answer back.
//!
//! Both bodies stream, at once where they must: an answer may begin before the request's body
//! has ended. Fields about one connection stay on it. Nothing is tried twice here: whoever
//! calls knows whether a request may be repeated.

use std::io::{self, Read};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use http::StatusCode;

use crate::http::h1::{self, Expectation, Fault, Framing, Limits, RequestHead, ResponseHead};
use crate::net::Stream;
use crate::wire::{Incoming, Wire};

/// What is passed on at once.
const PART_BYTES: usize = 64 << 10;

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

/// Sends a request upstream and gives the answer to `deliver` as soon as its head is there.
///
/// `extra` fields go last, and in place of any the client sent under their names. A request's
/// body that is not at hand is passed on by a thread of its own; what of it is not wanted by
/// the time the answer is delivered is not read any more, so the client's connection must then
/// be closed ([`Incoming::is_done`]).
pub(crate) fn pass_on<T>(
    head: &RequestHead,
    incoming: &Arc<Mutex<Incoming>>,
    client: &Stream,
    upstream: Stream,
    extra: &[(&str, &[u8])],
    deliver: impl FnOnce(Answer) -> T,
) -> Result<T, ProxyError> {
    let mut wire = Wire::new(upstream);
    let upstream = Arc::clone(wire.stream());
    let mut out = Vec::with_capacity(1024);
    h1::write_request(&mut out, head, head.framing, extra);
    upstream
        .write_all_parts(&[&out])
        .map_err(ProxyError::NotTaken)?;
    let pump = || pump(incoming, &upstream, head.framing);
    thread::scope(|scope| {
        let mut pumping = None;
        let at_hand = lock(incoming).is_at_hand();
        match head.expectation {
            _ if head.framing == Framing::None => {}
            // The client waits for the upstream's word before it sends anything.
            Expectation::Continue => {}
            // A refusal shows in the answer; if there is none, that is what is reported.
            Expectation::None if at_hand => drop(pump()),
            Expectation::None => pumping = Some(scope.spawn(pump)),
        }
        let answer = loop {
            let answer = read_head(&mut wire)?;
            match answer.status {
                StatusCode::CONTINUE if pumping.is_none() => pumping = Some(scope.spawn(pump)),
                status if status.is_informational() => {}
                _ => break answer, // the answer proper
            }
        };
        let framing = answer
            .framing(&head.method)
            .map_err(ProxyError::Malformed)?;
        let body = Incoming::new(wire, framing, Expectation::None, &Limits::default());
        let delivered = deliver(Answer { head: answer, body });
        if pumping.is_some_and(|pumping| !pumping.is_finished()) {
            // It waits for a client that goes on sending what nobody wants any more.
            client.shutdown(Shutdown::Read);
            upstream.shutdown(Shutdown::Both);
        }
        Ok(delivered)
    })
}

fn read_head(wire: &mut Wire) -> Result<ResponseHead, ProxyError> {
    loop {
        if let Some(head) = wire
            .take_response(&Limits::default())
            .map_err(ProxyError::Malformed)?
        {
            return Ok(head);
        }
        match wire.fill() {
            Ok(0) => return Err(ProxyError::NoAnswer(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => {}
            Err(error) => return Err(ProxyError::NoAnswer(error)),
        }
    }
}

/// Passes the request's body on, framed as it came.
fn pump(incoming: &Mutex<Incoming>, upstream: &Stream, framing: Framing) -> io::Result<()> {
    let mut part = vec![0; PART_BYTES];
    loop {
        let read = lock(incoming).read(&mut part);
        match read {
            Err(error) => {
                // The upstream must not take what broke off for the whole.
                upstream.shutdown(Shutdown::Both);
                return Err(error);
            }
            Ok(0) if framing == Framing::Chunked => {
                return upstream.write_all_parts(&[b"0\r\n\r\n"]);
            }
            Ok(0) => return Ok(()),
            Ok(len) if framing == Framing::Chunked => {
                let line = h1::chunk_head(len);
                upstream.write_all_parts(&[line.as_bytes(), &part[..len], b"\r\n"])?;
            }
            Ok(len) => upstream.write_all_parts(&[&part[..len]])?,
        }
    }
}

/// A body whose reader panicked is as broken as its connection, which is found out by reading.
fn lock(incoming: &Mutex<Incoming>) -> std::sync::MutexGuard<'_, Incoming> {
    incoming.lock().unwrap_or_else(PoisonError::into_inner)
}
