use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::net::Address;

/// Nothing is waited for any longer, also where `Duration::MAX` is said: an `Instant` has an end.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// What moves the bytes behind a [`Serving`].
pub(crate) trait Engine: Send + Sync {
    /// Where it listens.
    fn address(&self) -> &Address;

    /// Accepts no more and lets running requests end until `deadline`; how many did not.
    fn stop(&self, deadline: Instant) -> usize;

    /// Blocks until a stop has begun.
    fn wait(&self);
}

/// A server at work. Dropping it stops it at once; [`stop`](Self::stop) does so gracefully.
pub struct Serving {
    engine: Arc<dyn Engine>,
}

/// How a stop went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Requests that were still running at the deadline.
    pub cut: usize,
}

impl Serving {
    pub(crate) fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine }
    }

    /// Where it listens, with the port that was found free in place of 0.
    pub fn address(&self) -> &Address {
        self.engine.address()
    }

    /// Accepts no more, closes idle connections, and lets running requests end; what still
    /// runs after `grace` is cut. `tiny_http` can close and cut nothing, and only counts.
    pub fn stop(&self, grace: Duration) -> Stopped {
        Stopped {
            cut: self.engine.stop(Instant::now() + grace.min(LONGEST_WAIT)),
        }
    }

    /// Serves until another thread calls [`stop`](Self::stop) through a shared reference.
    pub fn wait(&self) {
        self.engine.wait();
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
        self.engine.stop(Instant::now());
    }
}
