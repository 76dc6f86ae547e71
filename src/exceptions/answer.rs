use std::error::Error as StdError;

use crate::exceptions::HttpException;
use crate::forms::{FormError, TypedError, TypedFormError};
use crate::http::{StatusCode, ValueError};
use crate::request::{JsonError, Request};
use crate::response::FileError;
use crate::wsgi::{Environ, Error, Reply};

/// The reply to an error that is an answer: an [`HttpException`], or something the client got
/// wrong. `None` for a failure of the app itself.
///
/// The media type is the one the client likes best of text, HTML and JSON.
pub fn answer(error: &Error, environ: &Environ) -> Option<Reply> {
    let exception = exception(error.source())?;
    exception.page(&Request::new(environ)).into_reply().ok()
}

/// The exception an error is, or stands for.
///
/// Only the error itself counts. A form error deep inside an app's own error may be about
/// another request altogether, made by the app.
fn exception(error: &(dyn StdError + Send + Sync + 'static)) -> Option<HttpException> {
    if let Some(exception) = error.downcast_ref::<HttpException>() {
        return Some(exception.clone());
    }
    let status = if let Some(error) = error.downcast_ref::<FormError>() {
        error.status()
    } else if let Some(error) = error.downcast_ref::<JsonError>() {
        error.status()
    } else if let Some(TypedFormError::Form(error)) = error.downcast_ref() {
        error.status()
    } else if error.is::<ValueError>() || error.is::<TypedError>() || error.is::<TypedFormError>() {
        StatusCode::BAD_REQUEST
    } else if let Some(FileError::Missing { .. }) = error.downcast_ref() {
        // The path on our disk is nobody's business.
        return Some(HttpException::not_found());
    } else {
        return None;
    };
    status
        .is_client_error()
        .then(|| HttpException::new(status).with_description(told(error)))
}

/// The error and its causes, as one text for the person who sent the request; with the mend
/// for whoever runs the app, who in development is the same.
fn told(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.contains(&reason) {
            text = format!("{text}: {reason}");
        }
        cause = error.source();
    }
    if let Some(help) = error.downcast_ref::<FormError>().and_then(FormError::help) {
        text = format!("{text}\n{help}");
    }
    text
}
