use std::io;
use std::sync::Mutex;
use std::time::SystemTime;

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};

use crate::gateways::tiny_http::connection::Connection;
use crate::gateways::tiny_http::incoming::{Incoming, Writer};
use crate::gateways::tiny_http::outgoing::{End, Head, Outgoing};
use crate::http::h1::{self, Framing, Persistence};
use crate::record::Failure;
use crate::wsgi::{Body, Error, Result, StartError, StartResponse, Status};

/// The `Server` field, where the app sets none: the same words as our own engine's.
const SERVER: &str = concat!("devserve/", env!("CARGO_PKG_VERSION"));

/// The `start_response` of one request: takes the head and sends it with the first byte of the
/// body.
pub(super) struct Respond<'a> {
    pub(super) incoming: &'a Mutex<Incoming>,
    pub(super) method: Method,
    pub(super) version: Version,
    /// What the client would be told, if nothing in the answer spoke against it.
    pub(super) persistence: Persistence,
    pub(super) connection: Connection,
    pub(super) state: State,
}

pub(super) enum State {
    /// `start_response` was not called.
    Silent,
    /// The head is known and waits for the first byte.
    Started(Status, HeaderMap),
    /// The head waits for the last byte: the client can be told of the end only by the length.
    Held(Status, HeaderMap, Vec<u8>),
    /// Bytes are on their way, so that no other answer can be given.
    Committed(Outgoing),
    /// The answer is whole, or broke off. Nothing may follow it.
    Ended(Answered),
}

/// How an answer ended.
#[derive(Default)]
pub(super) struct Answered {
    pub(super) status: Option<StatusCode>,
    pub(super) body_bytes: u64,
    pub(super) failure: Option<Failure>,
    /// Of a broken answer: while it is there, nothing else goes out on its connection.
    pub(super) keep: Option<Writer>,
}

/// The client does not take the answer any more.
#[derive(Debug, thiserror::Error)]
#[error("the client has gone")]
struct Gone;

