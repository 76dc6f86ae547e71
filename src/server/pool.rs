use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::http::h1::{Fault, RequestHead};
use crate::net::{Address, Handshake, Listener, Pace, Peer, Poller, Readiness};
use crate::server::admission::{Admission, Admitted};
use crate::server::clock::Clock;
use crate::server::crew::Crew;
use crate::server::exchange::{After, Exchange, Turn};
use crate::server::lead::{Lead, PATIENCE, Role, SPARE_WORKERS};
use crate::server::settings::Settings;
use crate::server::table::{Parked, Stage, Table};
use crate::wire::{Incoming, Wire};

/// How long after the system refused a connection (out of descriptors) or a thread it is asked
/// again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// What a connection that was ended early may still send before it is cut.
const LINGER_BYTES: u64 = 16 << 20;
/// The clock looks no more often than this; deadlines are kept to within it.
const CLOCK_STEP: Duration = Duration::from_millis(250);
/// The listener's key in the poller; connections count up from 0 and never get there.
const LISTENER: u64 = u64::MAX - 2;

/// The workers of one listener and the connections they serve.
pub(crate) struct Pool {
    exchange: Box<dyn Exchange>,
    settings: Settings,
    // Gone once the server stops: new connections are then refused by the kernel.
    listener: Mutex<Option<Listener>>,
    address: Address,
    poller: Poller,
    table: Mutex<Table>,
    admission: Admission,
    lead: Lead,
    // What the poller told of, and no worker has taken up.
    heard: Mutex<VecDeque<u64>>,
    crew: Arc<Crew>,
    // Told when a connection leaves, and when a stop begins.
    changed: Condvar,
    // Workers in the poller.
    waiting: AtomicUsize,
    stopping: AtomicBool,
    clock: Clock,
}

