use std::error::Error as StdError;

use crate::exceptions::HttpException;
use crate::http::StatusCode;
use crate::request::Request;
use crate::wsgi::{Environ, Error, Reply};

/// The reply to an error that is an answer: an [`HttpException`], or something the client got
/// wrong. `None` for a failure of the app itself.
///
/// The media type is the one the client likes best of HTML, JSON and text. Only the error
/// itself counts, not its causes: a form error deep inside an app's own may be about another
/// request altogether, made by the app.
pub fn answer(error: &Error, environ: &Environ) -> Option<Reply> {
    let exception = HttpException::of_error(error)?;
    let response = exception.page(&Request::new(environ));
    response.into_reply().ok()
}

fn client_fault(error: &(dyn StdError + Send + Sync + 'static)) -> Option<HttpException> {
    HttpException::standing_for(error).filter(|exception| !exception.status().is_server_error())
}

impl HttpException {
    /// The exception that an error is or stands for; `None` for a failure of the app itself.
    pub fn of_error(error: &Error) -> Option<Self> {
        let source = error.source();
        match source.downcast_ref::<Self>() {
            Some(exception) => Some(exception.clone()),
            None => client_fault(source),
        }
    }

    /// The exception for a low error. It tells what was wrong with the request, and nothing of
    /// our disk or our own faults.
    pub(super) fn of(
        error: &(dyn StdError + 'static),
        status: StatusCode,
        help: Option<String>,
    ) -> Self {
        let exception = Self::new(status);
        let is_about_our_disk = matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
        if !status.is_client_error() || is_about_our_disk {
            return exception;
        }
        let mut told = error.to_string();
        for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
            told = format!("{told}: {cause}");
        }
        if let Some(help) = help {
            told = format!("{told}\n{help}");
        }
        exception.with_description(told)
    }
}
