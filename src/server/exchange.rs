use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::h1::{Fault, Persistence, RequestHead};
use crate::net::{Peer, Stream};
use crate::server::Settings;
use crate::wire::Incoming;

/// Answers requests for a [`Pool`](crate::server::Pool), which moves the connections.
pub(crate) trait Exchange: Send + Sync + 'static {
    /// Answers one request, to the last byte, and says what the connection is good for then.
    fn exchange(&self, turn: Turn<'_>) -> After;

    /// Answers what is no request. The connection ends afterwards.
    fn refuse(&self, fault: &Fault, stream: &Stream, peer: Peer);

    /// Answers a connection there is no room for, before it has asked anything.
    fn busy(&self, stream: &Stream, peer: Peer);
}

/// One request and the way back to who sent it.
pub(crate) struct Turn<'a> {
    pub(crate) head: RequestHead,
    /// The body. Shared, because an app may keep its stream longer than the request lasts.
    pub(crate) incoming: Arc<Mutex<Incoming>>,
    pub(crate) stream: &'a Stream,
    pub(crate) peer: Peer,
    pub(crate) settings: &'a Settings,
    stopping: &'a AtomicBool,
}

/// What a connection is good for after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// Another request, if the last one's body was read.
    Continue,
    /// To be closed, once the other side has had the answer.
    Close,
    /// Nothing: the answer broke off, and the client must notice.
    Cut,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(
        head: RequestHead,
        incoming: Arc<Mutex<Incoming>>,
        stream: &'a Stream,
        peer: Peer,
        settings: &'a Settings,
        stopping: &'a AtomicBool,
    ) -> Self {
        Self {
            head,
            incoming,
            stream,
            peer,
            settings,
            stopping,
        }
    }

    /// The body's state, for a moment.
    pub(crate) fn incoming(&self) -> MutexGuard<'_, Incoming> {
        // A reader that panicked has left it whole: it changes its state only between waits.
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the connection may go on, as far as the client and a stopping server are
    /// concerned.
    pub(crate) fn persistence(&self) -> Persistence {
        match self.stopping.load(Ordering::Relaxed) {
            true => Persistence::Close,
            false => self.head.persistence,
        }
    }
}

impl From<Persistence> for After {
    fn from(persistence: Persistence) -> Self {
        match persistence {
            Persistence::KeepAlive => Self::Continue,
            Persistence::Close => Self::Close,
        }
    }
}
