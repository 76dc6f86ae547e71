use std::io;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};
use rustix::io::Errno;

/// Waits for sockets to be ready, for many threads at once.
///
/// Each source is armed for one event, which exactly one thread gets; nobody else hears of
/// that source until it is armed again.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: OwnedFd,
    waker: OwnedFd,
    // Always ready, so that arming it is the call.
    caller: OwnedFd,
}

/// What a wait came back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// The sources with these keys have what they were armed for, or have ended.
    Ready(Keys),
    /// [`Poller::wake_one`] was called, and nothing else happened.
    Called,
    /// [`Poller::wake_all`] was called.
    Woken,
    /// The time-out passed.
    TimedOut,
}

/// Some keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys {
    keys: [u64; Poller::BATCH],
    len: usize,
}

impl Keys {
    fn push(&mut self, key: u64) {
        self.keys[self.len] = key;
        self.len += 1;
    }
}

impl Deref for Keys {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &self.keys[..self.len]
    }
}

const WAKER: u64 = u64::MAX;
const CALLER: u64 = u64::MAX - 1;

impl Poller {
    /// Events that one wait brings at most.
    pub(crate) const BATCH: usize = 16;

    pub(crate) fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let waker = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // Level-triggered and never read: once written, it wakes every wait from then on.
        epoll::add(&epoll, &waker, EventData::new_u64(WAKER), EventFlags::IN)?;
        let caller = eventfd(1, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let poller = Self {
            epoll,
            waker,
            caller,
        };
        poller.add(&poller.caller, CALLER)?;
        Ok(poller)
    }

    /// Takes `source` in under `key`; nothing is heard of it until it is armed. Closing it takes
    /// it out.
    pub(crate) fn add(&self, source: impl AsFd, key: u64) -> io::Result<()> {
        Ok(epoll::add(
            &self.epoll,
            source,
            EventData::new_u64(key),
            EventFlags::ONESHOT,
        )?)
    }

    /// Arms a source for one event. What is already there to read counts.
    pub(crate) fn arm(&self, source: impl AsFd, key: u64) -> io::Result<()> {
        self.watch(source, key, EventFlags::IN | EventFlags::RDHUP)
    }

    /// Arms a source for one event: that it can be written to.
    pub(crate) fn arm_writable(&self, source: impl AsFd, key: u64) -> io::Result<()> {
        self.watch(source, key, EventFlags::OUT)
    }

    fn watch(&self, source: impl AsFd, key: u64, events: EventFlags) -> io::Result<()> {
        let events = events | EventFlags::ONESHOT;
        Ok(epoll::modify(
            &self.epoll,
            source,
            EventData::new_u64(key),
            events,
        )?)
    }

    /// Waits for an event, and takes what others there are besides, up to `most` and at most
    /// [`BATCH`](Self::BATCH) in all.
    pub(crate) fn wait(&self, timeout: Option<Duration>, most: usize) -> io::Result<Readiness> {
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: timeout.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        let mut events = [const { MaybeUninit::uninit() }; Self::BATCH];
        let most = most.clamp(1, Self::BATCH);
        let events = loop {
            match epoll::wait(&self.epoll, &mut events[..most], timeout.as_ref()) {
                Ok((events, _)) => break events,
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
        };
        let mut keys = Keys::default();
        let mut without_keys = Readiness::TimedOut;
        for event in events {
            match event.data.u64() {
                WAKER => return Ok(Readiness::Woken),
                CALLER => without_keys = Readiness::Called,
                key => keys.push(key),
            }
        }
        Ok(match keys.is_empty() {
            true => without_keys,
            false => Readiness::Ready(keys),
        })
    }

    /// Wakes one thread that waits, or the next one that will. Calls that nobody has heard yet
    /// are one.
    pub(crate) fn wake_one(&self) -> io::Result<()> {
        self.arm(&self.caller, CALLER)
    }

    /// Wakes every thread that waits or will wait; cannot be taken back.
    pub(crate) fn wake_all(&self) -> io::Result<()> {
        rustix::io::write(&self.waker, &1_u64.to_ne_bytes())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    /// The keys; none at a time-out.
    fn wait(poller: &Poller, timeout: Option<Duration>, most: usize) -> Vec<u64> {
        match poller.wait(timeout, most).unwrap() {
            Readiness::Ready(keys) => keys.to_vec(),
            Readiness::TimedOut => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn gives_one_event_until_the_source_is_armed_again() {
        let poller = Poller::new().unwrap();
        let (mut writer, reader) = UnixStream::pair().unwrap();
        let soon = Some(Duration::ZERO);
        poller.add(&reader, 7).unwrap();
        writer.write_all(b"x").unwrap();
        assert!(wait(&poller, soon, 1).is_empty());
        for _ in 0..2 {
            poller.arm(&reader, 7).unwrap();
            assert_eq!(wait(&poller, None, 9), [7]);
            assert!(wait(&poller, soon, 9).is_empty());
        }
    }

    #[test]
    fn gives_no_more_events_than_are_asked_for() {
        let poller = Poller::new().unwrap();
        let (mut writer, reader) = UnixStream::pair().unwrap();
        writer.write_all(b"x").unwrap();
        let mut readers = Vec::new();
        for key in 0..3 {
            let reader = reader.try_clone().unwrap();
            poller.add(&reader, key).unwrap();
            poller.arm(&reader, key).unwrap();
            readers.push(reader); // closing it would take it out
        }
        let first = wait(&poller, None, 2);
        let rest = wait(&poller, None, 2);
        assert_eq!((first.len(), rest.len()), (2, 1));
    }

    #[test]
    fn a_call_wakes_one_wait() {
        let poller = Poller::new().unwrap();
        assert!(wait(&poller, Some(Duration::ZERO), 9).is_empty());
        for _ in 0..2 {
            poller.wake_one().unwrap();
            assert_eq!(poller.wait(None, 9).unwrap(), Readiness::Called);
            assert!(wait(&poller, Some(Duration::ZERO), 9).is_empty());
        }
    }

    #[test]
    fn waking_wakes_every_wait_from_then_on() {
        let poller = Poller::new().unwrap();
        poller.wake_all().unwrap();
        assert_eq!(poller.wait(None, 1).unwrap(), Readiness::Woken);
        assert_eq!(poller.wait(None, 9).unwrap(), Readiness::Woken);
    }
}
