use std::error::Error as StdError;
use std::io::Read;

use bytes::Bytes;

use crate::http::{
    ContentDisposition, FieldError, HeaderMap, HeaderName, HeaderValue, StatusCode, header,
};
use crate::response::conditional::fit_to_not_modified;
use crate::response::redirect::quote_locations;
use crate::wsgi::{Body, Error, Reply, Result, Status};

/// An answer: status, header fields and a body.
///
/// Setters chain and cannot fail; what was wrong with one comes up as the view's error.
///
/// ```
/// use devserve::Response;
///
/// let response = Response::text("made").status(201).header("location", "/carts/7");
/// # let _ = response;
/// ```
#[derive(Debug)]
#[must_use = "a response is sent by returning it"]
pub struct Response {
    pub(super) status: StatusCode,
    /// A reason phrase of its own, while the status is the one it was given with.
    line: Option<Status>,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// The first thing that went wrong.
    error: Option<Error>,
}

impl Response {
    /// A 200 with this body and media type.
    pub fn new(content_type: &str, body: impl Into<Body>) -> Self {
        Self {
            status: StatusCode::OK,
            line: None,
            headers: HeaderMap::new(),
            body: body.into(),
            error: None,
        }
        .content_type(content_type)
    }

    /// Plain text, in UTF-8.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new("text/plain; charset=utf-8", text.into())
    }

    /// A page, in UTF-8.
    pub fn html(html: impl Into<String>) -> Self {
        Self::new("text/html; charset=utf-8", html.into())
    }

    /// Bytes of no special kind; say what they are with [`content_type`](Self::content_type).
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new("application/octet-stream", bytes.into())
    }

    /// No body: 204.
    pub fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            line: None,
            headers: HeaderMap::new(),
            body: Body::empty(),
            error: None,
        }
    }

    /// Chunks, each on the wire before the next is made.
    pub fn stream<C: Into<Bytes> + 'static>(
        chunks: impl IntoIterator<Item = Result<C>, IntoIter: Send + 'static>,
    ) -> Self {
        Self::new("text/plain; charset=utf-8", Body::chunks(chunks))
    }

    /// All that `reader` gives.
    pub fn reader(reader: impl Read + Send + 'static) -> Self {
        Self::new("application/octet-stream", Body::reader(reader))
    }

    /// Answers with another status: a [`StatusCode`] or its number.
    pub fn status<S>(self, status: S) -> Self
    where
        S: TryInto<StatusCode, Error: StdError + Send + Sync + 'static>,
    {
        self.attempt(|response| {
            response.status = status.try_into().map_err(|source| ResponseError::Status {
                source: source.into(),
            })?;
            Ok(())
        })
    }

    /// Answers with another status and a reason phrase of its own: `"404 Nothing Here"`. Only
    /// clients of HTTP/1.1 see the phrase, and few show it.
    pub fn status_line(self, line: &str) -> Self {
        self.attempt(|response| {
            let line: Status = line.trim_matches(' ').try_into()?;
            response.status = line.code();
            response.line = Some(line);
            Ok(())
        })
    }

    /// Sets a header field, in place of those with its name.
    pub fn header<V>(self, name: &str, value: V) -> Self
    where
        V: TryInto<HeaderValue, Error: StdError + Send + Sync + 'static>,
    {
        self.attempt(|response| {
            let (name, value) = field(name, value)?;
            response.headers.insert(name, value);
            Ok(())
        })
    }

    /// Adds a header field, beside those with its name.
    pub fn add_header<V>(self, name: &str, value: V) -> Self
    where
        V: TryInto<HeaderValue, Error: StdError + Send + Sync + 'static>,
    {
        self.attempt(|response| {
            let (name, value) = field(name, value)?;
            response.headers.append(name, value);
            Ok(())
        })
    }

    /// Takes every header field of a name out.
    pub fn without_header(self, name: &str) -> Self {
        self.attempt(|response| {
            response.headers.remove(name);
            Ok(())
        })
    }

    /// Says what the body is.
    pub fn content_type(self, content_type: &str) -> Self {
        self.header("content-type", content_type)
    }

    /// Has the browser save the body under `filename` instead of showing it (RFC 6266).
    pub fn attachment(self, filename: &str) -> Self {
        self.disposition(filename, ContentDisposition::attachment(filename))
            .attempt(|response| {
                // Decoding is for what is shown; what is saved is saved as it is.
                response.headers.remove(header::CONTENT_ENCODING);
                Ok(())
            })
    }

    /// Has the browser show the body, and suggest `filename` to whoever saves it (RFC 6266).
    pub fn inline(self, filename: &str) -> Self {
        self.disposition(filename, ContentDisposition::inline(filename))
    }

    fn disposition(self, filename: &str, disposition: ContentDisposition) -> Self {
        self.attempt(|response| {
            let value = disposition
                .to_header()
                .map_err(|source| ResponseError::Filename {
                    filename: filename.to_owned(),
                    source,
                })?;
            response.headers.insert(header::CONTENT_DISPOSITION, value);
            Ok(())
        })
    }

    /// Changes the response, or keeps the first error for [`into_reply`](Self::into_reply).
    pub(super) fn attempt(mut self, change: impl FnOnce(&mut Self) -> Result<()>) -> Self {
        if self.error.is_none() {
            self.error = change(&mut self).err();
        }
        self
    }

    pub(super) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    pub(super) fn set_body(&mut self, body: Body) {
        self.body = body;
    }

    /// The answer as servers and middleware take it.
    ///
    /// # Errors
    /// The first error of a constructor or a setter.
    pub fn into_reply(self) -> Result<Reply> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut reply = Reply::new(self.body);
        match self.line.filter(|line| line.code() == self.status) {
            Some(line) => line.apply(&mut reply),
            None => *reply.status_mut() = self.status,
        }
        *reply.headers_mut() = self.headers;
        quote_locations(reply.headers_mut());
        Ok(fit_to_status(reply))
    }
}

