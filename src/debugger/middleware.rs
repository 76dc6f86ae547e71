use std::fmt;
use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::debugger::capture::{self, Fault};
use crate::debugger::facts::Facts;
use crate::debugger::hosts::Hosts;
use crate::debugger::report;
use crate::exceptions;
use crate::http::header;
use crate::pages::{self, Failure};
use crate::wsgi::{App, Body, Environ, Error, Reply, Result, Route, StartResponse, Status};

/// An app that explains the faults of the app it holds.
///
/// A panic or an `Err` becomes a 500 page: HTML, JSON or text as the client asked. The same
/// report is given to a sink; nothing is printed here. A fault after the first chunk cannot
/// become a page any more: it goes to the sink and on to the server, which cuts the
/// connection so that the client notices.
///
/// Requests for a host that is not this machine's get a 500 that says nothing; see
/// [`allow_host`](Self::allow_host).
///
/// ```
/// use devserve::debugger::Debugger;
/// use devserve::wsgi::{self, Body, Environ, Reply};
///
/// let shop = wsgi::app_fn(|_| {
///     let price: u32 = "three".parse()?;
///     Ok(Reply::new(Body::from(price.to_string())))
/// });
/// let shop = Debugger::new(shop).report_to(|failure| eprint!("{}", failure.to_text()));
/// let reply = wsgi::call(&shop, &mut Environ::new(http::Method::GET, "/price"))?;
/// assert_eq!(reply.status(), 500);
/// assert!(reply.body().starts_with(b"error: invalid digit found in string"));
/// # Ok::<(), wsgi::Error>(())
/// ```
pub struct Debugger<A> {
    app: A,
    hosts: Hosts,
    sink: Arc<Sink>,
}

type Sink = dyn Fn(&Failure) + Send + Sync;

impl<A: App> Debugger<A> {
    /// A debugger around `app`. Installs the panic hook where that is not done yet.
    pub fn new(app: A) -> Self {
        capture::install();
        Self {
            app,
            hosts: Hosts::default(),
            sink: Arc::new(|_| {}),
        }
    }

    /// Gives every report to `sink` too, on the thread it happened on.
    #[must_use]
    pub fn report_to(self, sink: impl Fn(&Failure) + Send + Sync + 'static) -> Self {
        Self {
            sink: Arc::new(sink),
            ..self
        }
    }

    /// Shows details under this host name too (without a port), besides `localhost`,
    /// `*.localhost` and the loopback addresses.
    ///
    /// Name only what nobody else can point at this machine: who may read the page reads your
    /// source.
    #[must_use]
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.hosts.add(name.into());
        self
    }

    /// The answer to a fault: the page for this client, told to the sink on the way. An error
    /// that is an answer of its own, as a 404 is, is no fault.
    fn answer(&self, environ: &Environ, fault: &Fault, elapsed: Duration) -> Reply {
        if let Fault::Error(error) = fault
            && let Some(reply) = exceptions::answer(error, environ)
        {
            return reply;
        }
        let page = tell(&*self.sink, fault, || Facts::of(environ), elapsed)
            .filter(|_| self.hosts.are_asked_for(environ))
            .map_or_else(pages::server_error, |failure| failure.page());
        let accept = environ.headers().get(header::ACCEPT);
        let rendered = page.negotiate(accept.and_then(|value| value.to_str().ok()));
        let mut reply = Reply::new(rendered.body.into());
        *reply.status_mut() = rendered.status;
        *reply.headers_mut() = rendered.headers;
        reply
    }

    /// The body, told of should it fail while it is sent. What is at hand, or has a length and
    /// so comes from a file or a buffer, is left as it is.
    fn watch(&self, mut body: Body, environ: &Environ, began: Instant) -> Body {
        if body.len().is_some() {
            return body;
        }
        let (sink, facts) = (Arc::clone(&self.sink), Facts::of(environ));
        let close = body.take_close();
        let watched = Body::writer(move |out| {
            let mut is_client_gone = false;
            let sent = capture::catch(|| {
                body.send(&mut |chunk| {
                    let written = out.write_all(chunk).and_then(|()| out.flush());
                    is_client_gone = written.is_err();
                    Ok(written?)
                })
            });
            let Err(fault) = sent else { return Ok(()) };
            if !is_client_gone {
                tell(&*sink, &fault, || facts, began.elapsed());
            }
            Err(fault.into_error())
        });
        watched.with_close(close)
    }
}

/// Makes the report and gives it to the sink. `None` where that itself failed: the debugger may
/// lose detail, but never the answer.
fn tell(
    sink: &Sink,
    fault: &Fault,
    facts: impl FnOnce() -> Facts,
    elapsed: Duration,
) -> Option<Failure> {
    panic::catch_unwind(AssertUnwindSafe(|| {
        let failure = report::failure(fault, facts(), elapsed);
        sink(&failure);
        failure
    }))
    .ok()
}

impl Fault {
    /// The error a server gets for it.
    fn into_error(self) -> Error {
        match self {
            Self::Error(error) => error,
            Self::Panic(panic) => Error::from(format!("the app panicked: {}", panic.message)),
        }
    }
}

impl<A: App> App for Debugger<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        let began = Instant::now();
        let answered = capture::catch(|| {
            let mut reply = self.app.call(environ)?;
            // What fails before the first byte can still become a page.
            reply.body_mut().prime()?;
            Ok(reply)
        });
        match answered {
            Ok(reply) => Ok(reply.map(|body| self.watch(body, environ, began))),
            Err(fault) => Ok(self.answer(environ, &fault, began.elapsed())),
        }
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        let began = Instant::now();
        let answered = capture::catch(|| {
            let mut body = self.app.wsgi(environ, start_response)?;
            body.prime()?;
            Ok(body)
        });
        match answered {
            Ok(body) => Ok(self.watch(body, environ, began)),
            Err(fault) => {
                let (head, body) = self.answer(environ, &fault, began.elapsed()).into_parts();
                // Refused, with the fault itself, once the app has written.
                start_response.replace(Status::of(&head), head.headers, fault.into_error())?;
                Ok(body)
            }
        }
    }

    fn routes(&self) -> Result<Vec<Route>> {
        self.app.routes()
    }
}

impl<A> fmt::Debug for Debugger<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Debugger")
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}
