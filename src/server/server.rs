use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crate::http::h1::Limits;
use crate::net::{Address, BindError, Identity, Listener};
use crate::server::exchange::Exchange;
use crate::server::pool::Pool;
use crate::server::settings::Settings;
use crate::serving::{Application, Engine, Record, Serving};
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
    application: Application,
    settings: Settings,
    identity: Option<Identity>,
}

impl Server {
    /// A server of `app` with the default [`Settings`].
    pub fn new(app: impl App) -> Self {
        Self {
            application: Application::new(app),
            settings: Settings::default(),
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
        self.application.sink = Box::new(sink);
        self
    }

    /// Where apps write for the person at the server: `wsgi.errors`.
    #[must_use]
    pub fn errors(mut self, errors: Errors) -> Self {
        self.application.errors = errors;
        self
    }

    /// Behind a front that owns the public address: these are its facts, and it names the peer
    /// of each request. Only for a socket that nobody else can reach.
    #[must_use]
    pub fn behind_front(mut self, facts: ServerFacts) -> Self {
        self.application.behind_front(facts);
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
        Arc::make_mut(&mut self.application.facts).is_multiprocess = is_multiprocess;
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
        let scheme = if listener.has_tls() { "https" } else { "http" };
        self.application.serve_at(&address, scheme);
        self.application
            .server_name
            .clone_from(&self.settings.server_name);
        match Pool::start(listener, wrap(self.application), self.settings) {
            Ok(pool) => Ok(Serving::new(pool)),
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

impl Engine for Pool {
    fn address(&self) -> &Address {
        self.address()
    }

    fn stop(&self, deadline: Instant) -> usize {
        self.stop(deadline)
    }

    fn wait(&self) {
        self.wait();
    }
}