impl Respond<'_> {
    /// Whether bytes are on their way.
    pub(super) fn is_committed(&self) -> bool {
        matches!(self.state, State::Committed(_) | State::Ended(_))
    }

    /// Sends the body, each chunk before the next is made, and ends the answer before the
    /// body's hooks run.
    pub(super) fn send(&mut self, mut body: Body) -> Result<()> {
        let close = body.take_close();
        self.send_chunks(body)?;
        self.end()?;
        drop(close);
        Ok(())
    }

    fn send_chunks(&mut self, body: Body) -> Result<()> {
        let len = body.len();
        let has_body = match &self.state {
            State::Silent => return Err(StartError::NotYet.into()),
            State::Started(status, _) => {
                h1::response_framing(&self.method, status.code(), self.version, len)
                    != Framing::None
            }
            State::Held(..) => true,
            State::Committed(outgoing) => outgoing.has_body(),
            State::Ended(_) => return Err(Gone.into()),
        };
        match body.as_bytes() {
            // HEAD, 204, 304: the body is dropped unmade, the head still tells its length.
            _ if !has_body => self.commit(len),
            Some(whole) => self.part(whole, len),
            None => {
                body.send(&mut |chunk| self.part(chunk, len))?;
                self.commit(Some(0)) // where there was no chunk at all
            }
        }
    }

    /// Ends an answer that was sent, and finds out whether it was what its head promised.
    fn end(&mut self) -> Result<()> {
        let mut outgoing = match self.take_state() {
            State::Held(status, headers, bytes) => {
                self.start(status, headers, &bytes, Some(bytes.len() as u64))?;
                return self.end();
            }
            State::Committed(outgoing) => outgoing,
            other => {
                self.state = other; // the client left before
                return Ok(());
            }
        };
        let finished = outgoing.finish();
        let broke = |rule| Some(Failure::Answer(rule));
        let is_short = matches!(finished, Ok(End::Short));
        let failure = match finished {
            Ok(End::Whole) => None,
            Ok(End::Overflowed) => broke("the body is longer than its Content-Length"),
            Ok(End::Short) => broke("the body is shorter than its Content-Length"),
            Err(error) => Some(Failure::ClientGone(error)),
        };
        let (status, body_bytes) = (Some(outgoing.status()), outgoing.body_bytes());
        self.state = State::Ended(Answered {
            status,
            body_bytes,
            failure,
            keep: is_short
                .then(|| outgoing.break_off(self.connection))
                .flatten(),
        });
        Ok(())
    }

    /// Answers with a line of text, in place of what failed before its first byte.
    pub(super) fn plain(&mut self, status: StatusCode, text: String) {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, plain)]);
        self.state = State::Started(status.into(), headers);
        // Where the client has gone as well, the answer says so.
        self.send(Body::from(text)).ok();
    }

    /// How the answer ended; one that did not is broken off.
    pub(super) fn finish(self) -> Answered {
        match self.state {
            State::Ended(answered) => answered,
            State::Committed(outgoing) => Answered {
                status: Some(outgoing.status()),
                body_bytes: outgoing.body_bytes(),
                failure: None,
                keep: outgoing.break_off(self.connection),
            },
            State::Silent | State::Started(..) | State::Held(..) => Answered::default(),
        }
    }

    /// The state; whoever takes it puts the next one in its place.
    fn take_state(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Silent)
    }

    /// Sends bytes of the body, and the head before the first of them.
    fn part(&mut self, bytes: &[u8], len: Option<u64>) -> Result<()> {
        match self.take_state() {
            State::Silent => Err(StartError::NotYet.into()),
            State::Started(status, headers) => self.start(status, headers, bytes, len),
            State::Held(status, headers, mut held) => {
                held.extend_from_slice(bytes);
                self.state = State::Held(status, headers, held);
                Ok(())
            }
            State::Committed(mut outgoing) => match outgoing.part(bytes) {
                Ok(()) => {
                    self.state = State::Committed(outgoing);
                    Ok(())
                }
                Err(error) => Err(self.lose(outgoing.status(), outgoing.body_bytes(), error)),
            },
            State::Ended(answered) => {
                self.state = State::Ended(answered);
                Err(Gone.into())
            }
        }
    }

    /// Sends the head, if it is not sent.
    fn commit(&mut self, len: Option<u64>) -> Result<()> {
        match self.state {
            State::Started(..) => self.part(&[], len),
            State::Silent => Err(StartError::NotYet.into()),
            State::Held(..) | State::Committed(_) | State::Ended(_) => Ok(()),
        }
    }

    /// The client went. Some of the answer may have arrived, so that nothing can be said any
    /// more, not even that something went wrong.
    fn lose(&mut self, status: StatusCode, body_bytes: u64, error: io::Error) -> Error {
        self.state = State::Ended(Answered {
            status: Some(status),
            body_bytes,
            failure: Some(Failure::ClientGone(error)),
            keep: None,
        });
        Gone.into()
    }

    fn start(
        &mut self,
        status: Status,
        mut headers: HeaderMap,
        first: &[u8],
        len: Option<u64>,
    ) -> Result<()> {
        self.complete(&mut headers, len);
        let mut head = Head {
            method: &self.method,
            version: self.version,
            status: status.code(),
            reason: status.reason(),
            headers: &headers,
            len,
            persistence: self.persistence,
        };
        let ends_by_close = head.framing() == Framing::UntilClose;
        if ends_by_close && self.connection == Connection::StaysOpen {
            self.state = State::Held(status, headers, first.to_vec());
            return Ok(());
        }
        let (writer, is_broken) = {
            let mut incoming = Incoming::lock(self.incoming);
            (incoming.begin_answer(), incoming.is_broken())
        };
        if is_broken {
            head.persistence = Persistence::Close; // where the next request begins is not known
        }
        let Some(writer) = writer else {
            return Err(Gone.into());
        };
        match Outgoing::start(writer, &head, first) {
            Ok(outgoing) => {
                self.state = State::Committed(outgoing);
                Ok(())
            }
            Err(error) => Err(self.lose(status.code(), 0, error)),
        }
    }

    /// The server's own fields go in unless the app has said them (PEP 3333).
    fn complete(&self, headers: &mut HeaderMap, len: Option<u64>) {
        if !headers.contains_key(header::DATE) {
            let now = httpdate::fmt_http_date(SystemTime::now());
            let now = HeaderValue::from_str(&now).expect("a date is ASCII");
            headers.insert(header::DATE, now);
        }
        let server = HeaderValue::from_static(SERVER);
        headers.entry(header::SERVER).or_insert(server);
        if let Some(len) = len.filter(|_| self.method == Method::HEAD) {
            headers.entry(header::CONTENT_LENGTH).or_insert(len.into());
        }
    }
}

impl StartResponse for Respond<'_> {
    fn begin(&mut self, status: Status, headers: HeaderMap) -> Result<()> {
        let State::Silent = self.state else {
            return Err(StartError::Twice.into());
        };
        if status.code().is_informational() {
            let line = status.code().to_string();
            return Err(StartError::Status { line }.into());
        }
        self.state = State::Started(status, headers);
        Ok(())
    }

    fn replace(&mut self, status: Status, headers: HeaderMap, cause: Error) -> Result<()> {
        if self.is_committed() {
            return Err(cause);
        }
        self.state = State::Silent;
        self.begin(status, headers)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self.state {
            State::Silent => Err(StartError::NotYet.into()),
            _ if bytes.is_empty() => Ok(()), // the head waits for a byte
            _ => self.part(bytes, None),
        }
    }
}