impl Pool {
    /// Opens the doors: spawns the first worker and the clock.
    pub(crate) fn start(
        listener: Listener,
        exchange: impl Exchange,
        settings: Settings,
    ) -> io::Result<Arc<Self>> {
        let settings = settings.within_reach();
        listener.set_nonblocking(true)?;
        let poller = Poller::new()?;
        poller.add(&listener, LISTENER)?;
        poller.arm(&listener, LISTENER)?;
        let pool = Arc::new(Self {
            exchange: Box::new(exchange),
            admission: Admission::new(settings.workers, settings.queue),
            settings,
            address: listener.address().clone(),
            listener: Mutex::new(Some(listener)),
            poller,
            table: Mutex::default(),
            lead: Lead::default(),
            heard: Mutex::default(),
            crew: Arc::default(),
            changed: Condvar::new(),
            waiting: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            clock: Clock::default(),
        });
        let keeper = Arc::clone(&pool);
        pool.crew.start("clock", move || keeper.keep_deadlines())?;
        if let Err(error) = pool.spawn_worker() {
            pool.stop(Instant::now()); // or the clock would keep the listener open
            return Err(error);
        }
        Ok(pool)
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Stops accepting, closes what is idle, lets running requests end until `deadline`, and
    /// cuts the rest: returns how many were cut.
    pub(crate) fn stop(&self, deadline: Instant) -> usize {
        self.stopping.store(true, Ordering::SeqCst);
        self.clock.stop();
        lock(&self.listener).take();
        // Wakes cannot fail for a counter that is never near its end.
        self.poller.wake_all().ok();
        self.lead.stop();
        let mut table = lock(&self.table);
        self.changed.notify_all();
        table.close_parked();
        while table.len() > 0 {
            let Some(left) = deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            else {
                return table.cut_running();
            };
            table = self
                .changed
                .wait_timeout(table, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        drop(table);
        // Then whoever stops holds the last of the app.
        self.crew.wait_for_end(deadline);
        0
    }

    /// Blocks until a stop has begun.
    pub(crate) fn wait(&self) {
        let mut table = lock(&self.table);
        while !self.stopping.load(Ordering::SeqCst) {
            table = self
                .changed
                .wait(table)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn spawn_worker(self: &Arc<Self>) -> io::Result<()> {
        let pool = Arc::clone(self);
        self.crew
            .start_worker(self.admission.most_workers(), move || pool.work())
    }

    /// A worker's life: wait, serve, wait again.
    fn work(self: &Arc<Self>) {
        let mut role = Role::Free;
        while !self.stopping.load(Ordering::SeqCst) {
            if role != Role::Leader {
                role = self.lead.enlist();
            }
            if role == Role::Dismissed {
                return;
            }
            let (key, others_hear) = match self.hear(role) {
                Ok(Some(heard)) => heard,
                Ok(None) => return,
                Err(error) => {
                    log::error!("the poller failed: {error}");
                    return self.lead.resign();
                }
            };
            let (event, needs_another) = self.lead.begin(role, others_hear);
            if needs_another && let Err(error) = self.call_another() {
                // This worker goes on alone; requests wait for it, or the retry, in the kernel.
                log::warn!("cannot start another worker thread: {error}");
                self.clock.retry_at(Instant::now() + RETRY_PAUSE);
            }
            match key {
                LISTENER => self.accept(),
                key => self.take_up(key),
            }
            role = self.lead.end(event);
        }
    }

    /// Gets somebody to what was heard, or is to be heard next.
    fn call_another(self: &Arc<Self>) -> io::Result<()> {
        if self.lead.tell_another() {
            return Ok(());
        }
        match self.waiting.load(Ordering::SeqCst) {
            0 => self.spawn_worker(),
            // Who waits in the poller does not look at what was heard, unless called.
            _ => self.poller.wake_one(),
        }
    }

    /// The key of the next event, and whether others hear of what comes after it; `None` where
    /// there is too little to do, or a stop.
    fn hear(&self, role: Role) -> io::Result<Option<(u64, bool)>> {
        loop {
            let mut heard = lock(&self.heard);
            if let Some(key) = heard.pop_front() {
                // Who waits in the poller does not look here.
                let others_hear = heard.is_empty() && self.waiting.load(Ordering::SeqCst) > 0;
                return Ok(Some((key, others_hear)));
            }
            drop(heard);
            let others = self.waiting.fetch_add(1, Ordering::SeqCst);
            let is_spare = role == Role::Free && others >= SPARE_WORKERS;
            // The leader is soon done with many, or else loses them with the lead. But who waits
            // beside it is there at once.
            let most = if role == Role::Leader && others == 0 {
                Poller::BATCH
            } else {
                1
            };
            let waited = self.poller.wait(is_spare.then_some(PATIENCE), most);
            let others = self.waiting.fetch_sub(1, Ordering::SeqCst) - 1;
            match waited? {
                Readiness::Ready(keys) => lock(&self.heard).extend(keys.iter()),
                Readiness::Called => {}
                // All others are busy by now, and somebody has to hear of the next event.
                Readiness::TimedOut if others == 0 => {}
                Readiness::TimedOut | Readiness::Woken => return Ok(None),
            }
        }
    }

    /// Accepts one connection, lets another worker accept the next, and serves this one.
    fn accept(self: &Arc<Self>) {
        let Some(accepted) = lock(&self.listener).as_ref().map(Listener::accept) else {
            return;
        };
        if let Err(error) = &accepted
            && !is_passing(error)
        {
            if lock(&self.table).evict_idle() {
                return self.listen_on(); // its descriptor is free now
            }
            // Accepting again at once would fail again at once, and spin.
            log::warn!("cannot accept a connection: {error}");
            return self.clock.retry_at(Instant::now() + RETRY_PAUSE);
        }
        self.listen_on();
        let Ok((stream, peer)) = accepted else {
            return;
        };
        stream.set_write_pace(Pace::new(
            self.settings.write_timeout,
            self.settings.write_rate,
        ));
        let mut wire = Wire::new(stream);
        let mut table = lock(&self.table);
        if self.stopping.load(Ordering::SeqCst) {
            return; // it came too late to be closed, or cut, with the others
        }
        if table.len() >= self.settings.connections && !table.evict_idle() {
            drop(table);
            unharmed(|| self.exchange.busy(wire.stream(), peer));
            // There is no room to listen for long; but what has come would reset the answer.
            wire.fill_ready().ok();
            return;
        }
        let stream = Arc::clone(wire.stream());
        let key = table.enter(Arc::clone(&stream));
        let mut parked = self.idle(wire, peer);
        if stream.begins_with_handshake() {
            parked.stage = Stage::Handshake;
            parked.deadline = Instant::now() + self.settings.head_timeout;
        }
        table.park(key, parked);
        drop(table);
        if let Err(error) = self.poller.add(stream.as_ref(), key) {
            log::warn!("cannot watch a connection: {error}");
            self.leave(key);
            return;
        }
        self.take_up(key);
    }

    /// Serves a parked connection, and after it those that waited for a worker meanwhile.
    fn take_up(&self, key: u64) {
        let queue = || lock(&self.table).queue(key);
        match self.admission.enter(key, queue) {
            Admitted::Queued => {}
            Admitted::Full => self.turn_away(key),
            Admitted::Serve => {
                let mut next = Some(key);
                while let Some(key) = next {
                    self.resume(key);
                    next = self.admission.leave();
                }
            }
        }
    }

    /// Tells a client that asks that there is nobody to serve it, nor will be for a while.
    fn turn_away(&self, key: u64) {
        let Some(mut parked) = lock(&self.table).take(key) else {
            return;
        };
        // What is no request yet, or an answer's end, is not worth a word.
        let asks = match parked.stage {
            Stage::Idle | Stage::Head => parked.wire.fill_ready(),
            _ => Ok(Some(0)),
        };
        match asks {
            Ok(Some(1..)) => {
                unharmed(|| self.exchange.busy(parked.wire.stream(), parked.peer));
                self.start_linger(key, parked.wire, parked.peer);
            }
            Ok(None) => self.park(key, parked), // it has not asked
            _ => self.leave(key),               // it has gone, or need not be told
        }
    }

    /// A connection before its first request, or between two.
    fn idle(&self, wire: Wire, peer: Peer) -> Parked {
        Parked {
            wire,
            peer,
            stage: Stage::Idle,
            deadline: Instant::now() + self.settings.keep_alive,
        }
    }

    fn listen_on(&self) {
        if let Some(listener) = lock(&self.listener).as_ref()
            && let Err(error) = self.poller.arm(listener, LISTENER)
        {
            log::error!("cannot accept any more: {error}");
        }
    }

    /// Goes on with a connection that has something to read, or to be told.
    fn resume(&self, key: u64) {
        let Some(parked) = lock(&self.table).take(key) else {
            return; // its time was over, or a stop came between
        };
        let resumed = unharmed(|| match parked.stage {
            Stage::Handshake => self.shake_hands(key, parked),
            Stage::Idle | Stage::Head => self.serve(key, parked),
            Stage::Late => self.refuse(key, parked, &Fault::TooSlow),
            Stage::Lingering { left } => self.linger(key, parked, left),
        });
        if resumed.is_none() {
            self.leave(key);
        }
    }

    /// Takes a TLS handshake a step further. Who is silent, or slow, holds no worker.
    fn shake_hands(&self, key: u64, parked: Parked) {
        match parked.wire.stream().handshake() {
            Ok(Handshake::Waiting) => self.park(key, parked),
            // In plain words as well: they are answered with where to go.
            Ok(Handshake::Done | Handshake::Plain) => {
                self.serve(key, self.idle(parked.wire, parked.peer));
            }
            Err(error) => {
                log::debug!("no TLS with {:?}: {error}", parked.peer);
                self.leave(key);
            }
        }
    }

    /// Serves requests for as long as they are there to be read.
    fn serve(&self, key: u64, mut parked: Parked) {
        loop {
            match parked.wire.take_request(&self.settings.limits) {
                Err(fault) => return self.refuse(key, parked, &fault),
                Ok(Some(head)) => {
                    let Some(next) = self.answer(key, parked, head) else {
                        return;
                    };
                    if next.wire.arrived().is_empty() && !next.wire.stream().has_ready() {
                        return self.park(key, next); // the poller knows whether there is more
                    }
                    if self.admission.has_queue() {
                        return self.stand_back(key, next);
                    }
                    parked = next;
                    continue;
                }
                Ok(None) => {}
            }
            let has_begun = parked.wire.has_begun();
            if has_begun && parked.stage == Stage::Idle {
                parked.stage = Stage::Head;
                parked.deadline = Instant::now() + self.settings.head_timeout;
            }
            match parked.wire.fill_ready() {
                Ok(Some(0)) if has_begun => return self.refuse(key, parked, &Fault::Cut),
                Ok(Some(0)) | Err(_) => return self.leave(key), // nobody is left to be told
                Ok(Some(_)) => {}
                Ok(None) => return self.park(key, parked),
            }
        }
    }

    /// Others wait for a worker: a client that has sent many requests at once is served in turn
    /// with them.
    fn stand_back(&self, key: u64, parked: Parked) {
        let mut table = lock(&self.table);
        if table.park(key, parked).is_some() {
            table.queue(key);
            drop(table); // others have them in the other order
            self.admission.stand_back(key);
        }
    }

    /// Answers one request; returns the connection if it goes on.
    fn answer(&self, key: u64, parked: Parked, head: RequestHead) -> Option<Parked> {
        let Parked { wire, peer, .. } = parked;
        let stream = Arc::clone(wire.stream());
        let incoming = Arc::new(Mutex::new(Incoming::new(
            wire,
            head.framing,
            head.expectation,
            &self.settings.limits,
            Pace::new(self.settings.body_timeout, self.settings.body_rate),
        )));
        let turn = Turn::new(
            head,
            Arc::clone(&incoming),
            &stream,
            peer,
            &self.settings,
            &self.stopping,
        );
        let after = self.exchange.exchange(turn);
        let most = if after == After::Continue {
            self.settings.unread_body_bytes
        } else {
            0
        };
        let reclaimed = lock(&incoming).reclaim(most, self.settings.linger);
        let Some((mut wire, drained)) = reclaimed else {
            self.leave(key); // the exchange kept the connection for itself
            return None;
        };
        match (after, drained) {
            (After::Continue, Ok(())) => return Some(self.idle(wire, peer)),
            (After::Cut, _) => {
                stream.shutdown(Shutdown::Both);
                self.leave(key);
            }
            (After::Close, Ok(())) if is_quiet(&mut wire) => {
                stream.close();
                self.leave(key);
            }
            (After::Continue | After::Close, _) => self.start_linger(key, wire, peer),
        }
        None
    }

    fn refuse(&self, key: u64, parked: Parked, fault: &Fault) {
        self.exchange
            .refuse(fault, parked.wire.stream(), parked.peer);
        self.start_linger(key, parked.wire, parked.peer);
    }

    /// Ends our side and listens to the other for a while: closing over unread bytes would
    /// reset the connection, and the answer could be lost with it (RFC 9112 §9.6).
    fn start_linger(&self, key: u64, wire: Wire, peer: Peer) {
        wire.stream().shutdown(Shutdown::Write);
        let deadline = Instant::now() + self.settings.linger;
        let stage = Stage::Lingering { left: LINGER_BYTES };
        self.linger(
            key,
            Parked {
                wire,
                peer,
                stage,
                deadline,
            },
            LINGER_BYTES,
        );
    }

    fn linger(&self, key: u64, mut parked: Parked, mut left: u64) {
        loop {
            parked.wire.advance(parked.wire.arrived().len());
            match parked.wire.fill_ready() {
                Ok(Some(read)) if read > 0 && read as u64 <= left => left -= read as u64,
                Ok(None) => {
                    parked.stage = Stage::Lingering { left };
                    return self.park(key, parked);
                }
                _ => return self.leave(key), // ended, reset, or talking on for too long
            }
        }
    }

    /// Gives a connection to the poller until there is more to read.
    fn park(&self, key: u64, mut parked: Parked) {
        parked.wire.release();
        let deadline = parked.deadline;
        let mut table = lock(&self.table);
        if self.stopping.load(Ordering::SeqCst) {
            drop(table);
            return self.leave(key);
        }
        let Some(stream) = table.park(key, parked) else {
            return; // cut by a stop
        };
        drop(table);
        // Only after it is in the table may another worker hear of it.
        if let Err(error) = self.poller.arm(stream.as_ref(), key) {
            log::warn!("cannot watch a connection: {error}");
            return self.leave(key);
        }
        self.clock.wake_at(Some(deadline));
    }

    fn leave(&self, key: u64) {
        lock(&self.table).leave(key);
        self.changed.notify_all();
    }

    /// The clock thread: ends what has waited too long.
    fn keep_deadlines(self: &Arc<Self>) {
        while let Some(due) = self.clock.next() {
            if due.retries {
                self.retry();
            }
            let next = self.end_expired(due.now);
            self.clock.wake_at(next);
        }
    }

    /// Asks the system once more for what it refused.
    fn retry(self: &Arc<Self>) {
        self.listen_on();
        let is_manned = self.waiting.load(Ordering::SeqCst) > 0 && lock(&self.heard).is_empty();
        if !is_manned && self.call_another().is_err() {
            self.clock.retry_at(Instant::now() + RETRY_PAUSE);
        }
    }

    fn end_expired(&self, now: Instant) -> Option<Instant> {
        let mut table = lock(&self.table);
        let late = table.expire(now, now + self.settings.linger);
        let next = table.next_deadline().map(|next| next.max(now + CLOCK_STEP));
        drop(table);
        for (key, stream) in late {
            // A worker says so as soon as the other side takes it: the clock waits for nobody.
            if let Err(error) = self.poller.arm_writable(stream.as_ref(), key) {
                log::debug!("a late connection cannot be told so: {error}");
            }
        }
        self.changed.notify_all();
        next
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({})", self.address)
    }
}

/// Runs what comes from outside (an app's destructors, a sink of records) besides the app
/// itself. A panic there costs a connection, and never a worker.
fn unharmed<T>(run: impl FnOnce() -> T) -> Option<T> {
    // Unwind safety: what `run` held is given up, and no lock of ours is held around it.
    panic::catch_unwind(AssertUnwindSafe(run)).ok()
}

/// Whether the other side has sent nothing besides what was read.
fn is_quiet(wire: &mut Wire) -> bool {
    wire.arrived().is_empty() && matches!(wire.fill_ready(), Ok(None | Some(0)))
}

/// Whether the next accept may succeed: another worker was faster, or the client has gone again.
/// All else, being out of descriptors or memory before all, would only fail again.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, WouldBlock};
    matches!(error.kind(), WouldBlock | ConnectionAborted)
}

/// None of our locks guards a state that a panic could leave half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
