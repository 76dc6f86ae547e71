use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::http::h1::{Fault, Framing};
use crate::net::handover::PEER_FIELD;
use crate::net::{Peer, Stream};
use crate::record::{Failure, Record};
use crate::server::exchange::{After, Exchange, Turn};
use crate::server::respond::Respond;
use crate::wire::{self, Incoming, Outgoing, RawReader, RawWriter};
use crate::wsgi::{App, Environ, Errors, Input, ServerFacts, Upgraded};

/// Answers requests with an app.
pub(crate) struct Application {
    pub(crate) app: Box<dyn App>,
    pub(crate) facts: Arc<ServerFacts>,
    pub(crate) errors: Errors,
    pub(crate) sink: Arc<dyn Fn(&Record) + Send + Sync>,
    pub(crate) origin: Origin,
}

/// Whose word is taken on who the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The socket's.
    Socket,
    /// That of a front, which alone can reach our socket.
    Front,
}

impl Exchange for Application {
    fn exchange(&self, mut turn: Turn<'_>) -> After {
        let began = Instant::now();
        let method = turn.head.method.clone();
        let target = turn.head.target.raw.clone();
        let asks_upgrade = turn.head.asks_upgrade() && turn.head.framing == Framing::None;
        let mut environ = self.environ(&mut turn);
        let mut respond = Respond::new(&turn, asks_upgrade);
        let ran = self.run(&mut environ, &mut respond);
        let take_over = respond.take_over();
        let (answered, failure) = match ran {
            Err(failure) if !respond.is_committed() => {
                respond.fail();
                (respond.finish(), Some(failure))
            }
            ran => {
                // What an app makes of a client that has gone says less than that it has.
                let mut answered = respond.finish();
                let failure = answered.failure.take().or(ran.err());
                (answered, failure)
            }
        };
        (self.sink)(&Record {
            peer: environ.remote(),
            method: Some(method),
            target,
            status: answered.status,
            body_bytes: answered.body_bytes,
            elapsed: began.elapsed(),
            failure,
        });
        match take_over {
            Some(take_over) if answered.after != After::Cut => hand_over(&turn, take_over),
            _ => answered.after, // HTTP goes on, or nothing does
        }
    }

    fn refuse(&self, fault: &Fault, stream: &Stream, peer: Peer) {
        let text = format!("{}: {fault}\n", fault.status());
        self.answer_bare(
            stream,
            peer,
            &text,
            HeaderMap::new(),
            Failure::Malformed(fault.clone()),
        );
    }

    fn busy(&self, stream: &Stream, peer: Peer) {
        let retry = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static("1"))]);
        self.answer_bare(stream, peer, "too busy; try again\n", retry, Failure::Busy);
    }
}

impl Application {
    fn environ(&self, turn: &mut Turn<'_>) -> Environ {
        let mut headers = std::mem::take(&mut turn.head.headers);
        let told = match self.origin {
            Origin::Socket => None,
            Origin::Front => headers.remove(PEER_FIELD),
        };
        let remote = told.and_then(|peer| peer.to_str().ok()?.parse::<SocketAddr>().ok());
        let input = match turn.head.framing {
            Framing::None => Input::empty(),
            // There is something to read.
            _ => Input::new(wire::Input::new(
                Arc::clone(&turn.incoming),
                Arc::clone(turn.stream),
            )),
        };
        let target = std::mem::take(&mut turn.head.target);
        Environ::from_head(turn.head.method.clone(), target, turn.head.version, headers)
            .with_input(input)
            .with_errors(self.errors.clone())
            .with_server(Arc::clone(&self.facts))
            .with_remote(remote.or(turn.peer.address()))
    }

    fn run(&self, environ: &mut Environ, respond: &mut Respond<'_>) -> Result<(), Failure> {
        Failure::catch(|| {
            let body = self.app.wsgi(environ, respond)?;
            respond.send(body)
        })
    }

    /// Answers where no request could be read, and records why.
    fn answer_bare(
        &self,
        stream: &Stream,
        peer: Peer,
        text: &str,
        headers: HeaderMap,
        failure: Failure,
    ) {
        let status = match &failure {
            Failure::Malformed(fault) => fault.status(),
            _ => StatusCode::SERVICE_UNAVAILABLE, // the other reason to answer unasked
        };
        let sent = Outgoing::unasked(stream, status, headers, text);
        (self.sink)(&Record {
            peer: peer.address(),
            method: None,
            target: Bytes::new(),
            status: sent.is_ok().then_some(status),
            body_bytes: text.len() as u64,
            elapsed: Duration::ZERO,
            failure: Some(failure),
        });
    }
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
