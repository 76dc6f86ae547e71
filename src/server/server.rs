use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::http::h1::Limits;
use crate::net::{Address, BindError, Identity, Listener};
use crate::record::Record;
use crate::server::application::{Application, Origin};
use crate::server::exchange::Exchange;
use crate::server::pool::Pool;
use crate::server::settings::Settings;
use crate::wsgi::{App, Errors, ServerFacts};

/// Serves an app: the builder of the engine.
///
/// ```no_run
/// use devserve::net::Address;
/// use devserve::server::Server;
/// use devserve::wsgi::{self, Body};
///
/// let app = wsgi::application(|_environ, start_response| {
///     start_response.start("200 OK", [("Content-Type", "text/plain")])?;
///     Ok(Body::from("Hello!\n"))
/// });
/// let serving = Server::new(app).bind(&Address::tcp("127.0.0.1", 8000))?;
/// println!("http://{}/", serving.address());
/// serving.wait();
/// # Ok::<(), devserve::Error>(())
/// ```
pub struct Server {
    app: Box<dyn App>,
    settings: Settings,
    facts: ServerFacts,
    errors: Errors,
    sink: Arc<dyn Fn(&Record) + Send + Sync>,
    origin: Origin,
    identity: Option<Identity>,
}

impl Server {
    /// A server of `app` with the default [`Settings`].
    pub fn new(app: impl App) -> Self {
        Self {
            app: Box::new(app),
            settings: Settings::default(),
            facts: ServerFacts::default(),
            errors: Errors::default(),
            sink: Arc::new(|_| {}),
            origin: Origin::Socket,
            identity: None,
        }
    }

    /// With these settings.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// With these bounds on heads and framing.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// At most so many requests at once.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.settings.workers = workers;
        self
    }

    /// At most so many connections at once.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.settings.connections = connections;
        self
    }

    /// Gives a record of each request to `sink`, on the thread that served it.
    #[must_use]
    pub fn records(mut self, sink: impl Fn(&Record) + Send + Sync + 'static) -> Self {
        self.sink = Arc::new(sink);
        self
    }

    /// Where apps write for the person at the server: `wsgi.errors`.
    #[must_use]
    pub fn errors(mut self, errors: Errors) -> Self {
        self.errors = errors;
        self
    }

    /// Behind a front that owns the public address: these are its facts, and it names the peer
    /// of each request. Only for a socket that nobody else can reach.
    #[must_use]
    pub fn behind_front(mut self, facts: ServerFacts) -> Self {
        self.facts = facts;
        self.origin = Origin::Front;
        self
    }

    /// Serves by HTTPS, and shows `identity` to whoever connects (feature `tls`).
    ///
    /// Plain HTTP on the same port is answered with a redirect. Apps see `https` as
    /// `wsgi.url_scheme`, unless a [front](Self::behind_front) says otherwise.
    #[must_use]
    pub fn tls(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Listens at `address` and serves.
    ///
    /// # Errors
    /// [`BindError`], also where the system gives no thread or poller.
    pub fn bind(self, address: &Address) -> Result<Serving, BindError> {
        self.serve(Listener::bind(address)?)
    }

    /// Serves on a socket that listens.
    ///
    /// # Errors
    /// [`BindError::Failed`] where the system gives no thread or poller.
    pub fn serve(self, listener: Listener) -> Result<Serving, BindError> {
        self.start(listener, |application| application)
    }

    /// Tells apps whether other processes may call them too.
    pub(super) fn is_multiprocess(&mut self, is_multiprocess: bool) {
        self.facts.is_multiprocess = is_multiprocess;
    }

    /// Serves on a socket that listens, with what `wrap` makes of the application.
    pub(super) fn start<E: Exchange>(
        mut self,
        mut listener: Listener,
        wrap: impl FnOnce(Application) -> E,
    ) -> Result<Serving, BindError> {
        if let Some(identity) = self.identity {
            listener = listener.with_tls(identity);
        }
        let address = listener.address().clone();
        if self.origin == Origin::Socket {
            (self.facts.name, self.facts.port) = match &address {
                Address::Tcp { host, port } => (host.clone(), *port),
                Address::Unix(_) | Address::Fd(_) => ("localhost".into(), 0),
            };
            if listener.has_tls() {
                self.facts.scheme = "https".into();
            }
        }
        let application = Application {
            app: self.app,
            facts: Arc::new(self.facts),
            errors: self.errors,
            sink: self.sink,
            origin: self.origin,
        };
        match Pool::start(listener, wrap(application), self.settings) {
            Ok(pool) => Ok(Serving { pool }),
            Err(source) => Err(BindError::Failed { address, source }),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// A server at work. Dropping it stops it at once; [`stop`](Self::stop) does so gracefully.
#[derive(Debug)]
pub struct Serving {
    pool: Arc<Pool>,
}

/// How a stop went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Requests that were still running at the deadline.
    pub cut: usize,
}

impl Serving {
    /// Where it listens, with the port that was found free in place of 0.
    pub fn address(&self) -> &Address {
        self.pool.address()
    }

    /// Accepts no more, closes idle connections, and lets running requests end; what still
    /// runs after `grace` is cut.
    pub fn stop(&self, grace: Duration) -> Stopped {
        Stopped {
            cut: self.pool.stop(Instant::now() + grace),
        }
    }

    /// Serves until another thread calls [`stop`](Self::stop) through a shared reference.
    pub fn wait(&self) {
        self.pool.wait();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.pool.stop(Instant::now());
    }
}
