use std::net::Shutdown;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use crate::http::h1::{self, Expectation, Framing, RequestHead};
use crate::net::{Pace, Stream};
use crate::proxy::upload::{PART_BYTES, send_part};
use crate::proxy::{Answer, ProxyError};
use crate::wire::{Incoming, Wire};

/// Sends a request upstream and gives the answer to `deliver` as soon as its head is there.
///
/// `extra` fields go last, and in place of any the client sent under their names. A request's
/// body that is not at hand is passed on by a thread of its own, for as long as the upstream is
/// there and the answer is on its way; what is left of it then is the caller's to deal with. The
/// upstream's connection ends with such a request; behind any other it is `deliver`'s to keep.
pub(crate) fn pass_on<T>(
    head: &RequestHead,
    incoming: &Mutex<Incoming>,
    client: &Stream,
    wire: Wire,
    extra: &[(&str, &[u8])],
    deliver: impl FnOnce(Answer) -> T,
) -> Result<T, ProxyError> {
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
            let wait = |stream: &Stream| stream.wait_readable(None);
            let answer = Answer::read(wire, head, Pace::unhurried(), wait, start_pump)?;
            Ok(deliver(answer))
        });
        if head.framing != Framing::None {
            // Ends the pump, wherever it waits, and leaves the client's connection alone.
            upstream.shutdown(Shutdown::Both);
        }
        answered
    })
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
        match read {
            Ok(None) => {
                let began = Instant::now();
                let waited = client.wait_readable_while(upstream, patience);
                let is_there = *waited.as_ref().unwrap_or(&true);
                let waited = waited.map(|_| ());
                match Incoming::lock(incoming).waited(began.elapsed(), waited) {
                    Ok(()) if is_there => {}
                    Ok(()) => return, // the upstream has heard enough
                    Err(_) => return upstream.shutdown(Shutdown::Write),
                }
            }
            Err(_) => return upstream.shutdown(Shutdown::Write),
            // A failure shows in the answer, or in its absence.
            Ok(Some(len)) if send_part(upstream, framing, &part[..len]).is_err() => return,
            Ok(Some(0)) => return,
            Ok(Some(_)) => {}
        }
    }
}
