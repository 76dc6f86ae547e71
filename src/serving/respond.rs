use std::cell::RefCell;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};

use crate::http::h1::{self, Framing, Persistence};
use crate::serving::Failure;
use crate::wire::{End, Head, Outgoing, Outlet};
use crate::wsgi::{Body, Error, Result, StartError, StartResponse, Status, Upgraded};

/// Files up to this size leave together with their head.
const COPIED_BYTES: u64 = 64 << 10;

/// The way back to one client: what engines differ in.
pub(crate) trait Way {
    /// Where the answer goes.
    type Outlet: Outlet;

    /// Whether the client asks to leave HTTP, and the engine lets go of the connection.
    fn may_upgrade(&self) -> bool;

    /// Whether the engine can close the connection, which tells an HTTP/1.0 client that a body
    /// of unknown length is whole.
    fn can_close(&self) -> bool;

    /// Begins the answer: where it goes, and whether another may follow it.
    fn open(&mut self) -> io::Result<(Self::Outlet, Persistence)>;
}

/// The `start_response` of one request: takes the head and sends it with the first byte of the
/// body.
pub(crate) struct Respond<'a, W: Way> {
    way: W,
    method: Method,
    version: Version,
    server_name: &'a str,
    // Who takes the connection, where the answer is a 101.
    take_over: Option<TakeOver>,
    state: State<W::Outlet>,
}

type TakeOver = Box<dyn FnOnce(Upgraded) + Send>;

enum State<O> {
    /// `start_response` was not called.
    Silent,
    /// The head is known and waits for the first byte.
    Started(Status, HeaderMap),
    /// Head and body wait for the last byte: only a length can tell the client of the end.
    Held(Status, HeaderMap, Vec<u8>),
    /// Bytes are on their way, so that no other answer can be given.
    Committed(Outgoing<O>),
    /// The answer is whole, or broke off. Nothing may follow it.
    Ended(Answered<O>),
}

/// How an answer ended, for the record and for the connection.
pub(crate) struct Answered<O> {
    pub(crate) status: Option<StatusCode>,
    pub(crate) body_bytes: u64,
    pub(crate) failure: Option<Failure>,
    pub(crate) next: Next<O>,
}

/// What a connection is good for after an answer.
pub(crate) enum Next<O> {
    /// What the client was told.
    Told(Persistence),
    /// Who takes it over after a 101.
    Upgrade(TakeOver),
    /// Nothing: the answer broke off; where it went, if that still takes something.
    Broken(Option<O>),
}

/// The client does not take the answer any more.
#[derive(Debug, thiserror::Error)]
#[error("the client has gone")]
struct Gone;

impl<'a, W: Way> Respond<'a, W> {
    /// For who asked by this method and version.
    pub(crate) fn new(way: W, (method, version): (Method, Version), server_name: &'a str) -> Self {
        Self {
            way,
            method,
            version,
            server_name,
            take_over: None,
            state: State::Silent,
        }
    }

    /// Whether bytes are on their way.
    pub(crate) fn is_committed(&self) -> bool {
        matches!(self.state, State::Committed(_) | State::Ended(_))
    }

    /// Sends the body, each chunk before the next is made, and ends the answer before the
    /// body's hooks run: they may take their time, or panic, over a whole answer.
    pub(crate) fn send(&mut self, mut body: Body) -> Result<()> {
        if let State::Started(status, _) = &self.state
            && status.code() == StatusCode::SWITCHING_PROTOCOLS
        {
            self.take_over = Some(body.take_upgrade().ok_or(StartError::Upgrade)?);
        }
        let close = body.take_close();
        self.send_chunks(body)?;
        self.end()?;
        drop(close);
        Ok(())
    }

