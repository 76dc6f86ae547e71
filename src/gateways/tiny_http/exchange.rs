use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Version};
use tiny_http::Request;

use crate::gateways::tiny_http::connection::Connection;
use crate::gateways::tiny_http::head;
use crate::gateways::tiny_http::incoming::{Incoming, Input};
use crate::gateways::tiny_http::way::{Way, Writer};
use crate::http::h1::{Fault, Framing, Limits, Persistence, RequestHead};
use crate::serving::respond::Respond;
use crate::serving::{Application, Failure, Next, Record};
use crate::wire::Unasked;
use crate::wsgi;

/// A body that is declared longer is not let go: on a connection that ends too early
/// `tiny_http` would allocate all that is missing, and abort the process.
const MOST_BODY_BYTES: usize = 1 << 30;
/// How many ways back to clients whose answer broke off are kept. By then the oldest of those
/// clients have given up.
const MOST_BROKEN: usize = 32;

/// Answers requests of `tiny_http` with an app.
pub(super) struct Exchange {
    application: Application,
    limits: Limits,
    broken: Mutex<VecDeque<Writer>>,
}

impl Exchange {
    pub(super) fn new(application: Application, limits: Limits) -> Self {
        Self {
            application,
            limits,
            broken: Mutex::default(),
        }
    }

    /// Answers one request, to the last byte. `persistence` is what the server wishes.
    pub(super) fn exchange(&self, request: Request, persistence: Persistence) {
        let (record, next) = match self.read(&request) {
            Ok((head, connection)) => self.answer(request, head, connection, persistence),
            Err(fault) => self.refuse(request, fault),
        };
        if let Next::Broken(Some(writer)) = next {
            self.keep(writer);
        }
        (self.application.sink)(&record);
    }

    fn read(&self, request: &Request) -> Result<(RequestHead, Connection), Fault> {
        if is_fatal(request) {
            return Err(Fault::ContentLength);
        }
        let head = head::read(request, &self.limits)?;
        let connection = Connection::of(request);
        match (connection, head.framing) {
            (Connection::EndsUnframed, Framing::Chunked) => Err(Fault::TransferEncoding),
            _ => Ok((head, connection)),
        }
    }

    fn answer(
        &self,
        request: Request,
        mut head: RequestHead,
        connection: Connection,
        persistence: Persistence,
    ) -> (Record, Next<Writer>) {
        let peer = request.remote_addr().copied();
        let incoming = Arc::new(Mutex::new(Incoming::new(
            request,
            head.framing,
            &self.limits,
        )));
        let input = match head.framing {
            Framing::None => wsgi::Input::empty(),
            _ => wsgi::Input::new(Input(Arc::clone(&incoming))), // there is something to read
        };
        let wishes = [persistence, head.persistence];
        let way = Way {
            incoming: &incoming,
            connection,
            persistence: match connection {
                Connection::StaysOpen if !wishes.contains(&Persistence::Close) => {
                    Persistence::KeepAlive
                }
                _ => Persistence::Close, // by one side or the other
            },
        };
        let environ = self.application.environ(&mut head, input, peer);
        let (record, next) = self.application.answer(environ, way);
        match next {
            // Nothing else is answered on it, so that its closing tells.
            Next::Broken(_) if connection != Connection::StaysOpen => (record, Next::Broken(None)),
            next => (record, next),
        }
    }

    /// Answers what is no request of ours. The client is told to close; we cannot.
    fn refuse(&self, request: Request, fault: Fault) -> (Record, Next<Writer>) {
        let peer = request.remote_addr().copied();
        if is_fatal(&request) {
            log::debug!("{request:?} announces a body that tiny_http would not survive");
            std::mem::forget(request);
            let record = Record::unasked(peer, None, 0, Failure::Malformed(fault));
            return (record, Next::Broken(None));
        }
        let connection = Connection::of(&request);
        let method = match *request.method() == tiny_http::Method::Head {
            true => Method::HEAD,
            false => Method::GET,
        };
        let version = match *request.http_version() < (1, 1) {
            true => Version::HTTP_10,
            false => Version::HTTP_11,
        };
        let way = Way {
            incoming: &Mutex::new(Incoming::of_refused(request, connection)),
            connection,
            persistence: Persistence::Close,
        };
        let mut respond = Respond::new(way, (method, version), &self.application.server_name);
        let text = format!("{}\n", Unasked::Malformed(&fault));
        respond.plain(fault.status(), text);
        let answered = respond.finish();
        let failure = answered.failure.unwrap_or(Failure::Malformed(fault));
        let record = Record::unasked(peer, answered.status, answered.body_bytes, failure);
        (record, answered.next)
    }

    fn keep(&self, writer: Writer) {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.push_back(writer);
        let oldest = (broken.len() > MOST_BROKEN).then(|| broken.pop_front());
        drop(broken);
        drop(oldest); // which may write what its connection still holds
    }
}

fn is_fatal(request: &Request) -> bool {
    request
        .body_length()
        .is_some_and(|len| len > MOST_BODY_BYTES)
}
