use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::exceptions::HttpException;
use crate::http::{HeaderMap, Method, StatusCode};
use crate::middleware::doors::{self, EditedHead};
use crate::middleware::profiler::ledger::Ledger;
use crate::middleware::profiler::{Report, page};
use crate::request::Request;
use crate::response::Response;
use crate::text::visible::visible;
use crate::wsgi::{App, Body, Environ, Reply, Result, Route, StartResponse};

/// An app whose requests are timed: how many there were for each rule of its router, or at each
/// path where it has none, how long they took, on average and at worst, and which were the
/// slowest.
///
/// The tables are at a path of your choice, as a page, JSON or text; a `DELETE` there begins
/// anew. A request's time ends when its body does, so streams count as long as they last, and
/// so does the time a client takes to read.
///
/// ```
/// use devserve::Request;
/// use devserve::middleware::Profiler;
/// use devserve::testing::Client;
///
/// let client = Client::new(Profiler::new(|_: &Request| "hello", "/profile"));
/// client.get("/carts").send()?;
/// let table = client.get("/profile").header("accept", "text/plain").send()?;
/// assert!(table.text().contains("GET /carts"));
/// # Ok::<(), devserve::Error>(())
/// ```
///
/// Which functions the time goes to, a sampler tells: `perf`, or `samply record`, on a program
/// built with debug information.
///
/// Whoever asks for the path is shown what others asked for: this is for development.
/// [`BasicAuth`](crate::middleware::BasicAuth) around it keeps strangers out.
pub struct Profiler<A> {
    app: A,
    path: String,
    name: Option<Box<Name>>,
    book: Book,
}

type Name = dyn Fn(&Environ) -> String + Send + Sync;

/// What a request still on its way holds on to.
#[derive(Clone)]
struct Book {
    ledger: Arc<Mutex<Ledger>>,
    clock: Arc<dyn Fn() -> Instant + Send + Sync>,
}

impl<A: App> Profiler<A> {
    /// `app`, with the tables at `path`.
    ///
    /// # Panics
    /// If the path does not begin with a slash.
    #[track_caller]
    pub fn new(app: A, path: &str) -> Self {
        Self {
            app,
            path: doors::prefix(path).to_owned(),
            name: None,
            book: Book {
                ledger: Arc::default(),
                clock: Arc::new(Instant::now),
            },
        }
    }

    /// Counts requests together that have the same name, in place of the same method and rule,
    /// or path where no router answers. The name is made before the app is called. Names beyond
    /// 500 are counted as one.
    pub fn name_by(mut self, name: impl Fn(&Environ) -> String + Send + Sync + 'static) -> Self {
        self.name = Some(Box::new(name));
        self
    }

    /// Reads the time from another clock than the system's.
    pub fn clock(mut self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        self.book.clock = Arc::new(clock);
        self
    }

    /// What was measured so far.
    pub fn report(&self) -> Report {
        self.book.ledger().report()
    }

    /// The answer to a request for the tables.
    fn tables(&self, environ: &Environ) -> Result<Option<Reply>> {
        if environ.path_info() != self.path.as_bytes() {
            return Ok(None);
        }
        match *environ.method() {
            Method::GET | Method::HEAD => self.show(environ).into_reply().map(Some),
            Method::DELETE => {
                *self.book.ledger() = Ledger::default();
                Response::empty().into_reply().map(Some)
            }
            _ => {
                let allowed = [Method::GET, Method::HEAD, Method::DELETE];
                let exception = HttpException::method_not_allowed().with_allow(allowed);
                doors::refusal(exception, environ).map(Some)
            }
        }
    }

    fn show(&self, environ: &Environ) -> Response {
        let report = self.report();
        let offers = ["text/html", "application/json", "text/plain"];
        let response = match Request::new(environ).best_match(&offers) {
            Some("application/json") => Response::new("application/json", report.to_json()),
            Some("text/plain") => Response::text(report.to_string()),
            _ => page::page(&report),
        };
        response
            .header("cache-control", "no-store")
            .header("x-content-type-options", "nosniff")
            .header("referrer-policy", "no-referrer")
            .vary(["accept"])
    }

    /// Starts the clock for a request.
    fn start(&self, environ: &Environ) -> Timing {
        let target = environ.raw_target().escape_ascii();
        let name = match &self.name {
            Some(name) => name(environ),
            None => format!("{} {}", environ.method(), environ.path()),
        };
        Timing {
            name: visible(&name).into_owned(),
            request: format!("{} {target}", environ.method()),
            status: None,
            began: (self.book.clock)(),
            book: self.book.clone(),
        }
    }
}

impl<A> Profiler<A> {
    /// A router that has answered left word of its rule.
    fn name_by_rule(&self, timing: &mut Timing, environ: &Environ) {
        if self.name.is_none()
            && let Some(rule) = rule_of(environ)
        {
            timing.name = format!("{} {}", environ.method(), visible(&rule));
        }
    }
}

#[cfg(feature = "routing")]
fn rule_of(environ: &Environ) -> Option<String> {
    Request::new(environ).url_rule()
}

#[cfg(not(feature = "routing"))]
fn rule_of(_: &Environ) -> Option<String> {
    None
}

impl<A: App> App for Profiler<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        if let Some(tables) = self.tables(environ)? {
            return Ok(tables);
        }
        let mut timing = self.start(environ);
        let reply = self.app.call(environ);
        self.name_by_rule(&mut timing, environ);
        let reply = reply?;
        timing.status = Some(reply.status().as_u16());
        Ok(reply.map(|body| body.on_close(|| drop(timing))))
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        if let Some(tables) = self.tables(environ)? {
            return doors::start(tables, start_response);
        }
        let mut timing = self.start(environ);
        let status = Cell::new(None);
        let mut start = EditedHead {
            start_response,
            edit: |told: StatusCode, _: &mut HeaderMap| status.set(Some(told.as_u16())),
        };
        let body = self.app.wsgi(environ, &mut start);
        self.name_by_rule(&mut timing, environ);
        let body = body?;
        timing.status = status.get();
        Ok(body.on_close(|| drop(timing)))
    }

    fn routes(&self) -> Result<Vec<Route>> {
        let mut tables = Route::new(&self.path, "profiler");
        tables.methods = Some(vec![Method::DELETE, Method::GET, Method::HEAD]);
        let mut routes = vec![tables];
        routes.extend(self.app.routes()?);
        Ok(routes)
    }
}

impl Book {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // An entry is made whole or not at all.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request whose clock runs until this is dropped: with its body, or where it failed.
struct Timing {
    name: String,
    request: String,
    status: Option<u16>,
    began: Instant,
    book: Book,
}

impl Drop for Timing {
    fn drop(&mut self) {
        let took = (self.book.clock)().saturating_duration_since(self.began);
        let (name, request) = (
            std::mem::take(&mut self.name),
            std::mem::take(&mut self.request),
        );
        self.book.ledger().enter(name, request, self.status, took);
    }
}

impl<A: fmt::Debug> fmt::Debug for Profiler<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profiler")
            .field("app", &self.app)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