    fn send_chunks(&mut self, mut body: Body) -> Result<()> {
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
                self.send_file(&mut body, len)?;
                body.send(&mut |chunk| self.part(chunk, len))?;
                self.commit(Some(0)) // where there was no chunk at all
            }
        }
    }

    /// Lets the system send a file by itself, where that is worth a call of its own.
    fn send_file(&mut self, body: &mut Body, len: Option<u64>) -> Result<()> {
        let Some((file, left)) = body.as_file().filter(|(_, left)| **left > COPIED_BYTES) else {
            return Ok(());
        };
        self.commit(len)?;
        let State::Committed(outgoing) = &mut self.state else {
            return Ok(()); // the client has gone, as the next part will find
        };
        if let Err(error) = outgoing.file(file, left) {
            let (status, body_bytes) = (outgoing.status(), outgoing.body_bytes());
            return Err(self.lose(status, body_bytes, error));
        }
        Ok(())
    }

    /// Ends an answer that was sent, and finds out whether it was what its head promised.
    fn end(&mut self) -> Result<()> {
        let mut outgoing = match self.take_state() {
            State::Held(status, headers, bytes) => {
                self.state = State::Started(status, headers);
                self.start(&bytes, Some(bytes.len() as u64))?;
                return self.end();
            }
            State::Committed(outgoing) => outgoing,
            other => {
                self.state = other; // the client left before
                return Ok(());
            }
        };
        let finished = outgoing.finish();
        let (status, body_bytes) = (outgoing.status(), outgoing.body_bytes());
        let mut told = |persistence| match self.take_over.take() {
            Some(take_over) => Next::Upgrade(take_over),
            None => Next::Told(persistence),
        };
        let broke = |rule| Some(Failure::Answer(rule));
        let (next, failure) = match finished {
            Err(error) => (Next::Broken(None), Some(Failure::ClientGone(error))),
            Ok(End::Whole(persistence)) => (told(persistence), None),
            Ok(End::Overflowed(persistence)) => (
                told(persistence),
                broke("the body is longer than its Content-Length"),
            ),
            Ok(End::Short) => (
                Next::Broken(Some(outgoing.break_off())),
                broke("the body is shorter than its Content-Length"),
            ),
        };
        self.state = State::Ended(Answered {
            status: Some(status),
            body_bytes,
            failure,
            next,
        });
        Ok(())
    }

    /// Answers with a line of text, in place of what failed before its first byte.
    pub(crate) fn plain(&mut self, status: StatusCode, text: String) {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, plain)]);
        self.state = State::Started(status.into(), headers);
        // Where the client has gone as well, the answer says so.
        self.send(Body::from(text)).ok();
    }

    /// How the answer ended; one that did not is broken off.
    pub(crate) fn finish(self) -> Answered<W::Outlet> {
        let (status, body_bytes, broken) = match self.state {
            State::Ended(answered) => return answered,
            State::Committed(outgoing) => (
                Some(outgoing.status()),
                outgoing.body_bytes(),
                Some(outgoing.break_off()),
            ),
            State::Silent | State::Started(..) | State::Held(..) => (None, 0, None),
        };
        Answered {
            status,
            body_bytes,
            failure: None,
            next: Next::Broken(broken),
        }
    }

    /// The state; whoever takes it puts the next one in its place.
    fn take_state(&mut self) -> State<W::Outlet> {
        std::mem::replace(&mut self.state, State::Silent)
    }

    /// Sends bytes of the body, and the head before the first of them.
    fn part(&mut self, bytes: &[u8], len: Option<u64>) -> Result<()> {
        match &mut self.state {
            State::Committed(outgoing) => match outgoing.part(bytes) {
                Ok(()) => Ok(()),
                Err(error) => {
                    let (status, body_bytes) = (outgoing.status(), outgoing.body_bytes());
                    Err(self.lose(status, body_bytes, error))
                }
            },
            State::Held(.., held) => {
                held.extend_from_slice(bytes);
                Ok(())
            }
            State::Silent | State::Started(..) => self.start(bytes, len),
            State::Ended(_) => Err(Gone.into()),
        }
    }

    /// Sends the head, if it is not sent.
    fn commit(&mut self, len: Option<u64>) -> Result<()> {
        match self.state {
            State::Silent | State::Started(..) => self.start(&[], len),
            State::Held(..) | State::Committed(_) | State::Ended(_) => Ok(()),
        }
    }

    /// The client went, or stopped reading. Some of the answer may have arrived, so that
    /// nothing can be said any more, not even that something went wrong.
    fn lose(&mut self, status: StatusCode, body_bytes: u64, error: io::Error) -> Error {
        self.state = State::Ended(Answered {
            status: Some(status),
            body_bytes,
            failure: Some(Failure::ClientGone(error)),
            next: Next::Broken(None),
        });
        Gone.into()
    }

    fn start(&mut self, first: &[u8], len: Option<u64>) -> Result<()> {
        let State::Started(status, mut headers) = self.take_state() else {
            return Err(StartError::NotYet.into());
        };
        let can_close = self.way.can_close();
        if !can_close && self.head(&status, &headers, len).framing() == Framing::UntilClose {
            self.state = State::Held(status, headers, first.to_vec());
            return Ok(());
        }
        self.complete(&mut headers, len);
        let started = self.way.open().and_then(|(outlet, persistence)| {
            let head = Head {
                persistence,
                ..self.head(&status, &headers, len)
            };
            Outgoing::start(outlet, &head, first)
        });
        match started {
            Ok(outgoing) => self.state = State::Committed(outgoing),
            Err(error) => return Err(self.lose(status.code(), 0, error)),
        }
        Ok(())
    }

    fn head<'h>(
        &'h self,
        status: &'h Status,
        headers: &'h HeaderMap,
        len: Option<u64>,
    ) -> Head<'h> {
        Head {
            method: &self.method,
            version: self.version,
            status: status.code(),
            reason: status.reason(),
            headers,
            len,
            persistence: Persistence::Close, // until it is known
        }
    }

    /// The server's own fields go in unless the app has said them (PEP 3333).
    fn complete(&self, headers: &mut HeaderMap, len: Option<u64>) {
        headers.entry(header::DATE).or_insert_with(date);
        if !self.server_name.is_empty()
            && let Ok(server) = HeaderValue::from_str(self.server_name)
        {
            headers.entry(header::SERVER).or_insert(server);
        }
        if let Some(len) = len.filter(|_| self.method == Method::HEAD) {
            headers.entry(header::CONTENT_LENGTH).or_insert(len.into());
        }
    }
}

