use bytes::Bytes;

use crate::http::StatusCode;
use crate::response::Response;
use crate::response::response::fit_to_status;
use crate::wsgi::{Body, Error, Reply, Result};

/// What a view may return.
///
/// Text answers as `text/plain`, bytes as `application/octet-stream`, a status alone with its
/// name; a pair changes the status; an `Err` becomes its own answer where the client is to
/// blame, else a 500 that the debugger explains.
#[diagnostic::on_unimplemented(
    message = "a view cannot return `{Self}`",
    label = "not an answer",
    note = "return `Response`, text, bytes, a `StatusCode`, `(StatusCode, …)`, or `devserve::Result` of one of them"
)]
pub trait IntoResponse {
    /// The answer as servers and middleware take it.
    ///
    /// # Errors
    /// What the view returned as `Err`, or what was wrong with the response.
    fn into_reply(self) -> Result<Reply>;
}

impl IntoResponse for Response {
    fn into_reply(self) -> Result<Reply> {
        Response::into_reply(self)
    }
}

impl IntoResponse for Reply {
    fn into_reply(self) -> Result<Reply> {
        Ok(self)
    }
}

impl IntoResponse for Body {
    fn into_reply(self) -> Result<Reply> {
        Response::new("application/octet-stream", self).into_reply()
    }
}

impl IntoResponse for &'static str {
    fn into_reply(self) -> Result<Reply> {
        Response::text(self).into_reply()
    }
}

impl IntoResponse for String {
    fn into_reply(self) -> Result<Reply> {
        Response::text(self).into_reply()
    }
}

impl IntoResponse for Vec<u8> {
    fn into_reply(self) -> Result<Reply> {
        Response::bytes(self).into_reply()
    }
}

impl IntoResponse for Bytes {
    fn into_reply(self) -> Result<Reply> {
        Response::bytes(self).into_reply()
    }
}

impl IntoResponse for StatusCode {
    fn into_reply(self) -> Result<Reply> {
        let name = self.canonical_reason().unwrap_or("");
        Response::text(name).status(self).into_reply()
    }
}

impl<R: IntoResponse> IntoResponse for (StatusCode, R) {
    fn into_reply(self) -> Result<Reply> {
        let (status, rest) = self;
        let mut reply = rest.into_reply()?;
        *reply.status_mut() = status;
        Ok(fit_to_status(reply))
    }
}

impl<R: IntoResponse, E: Into<Error>> IntoResponse for Result<R, E> {
    fn into_reply(self) -> Result<Reply> {
        self.map_err(Into::into)?.into_reply()
    }
}
