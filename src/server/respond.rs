use std::cell::RefCell;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};

use crate::http::h1::{self, Framing, Persistence};
use crate::server::exchange::{After, Turn};
use crate::wsgi::{Body, Error, Result, StartError, StartResponse, Status};

/// The `start_response` of one request: takes the head, sends it with the first byte of the
/// body, and keeps what follows within what the head promised.
pub(crate) struct Respond<'a> {
    turn: &'a Turn<'a>,
    method: Method,
    version: Version,
    head: Option<(Status, HeaderMap)>,
    sent: Option<Sent>,
    // One buffer for heads, so that a head and a short body leave in one system call.
    out: Vec<u8>,
    body_bytes: u64,
}

/// What the head that was sent promised.
#[derive(Clone, Copy, Debug)]
struct Sent {
    status: StatusCode,
    framing: Framing,
    persistence: Persistence,
    // The body was longer than promised; what was too much was not sent.
    overflowed: bool,
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
            head: None,
            sent: None,
            out: Vec::new(),
            body_bytes: 0,
        }
    }

    /// Whether bytes are on their way, so that no other answer can be given.
    pub(crate) fn is_committed(&self) -> bool {
        self.sent.is_some()
    }

    /// Sends the body, each chunk before the next is made.
    pub(crate) fn send(&mut self, body: Body) -> Result<()> {
        let len = body.len();
        let status = match (&self.head, &self.sent) {
            (Some((status, _)), _) => status.code(),
            (None, Some(sent)) => sent.status, // `write` was quicker
            (None, None) => return Err(StartError::NotYet.into()),
        };
        if h1::response_framing(&self.method, status, self.version, len) == Framing::None {
            // HEAD, 204, 304: the body is dropped unmade, the head still tells its length.
            return match self.sent {
                None => self.commit(len, &[]),
                Some(_) => Ok(()),
            };
        }
        if self.sent.is_none()
            && let Some(whole) = body.as_bytes()
        {
            return self.commit(len, whole);
        }
        body.send(&mut |chunk| self.chunk(chunk, len))?;
        if self.sent.is_none() {
            self.commit(Some(0), &[])?;
        }
        Ok(())
    }

    /// Ends the answer: the last chunk, or the finding that the body was not what was promised.
    pub(crate) fn finish(self) -> Answered {
        let Some(sent) = self.sent else {
            return self.answered(After::Cut, None);
        };
        match sent.framing {
            Framing::Length(promised) if self.body_bytes < promised => self.answered(
                After::Cut,
                Some("the body is shorter than its Content-Length"),
            ),
            _ if sent.overflowed => self.answered(
                sent.persistence.into(),
                Some("the body is longer than its Content-Length"),
            ),
            Framing::Chunked if self.put(&[b"0\r\n\r\n"]).is_err() => {
                self.answered(After::Cut, None)
            }
            Framing::UntilClose => self.answered(After::Close, None),
            _ => self.answered(sent.persistence.into(), None),
        }
    }

    /// Answers with a bare 500 in place of what failed before its first byte.
    pub(crate) fn fail(mut self) -> Answered {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        self.head = Some((
            status.into(),
            HeaderMap::from_iter([(header::CONTENT_TYPE, text)]),
        ));
        match self.send(Body::from("500 Internal Server Error\n")) {
            Ok(()) => self.finish(),
            Err(_) => self.cut(), // the client has gone as well
        }
    }

    /// Ends an answer that broke off.
    pub(crate) fn cut(self) -> Answered {
        self.answered(After::Cut, None)
    }

    fn answered(&self, after: After, broke: Option<&'static str>) -> Answered {
        let status = self.sent.map(|sent| sent.status);
        Answered {
            after,
            status,
            body_bytes: self.body_bytes,
            broke,
        }
    }

    /// Sends the head, and `first` with it. `len` is the body's length, where it is known.
    fn commit(&mut self, len: Option<u64>, first: &[u8]) -> Result<()> {
        let (status, mut headers) = self.head.take().ok_or(StartError::NotYet)?;
        let declared = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let framing =
            h1::response_framing(&self.method, status.code(), self.version, declared.or(len));
        if framing == Framing::None
            && declared.is_none()
            && let Some(len) = len.filter(|_| self.method == Method::HEAD)
        {
            headers.insert(header::CONTENT_LENGTH, len.into());
        }
        let asks_close = headers
            .get_all(header::CONNECTION)
            .iter()
            .any(|line| h1::has_token(line, "close"));
        let mut persistence = self.turn.persistence();
        if asks_close || framing == Framing::UntilClose || !self.will_be_read() {
            persistence = Persistence::Close;
        }
        self.out.clear();
        // The server's own fields go in unless the app has said them (PEP 3333).
        let server = &self.turn.settings.server_name;
        if !server.is_empty()
            && !headers.contains_key(header::SERVER)
            && let Ok(server) = HeaderValue::from_str(server)
        {
            headers.insert(header::SERVER, server);
        }
        if !headers.contains_key(header::DATE) {
            headers.insert(header::DATE, date());
        }
        let mut out = std::mem::take(&mut self.out);
        let line = (status.code(), status.reason());
        h1::write_response(
            &mut out,
            line,
            &headers,
            framing,
            (self.version, persistence),
        );
        self.out = out;
        self.sent = Some(Sent {
            status: status.code(),
            framing,
            persistence,
            overflowed: false,
        });
        if framing == Framing::None || first.is_empty() {
            let out = std::mem::take(&mut self.out);
            self.put(&[&out])?;
            self.out = out;
            return Ok(());
        }
        let head = std::mem::take(&mut self.out);
        let sent = self.body_part(&head, first);
        self.out = head;
        sent
    }

    /// Whether what is left of the request's body will be read before the next request. A
    /// client that still waits for `100 Continue` gets none once the answer is on its way.
    fn will_be_read(&self) -> bool {
        let mut incoming = self.turn.incoming();
        let waited = incoming.answered() == h1::Expectation::Continue;
        incoming.is_done() || !waited && incoming.rest_within(self.turn.settings.unread_body_bytes)
    }

    fn chunk(&mut self, chunk: &[u8], len: Option<u64>) -> Result<()> {
        match self.sent {
            None => self.commit(len, chunk),
            Some(_) => self.body_part(&[], chunk),
        }
    }

    /// Sends bytes of the body behind `head`, as the framing asks and no more than it promised.
    fn body_part(&mut self, head: &[u8], bytes: &[u8]) -> Result<()> {
        let Some(sent) = &mut self.sent else {
            return Err(StartError::NotYet.into());
        };
        let bytes = match sent.framing {
            Framing::None => return Ok(()),
            Framing::Length(promised) => {
                let left = usize::try_from(promised - self.body_bytes).unwrap_or(usize::MAX);
                sent.overflowed |= bytes.len() > left;
                &bytes[..bytes.len().min(left)]
            }
            Framing::Chunked | Framing::UntilClose => bytes,
        };
        match sent.framing {
            Framing::Chunked => {
                let line = h1::chunk_head(bytes.len());
                self.put(&[head, line.as_bytes(), bytes, b"\r\n"])?;
            }
            _ => self.put(&[head, bytes])?, // plain bytes, promised or until the close
        }
        self.body_bytes += bytes.len() as u64;
        Ok(())
    }

    fn put(&self, parts: &[&[u8]]) -> Result<()> {
        Ok(self.turn.stream.write_all_parts(parts).map_err(Gone)?)
    }
}

impl StartResponse for Respond<'_> {
    fn begin(&mut self, status: Status, headers: HeaderMap) -> Result<()> {
        if self.head.is_some() || self.sent.is_some() {
            return Err(StartError::Twice.into());
        }
        if status.code().is_informational() {
            return Err(StartError::Status {
                line: status.code().to_string(),
            }
            .into());
        }
        self.head = Some((status, headers));
        Ok(())
    }

    fn replace(&mut self, status: Status, headers: HeaderMap, cause: Error) -> Result<()> {
        if self.sent.is_some() {
            return Err(cause);
        }
        self.head = None;
        self.begin(status, headers)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.head.is_none() && self.sent.is_none() {
            return Err(StartError::NotYet.into());
        }
        match bytes.is_empty() {
            true => Ok(()), // an empty chunk would end the body
            false => self.chunk(bytes, None),
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
