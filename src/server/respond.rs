use std::cell::RefCell;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};

use crate::http::h1::{self, Expectation, Framing, Persistence};
use crate::server::exchange::{After, Turn};
use crate::wire::{End, Head, Outgoing};
use crate::wsgi::{Body, Error, Result, StartError, StartResponse, Status};

/// The `start_response` of one request: takes the head and sends it with the first byte of the
/// body.
pub(crate) struct Respond<'a> {
    turn: &'a Turn<'a>,
    method: Method,
    version: Version,
    state: State<'a>,
}

enum State<'a> {
    /// `start_response` was not called.
    Silent,
    /// The head is known and waits for the first byte.
    Started(Status, HeaderMap),
    /// Bytes are on their way, so that no other answer can be given.
    Committed(Outgoing<'a>),
}

/// How an answer ended, for the connection and for the record.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) after: After,
    pub(crate) status: Option<StatusCode>,
    pub(crate) body_bytes: u64,
    pub(crate) broke: Option<&'static str>,
}

/// The client does not take the answer any more.
#[derive(Debug, thiserror::Error)]
#[error("the client has gone")]
pub(crate) struct Gone(#[source] pub(crate) io::Error);

impl<'a> Respond<'a> {
    pub(crate) fn new(turn: &'a Turn<'a>) -> Self {
        Self {
            turn,
            method: turn.head.method.clone(),
            version: turn.head.version,
            state: State::Silent,
        }
    }

    /// Whether bytes are on their way.
    pub(crate) fn is_committed(&self) -> bool {
        matches!(self.state, State::Committed(_))
    }

    /// Sends the body, each chunk before the next is made.
    pub(crate) fn send(&mut self, body: Body) -> Result<()> {
        let len = body.len();
        let has_body = match &self.state {
            State::Silent => return Err(StartError::NotYet.into()),
            State::Started(status, _) => {
                h1::response_framing(&self.method, status.code(), self.version, len)
                    != Framing::None
            }
            State::Committed(outgoing) => outgoing.has_body(),
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

    /// Ends the answer, and finds out whether the body was what was promised.
    pub(crate) fn finish(self) -> Answered {
        let State::Committed(outgoing) = self.state else {
            return self.cut();
        };
        let (status, body_bytes) = (outgoing.status(), outgoing.body_bytes());
        let (after, broke) = match outgoing.finish() {
            Err(_) => (After::Cut, None), // the client left at the last moment
            Ok(ended) => match ended.end {
                End::Whole(persistence) => (persistence.into(), None),
                End::Overflowed(persistence) => (
                    persistence.into(),
                    Some("the body is longer than its Content-Length"),
                ),
                End::Short => (
                    After::Cut,
                    Some("the body is shorter than its Content-Length"),
                ),
            },
        };
        Answered {
            after,
            status: Some(status),
            body_bytes,
            broke,
        }
    }

    /// Answers with a bare 500 in place of what failed before its first byte.
    pub(crate) fn fail(mut self) -> Answered {
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, text)]);
        self.state = State::Started(StatusCode::INTERNAL_SERVER_ERROR.into(), headers);
        match self.send(Body::from("500 Internal Server Error\n")) {
            Ok(()) => self.finish(),
            Err(_) => self.cut(), // the client has gone as well
        }
    }

    /// Ends an answer that broke off.
    pub(crate) fn cut(self) -> Answered {
        let (status, body_bytes) = match &self.state {
            State::Silent | State::Started(..) => (None, 0),
            State::Committed(outgoing) => (Some(outgoing.status()), outgoing.body_bytes()),
        };
        Answered {
            after: After::Cut,
            status,
            body_bytes,
            broke: None,
        }
    }

    /// Sends bytes of the body, and the head before the first of them.
    fn part(&mut self, bytes: &[u8], len: Option<u64>) -> Result<()> {
        match &mut self.state {
            State::Committed(outgoing) => Ok(outgoing.part(bytes).map_err(Gone)?),
            State::Silent | State::Started(..) => self.start(bytes, len),
        }
    }

    /// Sends the head, if it is not sent.
    fn commit(&mut self, len: Option<u64>) -> Result<()> {
        match self.is_committed() {
            true => Ok(()),
            false => self.start(&[], len),
        }
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
            persistence: self.persistence(),
        };
        self.state =
            State::Committed(Outgoing::start(self.turn.stream, &head, first).map_err(Gone)?);
        Ok(())
    }

    /// Whether the connection can go on: only if the rest of the request's body will be read
    /// away. A client that still waits for `100 Continue` gets none once the answer is on its
    /// way.
    fn persistence(&self) -> Persistence {
        let mut incoming = self.turn.incoming();
        let waits = incoming.answered() == Expectation::Continue;
        let rest_is_small = incoming.rest_within(self.turn.settings.unread_body_bytes);
        match incoming.is_done() || !waits && rest_is_small {
            true => self.turn.persistence(),
            false => Persistence::Close,
        }
    }
}

impl StartResponse for Respond<'_> {
    fn begin(&mut self, status: Status, headers: HeaderMap) -> Result<()> {
        let State::Silent = self.state else {
            return Err(StartError::Twice.into());
        };
        if status.code().is_informational() {
            return Err(StartError::Status {
                line: status.code().to_string(),
            }
            .into());
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
            State::Started(..) | State::Committed(_) => self.part(bytes, None),
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
