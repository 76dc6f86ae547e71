use std::io;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::wsgi::{Body, Error, Reply, Result};

/// `start_response`, as PEP 3333 has it: how an app of the classic form tells the head of its
/// answer, and gets the `write` of old frameworks.
///
/// Apps call [`start`](trait.StartResponse.html#method.start); servers and middleware
/// implement the three methods.
pub trait StartResponse {
    /// Takes the head. Nothing is sent yet: the head waits for the first byte of the body.
    ///
    /// # Errors
    /// [`StartError::Twice`] after an earlier `begin`.
    fn begin(&mut self, status: Status, headers: HeaderMap) -> Result<()>;

    /// Replaces the head because of `cause`: PEP 3333's `exc_info`. Also allowed as the first call.
    ///
    /// # Errors
    /// `cause` itself, where bytes are already on their way and it is too late.
    fn replace(&mut self, status: Status, headers: HeaderMap, cause: Error) -> Result<()>;

    /// Sends bytes ahead of the body; what is written is on its way when this returns.
    ///
    /// # Errors
    /// [`StartError::NotYet`] before the head is given, and what the connection reports.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
}

impl dyn StartResponse + '_ {
    /// Tells the head and returns `write`.
    ///
    /// ```
    /// # use devserve::wsgi::{self, Body};
    /// let app = wsgi::application(|environ, start_response| {
    ///     start_response.start("200 OK", [("Content-Type", "text/plain")])?;
    ///     Ok(Body::from(format!("you asked for {:?}\n", environ.path())))
    /// });
    /// # let mut environ = wsgi::Environ::new(http::Method::GET, "/tea");
    /// # assert_eq!(wsgi::call(&app, &mut environ)?.body(), "you asked for \"/tea\"\n");
    /// # Ok::<(), wsgi::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`StartError`] for a status or a field that cannot go on the wire, and for a second call.
    pub fn start(
        &mut self,
        status: impl TryInto<Status, Error: Into<Error>>,
        headers: impl IntoHeaders,
    ) -> Result<Writer<'_>> {
        let status = status.try_into().map_err(Into::into)?;
        self.begin(status, headers.into_headers()?)?;
        Ok(Writer(self))
    }

    /// Tells the head anew because of `cause`; possible until the first byte is sent.
    ///
    /// # Errors
    /// As `start`; and `cause`, once bytes are on their way.
    pub fn start_again(
        &mut self,
        status: impl TryInto<Status, Error: Into<Error>>,
        headers: impl IntoHeaders,
        cause: impl Into<Error>,
    ) -> Result<Writer<'_>> {
        let status = status.try_into().map_err(Into::into)?;
        self.replace(status, headers.into_headers()?, cause.into())?;
        Ok(Writer(self))
    }
}

/// PEP 3333's `write`: each write is sent before it returns.
pub struct Writer<'a>(&'a mut dyn StartResponse);

impl std::fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => Err(error
                .downcast::<io::Error>()
                .unwrap_or_else(|error| io::Error::other(error.to_string()))),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A status line's two parts: `404 Not Found`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    code: StatusCode,
    reason: Option<Reason>,
}

/// A reason phrase other than the registered one. In a [`Reply`] it travels as an extension.
///
/// Visible ASCII and spaces (RFC 9112 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(HeaderValue);

impl Status {
    /// The number.
    pub fn code(&self) -> StatusCode {
        self.code
    }

    /// The phrase: the app's own, else the registered one, else empty.
    pub fn reason(&self) -> &str {
        match &self.reason {
            Some(Reason(phrase)) => phrase.to_str().unwrap_or_default(),
            None => self.code.canonical_reason().unwrap_or_default(),
        }
    }

    /// The status of a reply, with the reason phrase it may carry.
    pub(crate) fn of(head: &http::response::Parts) -> Self {
        Self {
            code: head.status,
            reason: head.extensions.get().cloned(),
        }
    }

    /// Gives a reply this status, and the reason phrase with it.
    pub(crate) fn apply(self, reply: &mut Reply) {
        *reply.status_mut() = self.code;
        reply.extensions_mut().extend(
            self.reason
                .map(|reason| {
                    let mut extensions = http::Extensions::new();
                    extensions.insert(reason);
                    extensions
                })
                .unwrap_or_default(),
        );
    }
}

impl From<StatusCode> for Status {
    fn from(code: StatusCode) -> Self {
        Self { code, reason: None }
    }
}

/// Reads `"404 Not Found"`: three digits from 100, a space, a phrase.
impl TryFrom<&str> for Status {
    type Error = StartError;

    fn try_from(line: &str) -> Result<Self, StartError> {
        let bad = || StartError::Status {
            line: line.to_owned(),
        };
        let (digits, phrase) = line.split_once(' ').unwrap_or((line, ""));
        let code = StatusCode::from_bytes(digits.as_bytes()).map_err(|_| bad())?;
        if digits.len() != 3 || !phrase.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(bad());
        }
        let own = !phrase.is_empty() && code.canonical_reason() != Some(phrase);
        let reason = match own {
            true => Some(Reason(HeaderValue::from_str(phrase).map_err(|_| bad())?)),
            false => None,
        };
        Ok(Self { code, reason })
    }
}

