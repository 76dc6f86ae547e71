//! PEP 3333's own form: an environ, `start_response`, its `write`, and middleware by nesting.
//!
//! `devserve run --example raw_wsgi`, then `curl -i http://127.0.0.1:8000/tea` shows the
//! environ as the app got it, below a line that was sent ahead of it by `write`, and a field
//! that the middleware added. `curl -i http://127.0.0.1:8000/again` answers 503: the head was
//! told again, with the error that forced it, before anything was sent.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

use devserve::wsgi::{self, App, Body, Environ, Result, StartResponse, Status};
use http::{HeaderMap, HeaderValue};

pub(crate) fn app() -> impl App {
    Timed(wsgi::application(show_environ))
}

fn show_environ(environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
    let mut write = start_response.start(
        "200 Here You Are",
        [("Content-Type", "text/plain; charset=latin-1")],
    )?;
    if environ.path() == "/again" {
        let cause = "the kettle is broken";
        start_response.start_again("503 No Tea", [("Content-Type", "text/plain")], cause)?;
        return Ok("try again later\n".into());
    }
    writeln!(write, "the environ of this request:")?;
    let mut page = String::new();
    for (key, value) in environ.iter() {
        writeln!(page, "{key} = {value}")?;
    }
    Ok(page.into())
}

/// Middleware: an app that holds an app, and hears what it tells `start_response`.
struct Timed<A>(A);

impl<A: App> App for Timed<A> {
    fn call(&self, environ: &mut Environ) -> Result<wsgi::Reply> {
        self.0.call(environ)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        self.0.wsgi(
            environ,
            &mut Timing {
                began: Instant::now(),
                inner: start_response,
            },
        )
    }
}

struct Timing<'a> {
    began: Instant,
    inner: &'a mut dyn StartResponse,
}

impl Timing<'_> {
    fn stamp(&self, mut headers: HeaderMap) -> Result<HeaderMap> {
        let elapsed = format!("app;dur={:.3}", self.began.elapsed().as_secs_f64() * 1e3);
        headers.insert("server-timing", HeaderValue::try_from(elapsed)?);
        Ok(headers)
    }
}

impl StartResponse for Timing<'_> {
    fn begin(&mut self, status: Status, headers: HeaderMap) -> Result<()> {
        let headers = self.stamp(headers)?;
        self.inner.begin(status, headers)
    }

    fn replace(
        &mut self,
        status: Status,
        headers: HeaderMap,
        cause: devserve::Error,
    ) -> Result<()> {
        let headers = self.stamp(headers)?;
        self.inner.replace(status, headers, cause)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.inner.write(bytes)
    }
}

fn main() -> Result<()> {
    devserve::run(app())
}
