use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version};
use tiny_http::Request;

use crate::gateways::tiny_http::connection::Connection;
use crate::gateways::tiny_http::head;
use crate::gateways::tiny_http::incoming::{Incoming, Input, Writer};
use crate::gateways::tiny_http::respond::{Answered, Respond, State};
use crate::http::h1::{Fault, Framing, Limits, Persistence, RequestHead};
use crate::net::handover::PEER_FIELD;
use crate::record::{Failure, Record};
use crate::wsgi::{self, App, Environ, Errors, ServerFacts};

/// A body that is declared longer is not let go: on a connection that ends too early
/// `tiny_http` would allocate all that is missing, and abort the process.
const MOST_BODY_BYTES: usize = 1 << 30;
/// How many ways back to clients whose answer broke off are kept. By then the oldest of those
/// clients have given up.
const MOST_BROKEN: usize = 32;

/// Answers requests with an app.
pub(super) struct Application {
    pub(super) app: Box<dyn App>,
    pub(super) facts: Arc<ServerFacts>,
    pub(super) errors: Errors,
    pub(super) sink: Box<dyn Fn(&Record) + Send + Sync>,
    pub(super) limits: Limits,
    pub(super) is_behind_front: bool,
    pub(super) broken: Mutex<VecDeque<Writer>>,
}

impl Application {
    /// Answers one request, to the last byte. `persistence` is what the server wishes.
    pub(super) fn answer(&self, request: Request, persistence: Persistence) {
        let began = Instant::now();
        let peer = request.remote_addr().copied();
        let record = |answered: &mut Answered| Record {
            peer,
            method: None,
            target: Bytes::new(),
            status: answered.status,
            body_bytes: answered.body_bytes,
            elapsed: began.elapsed(),
            failure: answered.failure.take(),
        };
        if request
            .body_length()
            .is_some_and(|len| len > MOST_BODY_BYTES)
        {
            log::debug!("{request:?} announces a body that tiny_http would not survive");
            std::mem::forget(request);
            let failure = Some(Failure::Malformed(Fault::ContentLength));
            return (self.sink)(&record(&mut Answered {
                failure,
                ..Answered::default()
            }));
        }
        let (record, keep) = match self.read(&request) {
            Ok((head, connection)) => {
                let (method, target) = (head.method.clone(), head.target.raw.clone());
                let mut answered = self.serve(request, head, connection, persistence, peer);
                let record = Record {
                    method: Some(method),
                    target,
                    ..record(&mut answered)
                };
                (record, answered.keep)
            }
            Err(fault) => {
                let mut answered = refuse(request, fault);
                (record(&mut answered), answered.keep)
            }
        };
        self.keep(keep);
        (self.sink)(&record);
    }

    fn read(&self, request: &Request) -> Result<(RequestHead, Connection), Fault> {
        let head = head::read(request, &self.limits)?;
        let connection = Connection::of(request);
        match (connection, head.framing) {
            (Connection::EndsUnframed, Framing::Chunked) => Err(Fault::TransferEncoding),
            _ => Ok((head, connection)),
        }
    }

    fn serve(
        &self,
        request: Request,
        head: RequestHead,
        connection: Connection,
        persistence: Persistence,
        peer: Option<SocketAddr>,
    ) -> Answered {
        let incoming = Arc::new(Mutex::new(Incoming::new(request, head.framing)));
        let wishes = [persistence, head.persistence];
        let mut respond = Respond {
            incoming: &incoming,
            method: head.method.clone(),
            version: head.version,
            persistence: match connection {
                Connection::StaysOpen if !wishes.contains(&Persistence::Close) => {
                    Persistence::KeepAlive
                }
                _ => Persistence::Close, // by one side or the other
            },
            connection,
            state: State::Silent,
        };
        let mut environ = self.environ(head, &incoming, peer);
        let ran = self.run(&mut environ, &mut respond);
        match ran {
            Err(failure) if !respond.is_committed() => {
                respond.plain(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "500 Internal Server Error\n".into(),
                );
                Answered {
                    failure: Some(failure),
                    ..respond.finish()
                }
            }
            ran => {
                // What an app makes of a client that has gone says less than that it has.
                let mut answered = respond.finish();
                answered.failure = answered.failure.take().or(ran.err());
                answered
            }
        }
    }

    fn environ(
        &self,
        head: RequestHead,
        incoming: &Arc<Mutex<Incoming>>,
        peer: Option<SocketAddr>,
    ) -> Environ {
        let mut headers = head.headers;
        let told = match self.is_behind_front {
            true => headers.remove(PEER_FIELD),
            false => None,
        };
        let told = told.and_then(|peer| peer.to_str().ok()?.parse::<SocketAddr>().ok());
        let input = match head.framing {
            Framing::None => wsgi::Input::empty(),
            _ => wsgi::Input::new(Input(Arc::clone(incoming))), // there is something to read
        };
        Environ::from_head(head.method, head.target, head.version, headers)
            .with_input(input)
            .with_errors(self.errors.clone())
            .with_server(Arc::clone(&self.facts))
            .with_remote(told.or(peer))
    }

    fn run(&self, environ: &mut Environ, respond: &mut Respond<'_>) -> Result<(), Failure> {
        Failure::catch(|| {
            let body = self.app.wsgi(environ, respond)?;
            respond.send(body)
        })
    }

    fn keep(&self, writer: Option<Writer>) {
        let Some(writer) = writer else { return };
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.push_back(writer);
        let oldest = (broken.len() > MOST_BROKEN).then(|| broken.pop_front());
        drop(broken);
        drop(oldest); // which may write what its connection still holds
    }
}

/// Answers what is no request of ours. The client is told to close; we cannot.
fn refuse(request: Request, fault: Fault) -> Answered {
    let connection = Connection::of(&request);
    let version = match *request.http_version() < (1, 1) {
        true => Version::HTTP_10,
        false => Version::HTTP_11,
    };
    let is_head = *request.method() == tiny_http::Method::Head;
    let mut respond = Respond {
        incoming: &Mutex::new(Incoming::of_refused(request, connection)),
        method: if is_head { Method::HEAD } else { Method::GET },
        version,
        persistence: Persistence::Close,
        connection,
        state: State::Started(fault.status().into(), HeaderMap::new()),
    };
    respond.plain(fault.status(), format!("{}: {fault}\n", fault.status()));
    let answered = respond.finish();
    let failure = answered.failure.or(Some(Failure::Malformed(fault)));
    Answered {
        failure,
        ..answered
    }
}