impl<W: Way> StartResponse for Respond<'_, W> {
    fn begin(&mut self, status: Status, headers: HeaderMap) -> Result<()> {
        let State::Silent = self.state else {
            return Err(StartError::Twice.into());
        };
        match status.code() {
            StatusCode::SWITCHING_PROTOCOLS if self.way.may_upgrade() => {}
            StatusCode::SWITCHING_PROTOCOLS => return Err(StartError::Upgrade.into()),
            code if code.is_informational() => {
                return Err(StartError::Status {
                    line: code.to_string(),
                }
                .into());
            }
            _ => {} // final, as an answer is
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
            _ => self.part(bytes, None),     // as far as the state allows
        }
    }
}

/// `Date`, made once a second on each thread (RFC 9110 §6.6.1).
fn date() -> HeaderValue {
    thread_local! {
        static DATE: RefCell<(u64, HeaderValue)> = const { RefCell::new((0, HeaderValue::from_static(""))) };
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    DATE.with_borrow_mut(|(second, value)| {
        if *second != now {
            let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now));
            (*second, *value) = (now, HeaderValue::from_str(&text).expect("a date is ASCII"));
        }
        value.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_second_the_date_is_made_once() {
        let is_shared = |_| {
            let (one, other) = (date(), date());
            one.as_bytes().as_ptr() == other.as_bytes().as_ptr()
        };
        // A second may end between two of them, but not each time.
        assert!((0..3).any(is_shared));
    }
}
