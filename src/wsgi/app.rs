use std::sync::Arc;

use bytes::Bytes;

use crate::wsgi::start_response::{Held, StartResponse};
use crate::wsgi::{Body, Environ, Result, Route, Status};

/// An app's answer: status, header fields and a [`Body`], in crate `http`'s own type.
pub type Reply = http::Response<Body>;

/// Something that answers requests, called by a server or by another app around it.
///
/// Write a view, `fn(&Request) -> impl IntoResponse`: every such function is an app. Implement
/// the trait for middleware, which holds an app and is one.
///
/// ```
/// use devserve::wsgi::{App, Environ, Reply, Result};
///
/// /// Names the server that answered.
/// struct Signed<A>(A);
///
/// impl<A: App> App for Signed<A> {
///     fn call(&self, environ: &mut Environ) -> Result<Reply> {
///         let mut reply = self.0.call(environ)?;
///         reply.headers_mut().insert("via", "1.1 devserve".parse()?);
///         Ok(reply)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an app",
    label = "not an app",
    note = "write a view: `fn(&Request) -> impl IntoResponse`; a closure needs its argument's type, or `devserve::app(|request| …)`",
    note = "for the environ itself: `wsgi::app_fn(|environ| …)` or `wsgi::application(|environ, start_response| …)`"
)]
pub trait App: Send + Sync + 'static {
    /// Answers one request. Runs on the request's own thread and may block.
    ///
    /// The caller keeps the environ, also after an `Err` or a panic.
    ///
    /// # Errors
    /// Whatever the app could not handle; the server answers it with a 500.
    fn call(&self, environ: &mut Environ) -> Result<Reply>;

    /// Answers one request in PEP 3333's own form: tells `start_response` the head and returns
    /// the body.
    ///
    /// This is the door servers use. Only what `write`s, or what wraps something that may,
    /// has reason to implement it.
    ///
    /// # Errors
    /// As [`call`](Self::call); also what `start_response` refuses.
    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        let (head, body) = self.call(environ)?.into_parts();
        start_response.begin(Status::of(&head), head.headers)?;
        Ok(body)
    }

    /// What the app answers, in the order in which it looks for an answer: what
    /// `devserve routes` shows. Middleware tells the map of the app it holds; an app without a
    /// map says so with a [`Route::unknown`], as it does by default.
    ///
    /// # Errors
    /// A map that cannot be, as with two rules that say the same.
    fn routes(&self) -> Result<Vec<Route>> {
        Ok(vec![Route::unknown("an app without a map")])
    }
}

impl<A: App + ?Sized> App for Arc<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        (**self).call(environ)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        (**self).wsgi(environ, start_response)
    }

    fn routes(&self) -> Result<Vec<Route>> {
        (**self).routes()
    }
}

impl App for Box<dyn App> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        (**self).call(environ)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        (**self).wsgi(environ, start_response)
    }

    fn routes(&self) -> Result<Vec<Route>> {
        (**self).routes()
    }
}

/// Runs `app` once, as a server would, and collects its answer. The body is empty for `HEAD`
/// and for statuses that have none.
///
/// # Errors
/// What the app returned, what its body yielded, or a broken rule of `start_response`.
pub fn call(app: &dyn App, environ: &mut Environ) -> Result<http::Response<Bytes>> {
    let (head, body) = run(app, environ)?.into_parts();
    Ok(http::Response::from_parts(head, body.collect()?))
}

/// Runs `app` once, as a server would, and leaves the body to be made: [`call`] without the
/// wait.
///
/// # Errors
/// What the app returned, or a broken rule of `start_response`.
pub fn run(app: &dyn App, environ: &mut Environ) -> Result<Reply> {
    let mut held = Held::default();
    let body = app.wsgi(environ, &mut held)?;
    let reply = held.into_reply(body)?;
    let bodiless = *environ.method() == http::Method::HEAD
        || matches!(reply.status().as_u16(), 100..=199 | 204 | 304);
    Ok(match bodiless {
        true => reply.map(|_| Body::empty()),
        false => reply,
    })
}
