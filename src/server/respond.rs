use std::cell::RefCell;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};

use crate::http::h1::{self, Framing};
use crate::record::Failure;
use crate::server::exchange::{After, Turn};
use crate::wire::{End, Head, Outgoing};
use crate::wsgi::{Body, Error, Result, StartError, StartResponse, Status, Upgraded};

/// Files up to this size leave together with their head.
const COPIED_BYTES: u64 = 64 << 10;

/// The `start_response` of one request: takes the head and sends it with the first byte of the
/// body.
pub(crate) struct Respond<'a> {
    turn: &'a Turn<'a>,
    method: Method,
    version: Version,
    // Whether the client asks to leave HTTP; and who takes the connection then.
    asks_upgrade: bool,
    take_over: Option<TakeOver>,
    state: State<'a>,
}

type TakeOver = Box<dyn FnOnce(Upgraded) + Send>;

enum State<'a> {
    /// `start_response` was not called.
    Silent,
    /// The head is known and waits for the first byte.
    Started(Status, HeaderMap),
    /// Bytes are on their way, so that no other answer can be given.
    Committed(Outgoing<'a>),
    /// The answer is whole, or broke off. Nothing may follow it.
    Ended(Answered),
}

/// How an answer ended, for the connection and for the record.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) after: After,
    pub(crate) status: Option<StatusCode>,
    pub(crate) body_bytes: u64,
    pub(crate) failure: Option<Failure>,
}

/// The client does not take the answer any more.
#[derive(Debug, thiserror::Error)]
#[error("the client has gone")]
struct Gone;

impl<'a> Respond<'a> {
    pub(crate) fn new(turn: &'a Turn<'a>, asks_upgrade: bool) -> Self {
        Self {
            asks_upgrade,
            take_over: None,
            turn,
            method: turn.head.method.clone(),
            version: turn.head.version,
            state: State::Silent,
        }
    }

    /// Who takes the connection after a 101, if that was the answer.
    pub(crate) fn take_over(&mut self) -> Option<TakeOver> {
        self.take_over.take()
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
        self.end();
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
    fn end(&mut self) {
        let State::Committed(outgoing) = &mut self.state else {
            return; // the client left before
        };
        let (status, body_bytes) = (outgoing.status(), outgoing.body_bytes());
        let broke = |rule| Some(Failure::Answer(rule));
        let (after, failure) = match outgoing.finish() {
            Err(error) => (After::Cut, Some(Failure::ClientGone(error))),
            Ok(End::Whole(persistence)) => (persistence.into(), None),
            Ok(End::Overflowed(persistence)) => (
                persistence.into(),
                broke("the body is longer than its Content-Length"),
            ),
            Ok(End::Short) => (
                After::Cut,
                broke("the body is shorter than its Content-Length"),
            ),
        };
        self.state = State::Ended(Answered {
            after,
            status: Some(status),
            body_bytes,
            failure,
        });
    }

    /// Answers with a bare 500 in place of what failed before its first byte.
    pub(crate) fn fail(&mut self) {
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, text)]);
        self.state = State::Started(StatusCode::INTERNAL_SERVER_ERROR.into(), headers);
        // Where the client has gone as well, the answer says so.
        self.send(Body::from("500 Internal Server Error\n")).ok();
    }

    /// How the answer ended; one that did not is cut.
    pub(crate) fn finish(self) -> Answered {
        let (status, body_bytes) = match self.state {
            State::Ended(answered) => return answered,
            State::Committed(outgoing) => (Some(outgoing.status()), outgoing.body_bytes()),
            State::Silent | State::Started(..) => (None, 0),
        };
        Answered {
            after: After::Cut,
            status,
            body_bytes,
            failure: None,
        }
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
            State::Silent | State::Started(..) => self.start(bytes, len),
            State::Ended(_) => Err(Gone.into()),
        }
    }

    /// Sends the head, if it is not sent.
    fn commit(&mut self, len: Option<u64>) -> Result<()> {
        match self.is_committed() {
            true => Ok(()),
            false => self.start(&[], len),
        }
    }

    /// The client went, or stopped reading. Some of the answer may have arrived, so that
    /// nothing can be said any more, not even that something went wrong.
    fn lose(&mut self, status: StatusCode, body_bytes: u64, error: io::Error) -> Error {
        self.state = State::Ended(Answered {
            after: After::Cut,
            status: Some(status),
            body_bytes,
            failure: Some(Failure::ClientGone(error)),
        });
        Gone.into()
    }

    fn start(&mut self, first: &[u8], len: Option<u64>) -> Result<()> {
        let State::Started(status, mut headers) = std::mem::replace(&mut self.state, State::Silent)
        else {
            return Err(StartError::NotYet.into());
        };
        // The server's own fields go in unless the app has said them (PEP 3333).
        headers.entry(header::DATE).or_insert_with(date);
        let server = &self.turn.settings.server_name;
        if !server.is_empty()
            && let Ok(server) = HeaderValue::from_str(server)
        {
            headers.entry(header::SERVER).or_insert(server);
        }
        if self.method == Method::HEAD
            && let Some(len) = len
        {
            headers.entry(header::CONTENT_LENGTH).or_insert(len.into());
        }
        let head = Head {
            method: &self.method,
            version: self.version,
            status: status.code(),
            reason: status.reason(),
            headers: &headers,
            len,
            persistence: self.turn.persistence(),
        };
        match Outgoing::start(self.turn.stream, &head, first) {
            Ok(outgoing) => self.state = State::Committed(outgoing),
            Err(error) => return Err(self.lose(status.code(), 0, error)),
        }
        Ok(())
    }
}

impl StartResponse for Respond<'_> {
    fn begin(&mut self, status: Status, headers: HeaderMap) -> Result<()> {
        let State::Silent = self.state else {
            return Err(StartError::Twice.into());
        };
        match status.code() {
            StatusCode::SWITCHING_PROTOCOLS if self.asks_upgrade => {}
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
            State::Started(..) | State::Committed(_) | State::Ended(_) => self.part(bytes, None),
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
