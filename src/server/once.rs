use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::http::h1::Fault;
use crate::net::{BindError, Listener, Peer, Stream};
use crate::server::Server;
use crate::server::exchange::{After, Exchange, Turn};
use crate::serving::{Application, Stopped};

/// The one answer is sent by then; what is left is to tell those who came after it.
const GRACE: Duration = Duration::from_secs(1);

impl Server {
    /// Serves one request and stops: `wsgiref`'s `handle_request`.
    ///
    /// # Errors
    /// [`BindError::Failed`] where the system gives no thread or poller.
    pub fn handle_request(self, listener: Listener) -> Result<Stopped, BindError> {
        let (done, first) = mpsc::channel();
        let once = |application| Once {
            application,
            done: Mutex::new(Some(done)),
        };
        let serving = self.start(listener, once)?;
        // Nothing is ever sent: it ends when the other end is dropped.
        first.recv().ok();
        Ok(serving.stop(GRACE))
    }

    /// Listens on `listener` and serves until the process ends: `wsgiref`'s `serve_forever`.
    ///
    /// # Errors
    /// [`BindError::Failed`] where the system gives no thread or poller.
    pub fn serve_forever(self, listener: Listener) -> Result<(), BindError> {
        self.serve(listener)?.wait();
        Ok(())
    }
}

/// Answers one request, and closes the connections of all others.
struct Once {
    application: Application,
    // Whoever takes it answers, and drops it afterwards; also by a panic.
    done: Mutex<Option<Sender<()>>>,
}

impl Exchange for Once {
    fn exchange(&self, turn: Turn<'_>) -> After {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(_done) = done.take() else {
            return After::Cut;
        };
        drop(done);
        match self.application.exchange(turn) {
            After::Cut => After::Cut,
            After::Continue | After::Close => After::Close,
        }
    }

    fn refuse(&self, fault: &Fault, stream: &Stream, peer: Peer) {
        self.application.refuse(fault, stream, peer);
    }

    fn busy(&self, stream: &Stream, peer: Peer) {
        self.application.busy(stream, peer);
    }
}
