//! Views: functions from a request to an answer, and how they become apps.
//!
//! This is the one place where `request`, `response` and `exceptions` meet, and so it stands
//! above them all: reading a request, making a reply, and answering what the client got wrong
//! are each written without the others.

use crate::exceptions;
use crate::request::Request;
use crate::response::IntoResponse;
use crate::wsgi::{App, Environ, Reply, Result};

/// Every function from a request to an answer is an app.
///
/// An `Err` that is an answer (an [`HttpException`](exceptions::HttpException), a bad form, a
/// missing file) is sent as such; every other goes up, to the debugger or the server's 500.
impl<F, R> App for F
where
    F: Fn(&Request<'_>) -> R + Send + Sync + 'static,
    R: IntoResponse,
{
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        let reply = self(&Request::new(environ)).into_reply();
        reply.or_else(|error| exceptions::answer(&error, environ).ok_or(error))
    }
}

/// Tells the compiler that a closure is a view, so that its argument needs no type.
///
/// ```
/// let hello = devserve::app(|request| format!("You asked for {}", request.path()));
/// # let _ = hello;
/// ```
pub fn app<F, R>(view: F) -> F
where
    F: Fn(&Request<'_>) -> R + Send + Sync + 'static,
    R: IntoResponse,
{
    view
}
