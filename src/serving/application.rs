use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;

use crate::http::h1::RequestHead;
use crate::net::Address;
use crate::net::handover::PEER_FIELD;
use crate::serving::respond::{Next, Respond, Way};
use crate::serving::{Failure, Record};
use crate::wsgi::{App, Environ, Errors, Input, ServerFacts};

/// The `Server` field, where neither the app nor the settings have another.
pub(crate) const SERVER_NAME: &str = concat!("devserve/", env!("CARGO_PKG_VERSION"));

/// Answers requests with an app.
pub(crate) struct Application {
    pub(crate) app: Box<dyn App>,
    pub(crate) facts: Arc<ServerFacts>,
    pub(crate) errors: Errors,
    pub(crate) sink: Box<dyn Fn(&Record) + Send + Sync>,
    origin: Origin,
    /// The `Server` field, where the app sets none; empty sends none.
    pub(crate) server_name: String,
}

/// Whose word is taken on who the peer is, and on what the server is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The socket's.
    Socket,
    /// That of a front, which alone can reach our socket.
    Front,
}

impl Application {
    pub(crate) fn new(app: impl App) -> Self {
        Self {
            app: Box::new(app),
            facts: Arc::default(),
            errors: Errors::default(),
            sink: Box::new(|_| {}),
            origin: Origin::Socket,
            server_name: SERVER_NAME.into(),
        }
    }

    /// Behind a front that has these facts, and names the peer of each request.
    pub(crate) fn behind_front(&mut self, facts: ServerFacts) {
        self.facts = Arc::new(facts);
        self.origin = Origin::Front;
    }

    /// Serves at `address`, which clients see unless there is a front.
    pub(crate) fn serve_at(&mut self, address: &Address, scheme: &'static str) {
        if self.origin == Origin::Socket {
            let facts = Arc::make_mut(&mut self.facts);
            facts.scheme = scheme.into();
            (facts.name, facts.port) = match address {
                Address::Tcp { host, port } => (host.clone(), *port),
                Address::Unix(_) | Address::Fd(_) => ("localhost".into(), 0),
            };
        }
    }

    /// What an app is told of a request; `head` keeps what engines need of it afterwards.
    pub(crate) fn environ(
        &self,
        head: &mut RequestHead,
        input: Input,
        peer: Option<SocketAddr>,
    ) -> Environ {
        let mut headers = std::mem::take(&mut head.headers);
        let told = match self.origin {
            Origin::Socket => None,
            Origin::Front => headers.remove(PEER_FIELD),
        };
        let told = told.and_then(|peer| peer.to_str().ok()?.parse::<SocketAddr>().ok());
        let target = std::mem::take(&mut head.target);
        Environ::from_head(head.method.clone(), target, head.version, headers)
            .with_input(input)
            .with_errors(self.errors.clone())
            .with_server(Arc::clone(&self.facts))
            .with_remote(told.or(peer))
    }

    /// Answers one request, to the last byte: what came of it, and what its connection is good
    /// for then.
    pub(crate) fn answer<W: Way>(&self, mut environ: Environ, way: W) -> (Record, Next<W::Outlet>) {
        let began = Instant::now();
        let (method, target) = (environ.method().clone(), environ.target().raw.clone());
        let asker = (method.clone(), environ.version());
        let mut respond = Respond::new(way, asker, &self.server_name);
        let ran = Failure::catch(|| {
            let body = self.app.wsgi(&mut environ, &mut respond)?;
            respond.send(body)
        });
        let (answered, failure) = match ran {
            Err(failure) if !respond.is_committed() => {
                let text = "500 Internal Server Error\n";
                respond.plain(StatusCode::INTERNAL_SERVER_ERROR, text.into());
                (respond.finish(), Some(failure))
            }
            ran => {
                // What an app makes of a client that has gone says less than that it has.
                let mut answered = respond.finish();
                let failure = answered.failure.take().or(ran.err());
                (answered, failure)
            }
        };
        let record = Record {
            peer: environ.remote(),
            method: Some(method),
            target,
            status: answered.status,
            body_bytes: answered.body_bytes,
            elapsed: began.elapsed(),
            failure,
        };
        (record, answered.next)
    }
}
