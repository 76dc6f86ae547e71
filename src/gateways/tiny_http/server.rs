use std::fmt;
use std::time::Duration;

use crate::gateways::tiny_http::exchange::Exchange;
use crate::gateways::tiny_http::pool::Pool;
use crate::http::h1::Limits;
use crate::net::{Address, BindError, Listener};
use crate::serving::{Application, Record, Serving};
use crate::wsgi::{App, Errors, ServerFacts};

/// Requests that run at once, as our own engine has it.
const WORKERS: usize = 256;
/// Between two successful writes, likewise.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves an app with crate `tiny_http`: the builder, in the words of
/// [`Server`](crate::server::Server).
///
/// ```no_run
/// use devserve::gateways::tiny_http::TinyHttp;
/// use devserve::net::Address;
/// use devserve::wsgi::{self, Reply};
///
/// let app = wsgi::app_fn(|_| Ok(Reply::new("Hello!\n".into())));
/// let serving = TinyHttp::new(app).bind(&Address::tcp("127.0.0.1", 8000))?;
/// println!("http://{}/", serving.address());
/// serving.wait();
/// # Ok::<(), devserve::Error>(())
/// ```
pub struct TinyHttp {
    application: Application,
    workers: usize,
    write_timeout: Duration,
    limits: Limits,
}

impl TinyHttp {
    /// A server of `app`.
    pub fn new(app: impl App) -> Self {
        Self {
            application: Application::new(app),
            workers: WORKERS,
            write_timeout: WRITE_TIMEOUT,
            limits: Limits::default(),
        }
    }

    /// At most so many requests at once; more wait. `tiny_http` has a further thread for each
    /// connection, without bound.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// How long a client may take nothing of an answer, on TCP.
    #[must_use]
    pub fn write_timeout(mut self, patience: Duration) -> Self {
        self.write_timeout = patience;
        self
    }

    /// With these bounds on heads. They hold for what `tiny_http` has read, and do not keep it
    /// from reading.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// With this `Server` field, where the app sets none; empty sends none.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.application.server_name = name.into();
        self
    }

    /// Gives a record of each request to `sink`, on the thread that served it. What `tiny_http`
    /// refuses by itself leaves none.
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

    /// Listens at `address` and serves.
    ///
    /// # Errors
    /// [`BindError`], also where the system gives no thread.
    pub fn bind(self, address: &Address) -> Result<Serving, BindError> {
        self.serve(Listener::bind(address)?)
    }

    /// Serves on a socket that listens: TCP or Unix, opened here or inherited.
    ///
    /// # Errors
    /// [`BindError::Failed`] where the system gives no thread or descriptor.
    pub fn serve(mut self, listener: Listener) -> Result<Serving, BindError> {
        let address = listener.address().clone();
        self.application.serve_at(&address, "http");
        let exchange = Exchange::new(self.application, self.limits);
        match Pool::start(listener, exchange, self.workers, self.write_timeout) {
            Ok(pool) => Ok(Serving::new(pool)),
            Err(source) => Err(BindError::Failed { address, source }),
        }
    }
}

impl fmt::Debug for TinyHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TinyHttp")
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}
