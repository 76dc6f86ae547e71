use std::fmt;

use crate::wsgi::start_response::{Held, StartResponse};
use crate::wsgi::{App, Body, Environ, Reply, Result};

/// An app of PEP 3333's own form; made by [`application`].
pub struct Application<F>(F);

/// The classic form: `|environ, start_response| { …; Ok(body) }`.
///
/// `start_response` may be told the head once, or again with the error that forced it as long
/// as nothing is sent. Unlike in Python it cannot be called later than the function returns.
///
/// Under middleware that works on a [`Reply`], what the app `write`s waits until it returns;
/// directly under a server, or under middleware of this form, it is sent at once.
pub fn application<F>(function: F) -> Application<F>
where
    F: Fn(&mut Environ, &mut dyn StartResponse) -> Result<Body> + Send + Sync + 'static,
{
    Application(function)
}

impl<F> App for Application<F>
where
    F: Fn(&mut Environ, &mut dyn StartResponse) -> Result<Body> + Send + Sync + 'static,
{
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        let mut held = Held::default();
        let body = (self.0)(environ, &mut held)?;
        held.into_reply(body)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        (self.0)(environ, start_response)
    }
}

impl<F> fmt::Debug for Application<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Application")
    }
}

/// An app that works on the environ and returns a reply; made by [`app_fn`].
pub struct AppFn<F>(F);

/// The short form for middleware: `app_fn(move |environ| { let mut reply = inner.call(environ)?; …; Ok(reply) })`.
pub fn app_fn<F>(function: F) -> AppFn<F>
where
    F: Fn(&mut Environ) -> Result<Reply> + Send + Sync + 'static,
{
    AppFn(function)
}

impl<F> App for AppFn<F>
where
    F: Fn(&mut Environ) -> Result<Reply> + Send + Sync + 'static,
{
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        (self.0)(environ)
    }
}

impl<F> fmt::Debug for AppFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppFn")
    }
}
