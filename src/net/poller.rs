use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};

/// Waits for sockets to be ready, for many threads at once.
///
/// Each source is armed for one event, which exactly one thread gets; nobody else hears of
/// that source until it is armed again.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: OwnedFd,
    waker: OwnedFd,
}

/// What a wait came back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// The source with this key has what it was armed for, or has ended.
    Ready(u64),
    /// [`Poller::wake_all`] was called.
    Woken,
    /// The time-out passed.
    TimedOut,
}

const WAKER: u64 = u64::MAX;

impl Poller {
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let waker = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // Level-triggered and never read: once written, it wakes every wait from then on.
        epoll::add(&epoll, &waker, EventData::new_u64(WAKER), EventFlags::IN)?;
        Ok(Self { epoll, waker })
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

    /// Waits for one event.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> io::Result<Readiness> {
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: timeout.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        let mut events = [const { std::mem::MaybeUninit::uninit() }; 1];
        loop {
            return match epoll::wait(&self.epoll, &mut events, timeout.as_ref()) {
                Ok((events, _)) => Ok(match events.first().map(|event| event.data.u64()) {
                    None => Readiness::TimedOut,
                    Some(WAKER) => Readiness::Woken,
                    Some(key) => Readiness::Ready(key),
                }),
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => Err(error.into()),
            };
        }
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

    #[test]
    fn gives_one_event_until_the_source_is_armed_again() {
        let poller = Poller::new().unwrap();
        let (mut writer, reader) = UnixStream::pair().unwrap();
        let soon = Some(Duration::ZERO);
        poller.add(&reader, 7).unwrap();
        writer.write_all(b"x").unwrap();
        assert_eq!(poller.wait(soon).unwrap(), Readiness::TimedOut);
        poller.arm(&reader, 7).unwrap();
        assert_eq!(poller.wait(None).unwrap(), Readiness::Ready(7));
        assert_eq!(poller.wait(soon).unwrap(), Readiness::TimedOut);
        poller.arm(&reader, 7).unwrap();
        assert_eq!(poller.wait(None).unwrap(), Readiness::Ready(7));
    }

    #[test]
    fn waking_wakes_every_wait_from_then_on() {
        let poller = Poller::new().unwrap();
        poller.wake_all().unwrap();
        assert_eq!(poller.wait(None).unwrap(), Readiness::Woken);
        assert_eq!(poller.wait(None).unwrap(), Readiness::Woken);
    }
}
