use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::http::h1::{Fault, Framing, Persistence};
use crate::net::{Peer, Stream};
use crate::server::exchange::{After, Exchange, Turn};
use crate::server::misdirected;
use crate::serving::{Application, Failure, Next, Record, Way};
use crate::wire::{self, Incoming, RawReader, RawWriter, Unasked};
use crate::wsgi::{Input, Upgraded};

/// The way back over a stream that is ours.
struct Direct<'a> {
    turn: &'a Turn<'a>,
    may_upgrade: bool,
}

impl<'a> Way for Direct<'a> {
    type Outlet = &'a Stream;

    fn may_upgrade(&self) -> bool {
        self.may_upgrade
    }

    fn can_close(&self) -> bool {
        true
    }

    fn open(&mut self) -> io::Result<(&'a Stream, Persistence)> {
        Ok((self.turn.stream, self.turn.persistence()))
    }
}

impl Exchange for Application {
    fn exchange(&self, mut turn: Turn<'_>) -> After {
        if turn.stream.is_misdirected() {
            return redirect(self, turn);
        }
        let may_upgrade = turn.head.asks_upgrade() && turn.head.framing == Framing::None;
        let input = match turn.head.framing {
            Framing::None => Input::empty(),
            // There is something to read.
            _ => Input::new(wire::Input::new(
                Arc::clone(&turn.incoming),
                Arc::clone(turn.stream),
            )),
        };
        let environ = self.environ(&mut turn.head, input, turn.peer.address());
        let way = Direct {
            turn: &turn,
            may_upgrade,
        };
        let (record, next) = self.answer(environ, way);
        (self.sink)(&record);
        match next {
            Next::Told(persistence) => persistence.into(),
            Next::Upgrade(take_over) => hand_over(&turn, take_over),
            Next::Broken(_) => After::Cut,
        }
    }

    fn refuse(&self, fault: &Fault, stream: &Stream, peer: Peer) {
        let failure = Failure::Malformed(fault.clone());
        answer_unasked(self, stream, peer, Unasked::Malformed(fault), failure);
    }

    fn busy(&self, stream: &Stream, peer: Peer) {
        answer_unasked(self, stream, peer, Unasked::Busy, Failure::Busy);
    }
}

/// Sends to HTTPS who did not speak it, and records that.
fn redirect(application: &Application, turn: Turn<'_>) -> After {
    let began = Instant::now();
    let sent = misdirected::answer(&turn);
    let (after, status, body_bytes, failure) = match sent {
        Ok((status, body_bytes)) => (After::Close, Some(status), body_bytes, None),
        Err(error) => (After::Cut, None, 0, Some(Failure::ClientGone(error))),
    };
    (application.sink)(&Record {
        peer: turn.peer.address(),
        method: Some(turn.head.method),
        target: turn.head.target.raw,
        status,
        body_bytes,
        elapsed: began.elapsed(),
        failure,
    });
    after
}

/// Answers where no request could be read, and records why.
fn answer_unasked(
    application: &Application,
    stream: &Stream,
    peer: Peer,
    answer: Unasked<'_>,
    failure: Failure,
) {
    let sent = answer.send(stream).ok();
    let status = sent.map(|_| answer.status());
    let record = Record::unasked(peer.address(), status, sent.unwrap_or(0), failure);
    (application.sink)(&record);
}

/// Gives the connection to who takes it over, until that is done with it.
fn hand_over(turn: &Turn<'_>, take_over: impl FnOnce(Upgraded)) -> After {
    let reclaimed = Incoming::lock(&turn.incoming).reclaim(0, Duration::ZERO);
    if let Some((wire, Ok(()))) = reclaimed {
        let writer = Box::new(RawWriter(Arc::clone(turn.stream)));
        let reader = Box::new(RawReader(wire));
        let ended = Failure::catch(|| {
            take_over(Upgraded { reader, writer });
            Ok(())
        });
        // The end of a handler that panicked is a cut; the other side can tell with TLS.
        if ended.is_ok() {
            turn.stream.farewell();
        }
        turn.stream.shutdown(Shutdown::Both);
    }
    After::Cut
}
