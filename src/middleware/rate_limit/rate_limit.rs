use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::exceptions::HttpException;
use crate::middleware::doors;
use crate::middleware::rate_limit::buckets::Buckets;
use crate::wsgi::{App, Body, Environ, Reply, Result, Route, StartResponse};

/// An app that each client may ask so many times in so much time. Beyond that the answer is a
/// 429, with `Retry-After`.
///
/// A client has a bucket of tokens, which fills at a constant rate, and each request takes one:
/// all at once, or spread. A client is an address, and of IPv6 a /64, as anybody has that many;
/// behind a proxy [`ProxyFix`](crate::middleware::ProxyFix) stands around this. Memory is
/// bounded, whoever asks.
///
/// ```
/// use std::time::Duration;
/// use devserve::Request;
/// use devserve::middleware::RateLimit;
/// use devserve::testing::Client;
///
/// let app = RateLimit::new(|_: &Request| "hello", 2, Duration::from_secs(60));
/// let client = Client::new(app);
/// client.get("/").send()?;
/// client.get("/").send()?;
/// let refused = client.get("/").send()?;
/// assert_eq!((refused.status().as_u16(), refused.header("retry-after")), (429, Some("30")));
/// # Ok::<(), devserve::Error>(())
/// ```
pub struct RateLimit<A> {
    app: A,
    buckets: Mutex<Buckets>,
    key: Box<Key>,
    clock: Box<dyn Fn() -> Instant + Send + Sync>,
}

type Key = dyn Fn(&Environ) -> Option<Vec<u8>> + Send + Sync;

/// So many clients are remembered: about a megabyte.
const MOST_CLIENTS: usize = 10_000;

impl<A: App> RateLimit<A> {
    /// `app`, for `requests` in each `period` from every client.
    ///
    /// # Panics
    /// If there would be no request, or no limit: `requests` or `period` is zero.
    #[track_caller]
    pub fn new(app: A, requests: u32, period: Duration) -> Self {
        assert!(
            requests > 0 && period > Duration::ZERO,
            "a limit is some requests in some time, not {requests} in {period:?}"
        );
        // So short an interval that it is none would be no limit.
        let interval = (period / requests).max(Duration::from_nanos(1));
        Self {
            app,
            buckets: Mutex::new(Buckets::new(interval, requests, MOST_CLIENTS)),
            key: Box::new(|environ| Some(client(environ))),
            clock: Box::new(Instant::now),
        }
    }

    /// At most so many at once, and the others spread over the period. Zero is taken for one.
    pub fn burst(self, requests: u32) -> Self {
        self.with_buckets(|buckets| buckets.burst = requests.max(1))
    }

    /// Remembers at most so many clients. Beyond that those furthest from their limit are
    /// forgotten, and start anew.
    pub fn most_clients(self, clients: usize) -> Self {
        self.with_buckets(|buckets| buckets.most_clients = clients.max(1))
    }

    /// Who a request is from: a user's name or an API key, say. `None` is never limited.
    pub fn key<K>(mut self, key: impl Fn(&Environ) -> Option<K> + Send + Sync + 'static) -> Self
    where
        K: Into<Vec<u8>>,
    {
        self.key = Box::new(move |environ| key(environ).map(Into::into));
        self
    }

    /// Reads the time from another clock than the system's.
    pub fn clock(mut self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    fn with_buckets(mut self, change: impl FnOnce(&mut Buckets)) -> Self {
        let buckets = self.buckets.get_mut();
        change(buckets.unwrap_or_else(PoisonError::into_inner));
        self
    }

    /// The answer to a client that asked too often.
    fn refusal(&self, environ: &Environ) -> Result<Option<Reply>> {
        let Some(key) = (self.key)(environ) else {
            return Ok(None);
        };
        let now = (self.clock)();
        let taken = {
            // Nothing in it panics half-way.
            let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
            buckets.take(&key, now)
        };
        let Err(wait) = taken else {
            return Ok(None);
        };
        // The field has whole seconds, and who comes back early is refused again.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let exception =
            HttpException::too_many_requests().with_retry_after(Duration::from_secs(seconds));
        doors::refusal(exception, environ).map(Some)
    }
}

impl<A: App> App for RateLimit<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        doors::call(self.refusal(environ)?, &self.app, environ)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        doors::wsgi(self.refusal(environ)?, &self.app, environ, start_response)
    }

    fn routes(&self) -> Result<Vec<Route>> {
        self.app.routes()
    }
}

/// Who asks. On a Unix socket that is one client: whoever has the socket.
fn client(environ: &Environ) -> Vec<u8> {
    match environ.remote().map(|remote| remote.ip().to_canonical()) {
        None => Vec::new(),
        Some(IpAddr::V4(address)) => address.octets().to_vec(),
        Some(IpAddr::V6(address)) => address.octets()[..8].to_vec(),
    }
}

impl<A: fmt::Debug> fmt::Debug for RateLimit<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}
