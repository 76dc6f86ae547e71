//! One request to one upstream, and its answer back.
//!
//! Both bodies stream, at once where they must: an answer may begin before the request's body
//! has ended. Fields about one connection stay on it. Nothing is tried twice here: whoever
//! calls knows whether a request may be repeated.

use std::io;
use std::net::Shutdown;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use http::StatusCode;

use crate::http::field_scope::remove_connection_options;
use crate::http::h1::{self, Expectation, Fault, Framing, Limits, RequestHead, ResponseHead};
use crate::net::{Pace, Stream};
use crate::wire::{Incoming, RawReader, RawWriter, Wire};

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
/// body that is not at hand is passed on by a thread of its own, for as long as the upstream is
/// there and the answer is on its way; what is left of it then is the caller's to deal with.
pub(crate) fn pass_on<T>(
    head: &RequestHead,
    incoming: &Mutex<Incoming>,
    client: &Stream,
    upstream: Stream,
    extra: &[(&str, &[u8])],
    deliver: impl FnOnce(Answer) -> T,
) -> Result<T, ProxyError> {
    let wire = Wire::new(upstream);
    let upstream = Arc::clone(wire.stream());
    let mut out = Vec::with_capacity(1024);
    h1::write_request(&mut out, head, head.framing, extra);
    upstream
        .write_all_parts(&[&out])
        .map_err(ProxyError::NotTaken)?;
    let pump = || pump(incoming, client, &upstream, head.framing);
    thread::scope(|scope| {
        let start_pump = || {
            let pumping = thread::Builder::new().name("devserve-upload".into());
            match pumping.spawn_scoped(scope, pump) {
                Ok(_) => Ok(()),
                Err(error) => Err(ProxyError::NotTaken(error)),
            }
        };
        let started = match head.expectation {
            _ if head.framing == Framing::None => Ok(()),
            // The client waits for the upstream's word before it sends anything.
            Expectation::Continue => Ok(()),
            Expectation::None if Incoming::lock(incoming).is_at_hand() => {
                pump();
                Ok(())
            }
            Expectation::None => start_pump(),
        };
        let answered = started.and_then(|()| {
            let answer = read_answer(wire, head, start_pump)?;
            Ok(deliver(answer))
        });
        // Ends the pump, wherever it waits, and leaves the client's connection alone.
        upstream.shutdown(Shutdown::Both);
        answered
    })
}

/// Waits for the answer proper. `go_on` is called once if the upstream asks for the body that
/// the client holds back.
fn read_answer(
    mut wire: Wire,
    head: &RequestHead,
    go_on: impl FnOnce() -> Result<(), ProxyError>,
) -> Result<Answer, ProxyError> {
    let mut go_on = Some(go_on).filter(|_| head.expectation == Expectation::Continue);
    let mut answer = loop {
        let interim = read_head(&mut wire)?;
        match (interim.status, &mut go_on) {
            (StatusCode::CONTINUE, waiting) => waiting.take().map_or(Ok(()), |go_on| go_on())?,
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
    let pace = Pace::unhurried();
    let body = Incoming::new(wire, framing, Expectation::None, &Limits::default(), pace);
    Ok(Answer { head: answer, body })
}

/// Passes raw bytes both ways between a client and an upstream that have left HTTP, until both
/// have said their last.
pub(crate) fn tunnel(client: Wire, upstream: Wire) {
    let (client_stream, upstream_stream) =
        (Arc::clone(client.stream()), Arc::clone(upstream.stream()));
    thread::scope(|scope| {
        let up = || {
            let mut writer = RawWriter(Arc::clone(&upstream_stream));
            // However it ends, the upstream hears that no more will come.
            io::copy(&mut RawReader(client), &mut writer).ok();
            upstream_stream.shutdown(Shutdown::Write);
        };
        let started = thread::Builder::new()
            .name("devserve-tunnel".into())
            .spawn_scoped(scope, up);
        if started.is_ok() {
            let mut writer = RawWriter(Arc::clone(&client_stream));
            // Its end is passed on as what it was: with TLS, a goodbye or a cut.
            if io::copy(&mut RawReader(upstream), &mut writer).is_ok() {
                client_stream.farewell();
            }
        }
        // Ends the other direction too, wherever it waits.
        client_stream.shutdown(Shutdown::Both);
        upstream_stream.shutdown(Shutdown::Both);
    });
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

/// Passes the request's body on, framed as it came. Where it breaks off, so does what the
/// upstream gets: it must not take it for the whole, and may still answer.
fn pump(incoming: &Mutex<Incoming>, client: &Stream, upstream: &Stream, framing: Framing) {
    let mut part = vec![0; PART_BYTES];
    loop {
        let (read, patience) = {
            let mut incoming = Incoming::lock(incoming);
            (incoming.read_ready(&mut part), incoming.patience())
        };
        let passed = match read {
            Ok(None) => {
                let began = Instant::now();
                let waited = client.wait_readable_while(upstream, patience);
                let is_there = *waited.as_ref().unwrap_or(&true);
                let waited = waited.map(|_| ());
                match Incoming::lock(incoming).waited(began.elapsed(), waited) {
                    Ok(()) if is_there => Ok(()),
                    Ok(()) => return, // the upstream has heard enough
                    Err(_) => return upstream.shutdown(Shutdown::Write),
                }
            }
            Err(_) => return upstream.shutdown(Shutdown::Write),
            Ok(Some(0)) => {
                if framing == Framing::Chunked {
                    // Should this fail, the answer shows it, or its absence.
                    upstream.write_all_parts(&[b"0\r\n\r\n"]).ok();
                }
                return;
            }
            Ok(Some(len)) if framing == Framing::Chunked => {
                let line = h1::chunk_head(len);
                upstream.write_all_parts(&[line.as_bytes(), &part[..len], b"\r\n"])
            }
            Ok(Some(len)) => upstream.write_all_parts(&[&part[..len]]),
        };
        if passed.is_err() {
            return; // as above
        }
    }
}
