use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::http::h1::{Expectation, Fault, Persistence, RequestHead};
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
    pub(crate) stream: &'a Arc<Stream>,
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
        stream: &'a Arc<Stream>,
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

    /// Whether the connection goes on after an answer that begins now: if the client wants it,
    /// the server does not stop, and the rest of the request's body will be read away. A client
    /// that still waits for `100 Continue` gets none once the answer is on its way.
    pub(crate) fn persistence(&self) -> Persistence {
        let mut incoming = Incoming::lock(&self.incoming);
        let waits = incoming.answered() == Expectation::Continue;
        let ends = incoming.rest_within(self.settings.unread_body_bytes);
        let may_follow = incoming.is_done() || !waits && ends;
        match may_follow && !self.stopping.load(Ordering::Relaxed) {
            true => self.head.persistence,
            false => Persistence::Close,
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
