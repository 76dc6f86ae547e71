use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::gateways::tiny_http::application::Application;
use crate::gateways::tiny_http::pool::Pool;
use crate::http::h1::Limits;
use crate::net::{Address, BindError, Listener};
use crate::record::Record;
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
    app: Box<dyn App>,
    workers: usize,
    write_timeout: Duration,
    limits: Limits,
    facts: Option<ServerFacts>,
    errors: Errors,
    sink: Box<dyn Fn(&Record) + Send + Sync>,
}

impl TinyHttp {
    /// A server of `app`.
    pub fn new(app: impl App) -> Self {
        Self {
            app: Box::new(app),
            workers: WORKERS,
            write_timeout: WRITE_TIMEOUT,
            limits: Limits::default(),
            facts: None,
            errors: Errors::default(),
            sink: Box::new(|_| {}),
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

    /// Gives a record of each request to `sink`, on the thread that served it. What `tiny_http`
    /// refuses by itself leaves none.
    #[must_use]
    pub fn records(mut self, sink: impl Fn(&Record) + Send + Sync + 'static) -> Self {
        self.sink = Box::new(sink);
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
        self.facts = Some(facts);
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
    pub fn serve(self, listener: Listener) -> Result<Serving, BindError> {
        let address = listener.address().clone();
        let is_behind_front = self.facts.is_some();
        let facts = self.facts.unwrap_or_else(|| {
            let (name, port) = match &address {
                Address::Tcp { host, port } => (host.clone(), *port),
                Address::Unix(_) | Address::Fd(_) => ("localhost".into(), 0),
            };
            ServerFacts {
                name,
                port,
                ..ServerFacts::default()
            }
        });
        let application = Application {
            app: self.app,
            facts: Arc::new(facts),
            errors: self.errors,
            sink: self.sink,
            limits: self.limits,
            is_behind_front,
            broken: Mutex::new(VecDeque::new()),
        };
        match Pool::start(listener, application, self.workers, self.write_timeout) {
            Ok(pool) => Ok(Serving { pool }),
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

/// A `tiny_http` at work. Dropping it stops it at once; [`stop`](Self::stop) does so gracefully.
pub struct Serving {
    pool: Arc<Pool>,
}

/// How a stop went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Requests that were still running at the deadline, and go on without a listener.
    pub cut: usize,
}

impl Serving {
    /// Where it listens, with the port that was found free in place of 0.
    pub fn address(&self) -> &Address {
        self.pool.address()
    }

    /// Accepts no more and lets running requests end; what still runs after `grace` is counted.
    /// Connections that are open stay so, until their clients or the process end them.
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

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving")
            .field("address", self.address())
            .finish_non_exhaustive()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.pool.stop(Instant::now());
    }
}