/// Leaves out what the status does not allow (RFC 9110 §6.4.1), and tells the body's length
/// where it is known.
pub(super) fn fit_to_status(mut reply: Reply) -> Reply {
    let has_no_content = matches!(reply.status().as_u16(), 100..=199 | 204 | 205 | 304);
    if has_no_content {
        *reply.body_mut() = Body::empty();
        reply.headers_mut().remove(header::CONTENT_LENGTH);
        reply.headers_mut().remove(header::CONTENT_TYPE);
        if reply.status() == StatusCode::NOT_MODIFIED {
            fit_to_not_modified(reply.headers_mut());
        }
        return reply;
    }
    if let Some(length) = reply.body().len() {
        reply
            .headers_mut()
            .entry(header::CONTENT_LENGTH)
            .or_insert(length.into());
    }
    reply
}

fn field<V>(name: &str, value: V) -> Result<(HeaderName, HeaderValue), ResponseError>
where
    V: TryInto<HeaderValue, Error: StdError + Send + Sync + 'static>,
{
    let broken = |source| ResponseError::Header {
        name: name.to_owned(),
        source,
    };
    let value = value.try_into().map_err(|source| broken(source.into()))?;
    let name = name
        .parse()
        .map_err(|source: http::header::InvalidHeaderName| broken(source.into()))?;
    Ok((name, value))
}

/// What a setter of [`Response`] was given that no answer can carry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// A field with a line break in it, or a name that is none.
    #[error("the response's field {name:?} cannot be sent")]
    Header {
        /// The field's name.
        name: String,
        /// What is wrong with name or value.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A number that is no status.
    #[error("the response's status is no number from 100 to 999")]
    Status {
        /// What the type says.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A name with a control character in it.
    #[error("{filename:?} cannot be the name of a download")]
    Filename {
        /// The name.
        filename: String,
        /// Why not.
        source: FieldError,
    },
}
