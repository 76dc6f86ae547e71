use std::collections::HashMap;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Instant;

use crate::net::{Peer, Stream};
use crate::wire::Wire;

/// The connections of one server. A connection is either parked here, waiting for bytes with
/// nobody's time spent on it, or a worker has it.
#[derive(Debug, Default)]
pub(crate) struct Table {
    connections: HashMap<u64, Entry>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    // Also there while a worker has the connection, so that a stop can cut it.
    stream: Arc<Stream>,
    parked: Option<Parked>,
    // It has something to read and waits for a worker, which is not its fault: neither time nor
    // want of room ends it meanwhile, nor does a graceful stop.
    is_queued: bool,
}

impl Entry {
    /// What it waits for, if that is the other side.
    fn resting(&self) -> Option<&Parked> {
        self.parked.as_ref().filter(|_| !self.is_queued)
    }
}

/// A connection that waits.
#[derive(Debug)]
pub(crate) struct Parked {
    pub(crate) wire: Wire,
    pub(crate) peer: Peer,
    pub(crate) stage: Stage,
    /// When its stage has lasted long enough.
    pub(crate) deadline: Instant,
}

/// What a parked connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The rest of a TLS handshake.
    Handshake,
    /// The first byte of a request.
    Idle,
    /// The rest of a head.
    Head,
    /// A worker that says that the head was too slow.
    Late,
    /// The other side's end, after an answer that ended the connection. At most so many bytes
    /// are still listened to.
    Lingering { left: u64 },
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// Enters a connection that a worker has.
    pub(crate) fn enter(&mut self, stream: Arc<Stream>) -> u64 {
        let key = self.next;
        self.next += 1;
        self.connections.insert(
            key,
            Entry {
                stream,
                parked: None,
                is_queued: false,
            },
        );
        key
    }

    /// Parks a connection, unless it was cut meanwhile; returns its stream to wait on.
    pub(crate) fn park(&mut self, key: u64, parked: Parked) -> Option<Arc<Stream>> {
        let entry = self.connections.get_mut(&key)?;
        (entry.parked, entry.is_queued) = (Some(parked), false);
        Some(Arc::clone(&entry.stream))
    }

    /// Takes a parked connection out for a worker.
    pub(crate) fn take(&mut self, key: u64) -> Option<Parked> {
        self.connections.get_mut(&key)?.parked.take()
    }

    /// The parked connection waits for a worker from now on.
    pub(crate) fn queue(&mut self, key: u64) {
        if let Some(entry) = self.connections.get_mut(&key) {
            entry.is_queued = true;
        }
    }

    /// Forgets a connection; it closes when its last holder lets go.
    pub(crate) fn leave(&mut self, key: u64) {
        self.connections.remove(&key);
    }

    /// Closes the connection that has been idle longest, if one is. One that has not even said
    /// who it is counts as idle, too.
    pub(crate) fn evict_idle(&mut self) -> bool {
        let is_idle = |parked: &&Parked| matches!(parked.stage, Stage::Idle | Stage::Handshake);
        let oldest = self
            .connections
            .iter()
            .filter_map(|(key, entry)| Some((*key, entry.resting().filter(is_idle)?.deadline)))
            .min_by_key(|(_, deadline)| *deadline);
        oldest.is_some_and(|(key, _)| self.connections.remove(&key).is_some())
    }

    /// Closes every parked connection whose deadline has passed; but a head that was too slow
    /// becomes late, until `then`. Returns those, for somebody to tell them.
    pub(crate) fn expire(&mut self, now: Instant, then: Instant) -> Vec<(u64, Arc<Stream>)> {
        let mut late = Vec::new();
        self.connections.retain(|key, entry| {
            if entry.resting().is_none_or(|parked| parked.deadline > now) {
                return true;
            }
            let Some(expired) = &mut entry.parked else {
                return true;
            };
            let is_late = expired.stage == Stage::Head;
            if is_late {
                (expired.stage, expired.deadline) = (Stage::Late, then);
                late.push((*key, Arc::clone(&entry.stream)));
            }
            is_late
        });
        late
    }

    /// The nearest deadline.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.connections
            .values()
            .filter_map(|entry| Some(entry.resting()?.deadline))
            .min()
    }

    /// Closes every connection that no worker has, and none will have by itself.
    pub(crate) fn close_parked(&mut self) {
        self.connections
            .retain(|_, entry| entry.resting().is_none());
    }

    /// Cuts the connections that workers have or were to have; returns how many there were.
    pub(crate) fn cut_running(&mut self) -> usize {
        let running = self.connections.drain();
        running
            .inspect(|(_, entry)| entry.stream.shutdown(Shutdown::Both))
            .count()
    }
}
