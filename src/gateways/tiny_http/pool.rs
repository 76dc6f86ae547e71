use std::collections::VecDeque;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tiny_http::Request;

use crate::gateways::tiny_http::exchange::Exchange;
use crate::http::h1::Persistence;
use crate::net::{Address, Listener};
use crate::serving::Engine;

/// How long after a refused `accept` the next one is tried.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Descriptors that must be free before a server is made anew: its listener, a connection, and
/// that connection's second descriptor, without which its accepting thread panics.
const SPARE_DESCRIPTORS: usize = 4;

/// The workers of one listener.
//
// Each `tiny_http::Server` has an intake, a thread that takes what it has read to the workers.
// There is more than one after an `accept` failed: the old server accepts no more, but requests
// of its open connections still come to it, and to nobody else.
pub(super) struct Pool {
    exchange: Exchange,
    most_workers: usize,
    address: Address,
    state: Mutex<State>,
    // Told when a request has come, and when a stop begins.
    work: Condvar,
    // Told when a request has ended, and when a stop begins.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    // Gone once the server stops. Ours, so that there can be another server on it.
    listener: Option<Listener>,
    servers: Vec<Arc<tiny_http::Server>>,
    queue: VecDeque<Request>,
    workers: usize,
    waiting: usize,
    running: usize,
    is_stopping: bool,
}

impl Pool {
    pub(super) fn start(
        listener: Listener,
        exchange: Exchange,
        most_workers: usize,
        write_timeout: Duration,
    ) -> io::Result<Arc<Self>> {
        // Its acceptor takes `WouldBlock` for the end.
        listener.set_nonblocking(false)?;
        if let Address::Tcp { .. } = listener.address() {
            // Connections inherit both on Linux. Without the first, answers in parts wait for
            // the client's acknowledgement.
            let socket = socket2::SockRef::from(&listener);
            socket.set_tcp_nodelay(true)?;
            socket.set_write_timeout(Some(write_timeout))?;
        }
        let pool = Arc::new(Self {
            exchange,
            most_workers: most_workers.max(1),
            address: listener.address().clone(),
            state: Mutex::new(State {
                listener: Some(listener),
                ..State::default()
            }),
            work: Condvar::new(),
            changed: Condvar::new(),
        });
        match pool.spawn_worker().and_then(|()| pool.open()) {
            Ok(()) => Ok(pool),
            Err(error) => {
                pool.stop(Instant::now()); // or the worker would keep the listener open
                Err(error)
            }
        }
    }

    /// Makes a server on our listener, with an intake of its own.
    fn open(self: &Arc<Self>) -> io::Result<()> {
        let mut state = self.state();
        let Some(listener) = &state.listener else {
            return Ok(()); // stopped meanwhile
        };
        let clone = || listener.as_fd().try_clone_to_owned();
        let mut spare = (0..SPARE_DESCRIPTORS)
            .map(|_| clone())
            .collect::<io::Result<Vec<OwnedFd>>>()?;
        let own = spare.pop().ok_or(io::ErrorKind::Other)?;
        drop(spare);
        let server = match self.address {
            Address::Tcp { .. } => tiny_http::Server::from_listener(TcpListener::from(own), None),
            Address::Unix(_) | Address::Fd(_) => {
                tiny_http::Server::from_listener(UnixListener::from(own), None)
            }
        };
        let server = Arc::new(server.map_err(io::Error::other)?);
        state.servers.push(Arc::clone(&server));
        drop(state);
        let pool = Arc::clone(self);
        spawn("devserve-intake", move || pool.take_in(server))
    }

    /// Brings requests to the workers, until the stop.
    fn take_in(self: Arc<Self>, server: Arc<tiny_http::Server>) {
        loop {
            match server.recv() {
                Ok(request) => self.enqueue(request),
                Err(_) if self.state().is_stopping => return,
                Err(error) => {
                    log::debug!("tiny_http accepts no more: {error}");
                    let pool = Arc::clone(&self);
                    let reopening = spawn("devserve-accept", move || {
                        while let Err(error) = pool.open() {
                            log::debug!("cannot listen again yet: {error}");
                            thread::sleep(ACCEPT_PAUSE);
                        }
                    });
                    if let Err(error) = reopening {
                        log::error!("no thread to listen again with: {error}");
                    }
                }
            }
        }
    }

    fn enqueue(self: &Arc<Self>, request: Request) {
        let mut state = self.state();
        state.queue.push_back(request);
        let lacks_worker = state.queue.len() > state.waiting && state.workers < self.most_workers;
        drop(state);
        self.work.notify_one();
        if lacks_worker && let Err(error) = self.spawn_worker() {
            // There is at least one, which will come to it.
            log::debug!("no further worker: {error}");
        }
    }

    fn spawn_worker(self: &Arc<Self>) -> io::Result<()> {
        self.state().workers += 1;
        let pool = Arc::clone(self);
        spawn("devserve-worker", move || pool.work()).inspect_err(|_| self.state().workers -= 1)
    }

    fn work(self: Arc<Self>) {
        while let Some((request, persistence)) = self.next() {
            let answer = || self.exchange.exchange(request, persistence);
            // What panics here is the sink or a hook of the body; the answer is out.
            if panic::catch_unwind(AssertUnwindSafe(answer)).is_err() {
                log::debug!("a panic after an answer");
            }
            self.state().running -= 1;
            self.changed.notify_all();
        }
    }

    /// The next request, and what its connection is good for; `None` once there are no more.
    fn next(&self) -> Option<(Request, Persistence)> {
        let mut state = self.state();
        loop {
            let persistence = match state.is_stopping {
                true => Persistence::Close,
                false => Persistence::KeepAlive,
            };
            if let Some(request) = state.queue.pop_front() {
                state.running += 1;
                return Some((request, persistence));
            }
            if state.is_stopping {
                state.workers -= 1;
                return None;
            }
            state.waiting += 1;
            state = wait(&self.work, state);
            state.waiting -= 1;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Pool {
    fn address(&self) -> &Address {
        &self.address
    }

    fn stop(&self, deadline: Instant) -> usize {
        let mut state = self.state();
        state.is_stopping = true;
        let (listener, servers) = (state.listener.take(), std::mem::take(&mut state.servers));
        drop(state);
        drop(listener);
        for server in servers {
            server.unblock();
            // Dropping it ends its acceptor, and on a Unix socket takes away the file, which may
            // be somebody else's. There the acceptor is left; nobody reaches it any more.
            if !matches!(self.address, Address::Tcp { .. }) {
                std::mem::forget(server);
            }
        }
        self.work.notify_all();
        self.changed.notify_all();
        let mut state = self.state();
        while state.running + state.queue.len() > 0 {
            let Some(left) = deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            else {
                break;
            };
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let dropped = std::mem::take(&mut state.queue);
        let cut = state.running + dropped.len();
        drop(state);
        drop(dropped); // each is answered with a bare 500
        cut
    }

    fn wait(&self) {
        let mut state = self.state();
        while !state.is_stopping {
            state = wait(&self.changed, state);
        }
    }
}

fn wait<'a, T>(condition: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condition
        .wait(guard)
        .unwrap_or_else(PoisonError::into_inner)
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let spawned = thread::Builder::new().name(name.into()).spawn(run);
    spawned.map(|_| ())
}