impl TryFrom<u16> for Status {
    type Error = StartError;

    fn try_from(code: u16) -> Result<Self, StartError> {
        match StatusCode::from_u16(code) {
            Ok(code) => Ok(code.into()),
            Err(_) => Err(StartError::Status {
                line: code.to_string(),
            }),
        }
    }
}

/// What can be given as header fields: a [`HeaderMap`], or name and value pairs as text.
pub trait IntoHeaders {
    /// The fields, checked.
    ///
    /// # Errors
    /// [`StartError::Header`] naming the field that cannot go on the wire.
    fn into_headers(self) -> Result<HeaderMap, StartError>;
}

impl IntoHeaders for HeaderMap {
    fn into_headers(self) -> Result<HeaderMap, StartError> {
        Ok(self)
    }
}

impl<const N: usize> IntoHeaders for [(&str, &str); N] {
    fn into_headers(self) -> Result<HeaderMap, StartError> {
        headers_of(self.iter().copied())
    }
}

impl IntoHeaders for &[(&str, &str)] {
    fn into_headers(self) -> Result<HeaderMap, StartError> {
        headers_of(self.iter().copied())
    }
}

impl IntoHeaders for Vec<(String, String)> {
    fn into_headers(self) -> Result<HeaderMap, StartError> {
        headers_of(
            self.iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        )
    }
}

fn headers_of<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<HeaderMap, StartError> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let bad = || StartError::Header {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        // Native strings carry bytes (PEP 3333), so each character must be one.
        let bytes = crate::text::latin1::to_bytes(value).ok_or_else(bad)?;
        headers.append(field, HeaderValue::from_bytes(&bytes).map_err(|_| bad())?);
    }
    Ok(headers)
}

/// A rule of `start_response` that an app broke.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartError {
    /// PEP 3333: a second call needs the error that forced it.
    #[error("start_response was called twice; give the error that forced it to start_again")]
    Twice,
    /// The app returned its body, or wrote, and had told no head.
    #[error("start_response was not called before the body")]
    NotYet,
    /// Not three digits from 100, a space and a phrase of visible ASCII.
    #[error("status {line:?} is not like \"404 Not Found\"")]
    Status {
        /// What the app gave.
        line: String,
    },
    /// 101 without a client that asks to leave HTTP, or without anybody to take over.
    #[error("101 needs a client that asks to leave HTTP, and a body made by Body::upgrade")]
    Upgrade,
    /// A name that is no token, or a value with a control character or one above U+00FF.
    #[error("header field {name:?}: {value:?} cannot be sent")]
    Header {
        /// The field's name.
        name: String,
        /// The field's value.
        value: String,
    },
}

/// A `start_response` that holds all it is told until the app has returned.
///
/// The way from the classic form to a [`Reply`]: whoever wants the head first cannot let
/// `write` go past it, so what is written goes before the body.
#[derive(Default)]
pub(crate) struct Held {
    head: Option<(Status, HeaderMap)>,
    written: Vec<Bytes>,
}

impl Held {
    pub(crate) fn into_reply(self, body: Body) -> Result<Reply> {
        let (status, headers) = self.head.ok_or(StartError::NotYet)?;
        let mut reply = Reply::new(body.after(self.written));
        status.apply(&mut reply);
        *reply.headers_mut() = headers;
        Ok(reply)
    }
}

impl StartResponse for Held {
    fn begin(&mut self, status: Status, headers: HeaderMap) -> Result<()> {
        if self.head.is_some() {
            return Err(StartError::Twice.into());
        }
        self.head = Some((status, headers));
        Ok(())
    }

    fn replace(&mut self, status: Status, headers: HeaderMap, cause: Error) -> Result<()> {
        if !self.written.is_empty() {
            return Err(cause);
        }
        self.head = Some((status, headers));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.head.is_none() {
            return Err(StartError::NotYet.into());
        }
        if !bytes.is_empty() {
            self.written.push(Bytes::copy_from_slice(bytes));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, want: Option<(u16, &str)>) {
        let status = Status::try_from(line).ok();
        let got = status
            .as_ref()
            .map(|status| (status.code().as_u16(), status.reason()));
        assert_eq!(got, want, "{line:?}");
    }

    #[test]
    fn reads_a_status_line() {
        check("200 OK", Some((200, "OK")));
        check("200 Fine by me", Some((200, "Fine by me")));
        check("204", Some((204, "No Content")));
        check("799 Odd", Some((799, "Odd")));
    }

    #[test]
    fn refuses_a_status_that_would_break_the_wire() {
        check("99 Low", None);
        check("0200 OK", None);
        check("OK", None);
        check("", None);
        check("200 O\r\nK", None);
        check("200 caf\u{e9}", None);
    }

    #[test]
    fn names_the_field_that_cannot_be_sent() {
        let error = [("X-Note", "a\r\nSet-Cookie: b")]
            .into_headers()
            .unwrap_err();
        assert!(error.to_string().contains("X-Note"), "{error}");
        assert!([("bad name", "")].into_headers().is_err());
        let headers = [("Title", "caf\u{e9}")].into_headers().unwrap();
        assert_eq!(headers["title"].as_bytes(), b"caf\xe9");
    }
}
