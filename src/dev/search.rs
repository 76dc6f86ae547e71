use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;

use crate::dev::listeners::{self, Kinds};
use crate::dev::upstream::{Habit, Reached, Tenancy, Upstream};

/// How long a program that links devserve has to say that it is ready, before it is looked for
/// elsewhere: it may use the toolkit and another server.
const OWN_PATIENCE: Duration = Duration::from_secs(1);
/// How long a program has to open a port before a Unix socket is taken for its door: many open
/// one for other ends.
const UNIX_PATIENCE: Duration = Duration::from_secs(1);
/// How long a port of the program's choice has to be there before it is taken for its door: the
/// one it was told to take may be on its way.
const SETTLING: Duration = Duration::from_millis(250);
/// The same, where the generation before took the one it was told to.
const LONG_SETTLING: Duration = Duration::from_secs(2);
/// How long after a port of its own choice the program may still open the one it was asked to:
/// the first may be for metrics.
const SECOND_THOUGHTS: Duration = Duration::from_secs(3);

/// Where a new process may be told to listen, and what it gets for that.
#[derive(Debug)]
pub(crate) struct Offer {
    /// `PORT`: a port that was free a moment ago.
    pub(crate) port: u16,
    handed: Option<Handed>,
    // What listened before the process was there.
    known: HashSet<u64>,
}

/// A listening socket that a process inherits. It may take no notice of it.
///
/// Whether it accepts from it, nobody tells: so there is a connection in its queue from the
/// start, on which nothing is ever sent. Once it has left the queue, the process has it.
#[derive(Debug)]
struct Handed {
    listener: TcpListener,
    upstream: Upstream,
    // Closed when it has been accepted: who answers one connection at a time waits for its end.
    _probe: TcpStream,
}

impl Offer {
    /// For a program that we know nothing of: a port, and a listening socket at another one.
    pub(crate) fn to_stranger() -> io::Result<(Self, OwnedFd)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let theirs = listener.try_clone()?;
        // While the first is taken, so that it is another one.
        let port = free_port()?;
        let address = listener.local_addr()?;
        let handed = Handed {
            _probe: TcpStream::connect(address)?,
            upstream: Upstream::Tcp(address),
            listener,
        };
        let offer = Self {
            port,
            handed: Some(handed),
            known: listeners::inodes(Kinds::All)?,
        };
        Ok((offer, theirs.into()))
    }

    /// For one that gets a socket of its own kind, or that listens at `port` anyway.
    pub(crate) fn at(port: u16) -> io::Result<Self> {
        let known = listeners::inodes(Kinds::All)?;
        Ok(Self {
            port,
            handed: None,
            known,
        })
    }
}

fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

impl Handed {
    fn is_accepted(&self) -> io::Result<bool> {
        let mut fds = [PollFd::new(&self.listener, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec::default()))?;
        Ok(fds[0].revents().is_empty())
    }
}

/// What counts as the program's door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The socket at this path, when the program says so; else any port.
    Own(Arc<Path>),
    /// The port it was given, or else another one.
    Any,
    /// This port, and no other.
    Port(u16),
}

/// How sure it is that a door is the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A Unix socket.
    Guess,
    /// A port of the program's choice.
    Likely,
    /// What it was asked for.
    Sure,
}

/// Finds out where a process and its descendants take connections.
///
/// No event tells that a socket begins to listen, so this looks again and again; often at
/// first, and never so often that it costs more than a fifth of a core.
#[derive(Debug)]
pub(crate) struct Search {
    group: Pid,
    wish: Wish,
    offer: Offer,
    habit: Habit,
    began: Instant,
    // Since when something is there that may be the door.
    seen: Option<Instant>,
    found: Option<(Rank, Instant)>,
    next: Option<Instant>,
}

impl Search {
    /// Begins to look for what `group` opens. `habit` is that of the generation before.
    pub(crate) fn new(group: Pid, wish: Wish, offer: Offer, habit: Habit) -> Self {
        let now = Instant::now();
        let first = match wish {
            Wish::Own(_) => now + OWN_PATIENCE,
            Wish::Any | Wish::Port(_) => now,
        };
        Self {
            group,
            wish,
            offer,
            habit,
            began: now,
            seen: None,
            found: None,
            next: Some(first),
        }
    }

    /// When to look next; `None` once there is nothing more to find.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.next
    }

    /// Looks; tells what is better than all that was found before.
    pub(crate) fn look(&mut self) -> io::Result<Option<Reached>> {
        let began = Instant::now();
        let age = began.duration_since(self.began);
        // Also where this look fails.
        self.next = Some(began + pause(age));
        let better = match self.handed()? {
            Some(handed) => Some(handed),
            None => self.listening(age)?,
        };
        let better = better.filter(|(rank, _)| self.found.is_none_or(|(found, _)| *rank > found));
        let now = Instant::now();
        let better = better.filter(|(rank, reached)| {
            let seen = now.duration_since(*self.seen.get_or_insert(now));
            seen >= settling(*rank, self.habit, reached.habit)
        });
        if let Some((rank, _)) = &better {
            self.found = Some((*rank, now));
        }
        self.next = match self.found {
            Some((Rank::Sure, _)) => None,
            Some((_, since)) if now.duration_since(since) > SECOND_THOUGHTS => None,
            _ => Some(now + pause(age).max(4 * (now - began))),
        };
        if self.next.is_none() {
            // With the last copy here, what connects after the program's end is refused.
            self.offer.handed = None;
        }
        Ok(better.map(|(_, reached)| reached))
    }

    /// The program says that it is ready: where, if that is known.
    pub(crate) fn ready(&mut self) -> io::Result<Option<Reached>> {
        if let Wish::Own(path) = &self.wish {
            self.next = None;
            return Ok(Some(Reached {
                upstream: Upstream::Own(Arc::clone(path)),
                tenancy: Tenancy::Shared,
                habit: Habit::Obeys,
            }));
        }
        let best = match self.handed()? {
            Some(handed) => Some(handed),
            None => self.listening(self.began.elapsed())?,
        };
        // Where it listens nowhere else, it means the socket it has from us.
        let handed = self
            .offer
            .handed
            .take_if(|_| best.is_some() || self.wish == Wish::Any);
        let reached = match (best, handed) {
            (Some((_, reached)), _) => reached,
            (None, Some(handed)) => Reached {
                upstream: handed.upstream,
                tenancy: Tenancy::Shared,
                habit: Habit::Obeys,
            },
            (None, None) => return Ok(None), // the port that counts is not there yet
        };
        self.next = None;
        Ok(Some(reached))
    }

    fn handed(&self) -> io::Result<Option<(Rank, Reached)>> {
        let Some(handed) = &self.offer.handed else {
            return Ok(None);
        };
        if !handed.is_accepted()? {
            return Ok(None);
        }
        let others = listeners::of_group(self.group, &self.offer.known, Kinds::Tcp)?;
        let reached = Reached {
            upstream: handed.upstream.clone(),
            tenancy: tenancy(&others, self.offer.port),
            habit: Habit::Obeys,
        };
        Ok(Some((Rank::Sure, reached)))
    }

    fn listening(&self, age: Duration) -> io::Result<Option<(Rank, Reached)>> {
        let known = &self.offer.known;
        if let Wish::Port(port) = self.wish {
            // Whoever has it: a container's port is not listened on by what started it.
            let upstream = listeners::at_port(port, known)?;
            return Ok(upstream.map(|upstream| {
                let reached = Reached {
                    upstream,
                    tenancy: Tenancy::Sole,
                    habit: Habit::Port(port),
                };
                (Rank::Sure, reached)
            }));
        }
        let kinds = match age < UNIX_PATIENCE {
            true => Kinds::Tcp,
            false => Kinds::All,
        };
        let seen = listeners::of_group(self.group, known, kinds)?;
        Ok(choose(&seen, self.offer.port))
    }
}

/// Which of the places where a program listens is meant for requests, if it was given `port`.
fn choose(seen: &[Upstream], port: u16) -> Option<(Rank, Reached)> {
    let rank = |upstream: &Upstream| match upstream.port() {
        Some(at) if at == port => Rank::Sure,
        Some(_) => Rank::Likely,
        None => Rank::Guess,
    };
    // Of two that are alike, the one opened first.
    let best = seen.iter().rev().max_by_key(|upstream| rank(upstream))?;
    let reached = Reached {
        upstream: best.clone(),
        tenancy: tenancy(seen, port),
        habit: match (rank(best), best.port()) {
            (Rank::Sure, _) => Habit::Obeys,
            (_, Some(port)) => Habit::Port(port),
            (_, None) => Habit::Unknown,
        },
    };
    Some((rank(best), reached))
}

/// How long a door has to be there before it is taken for the right one.
fn settling(rank: Rank, before: Habit, now: Habit) -> Duration {
    match (rank, before) {
        (Rank::Sure, _) => Duration::ZERO,
        // It is at its usual place.
        (Rank::Likely, Habit::Port(_)) if before == now => Duration::ZERO,
        (Rank::Likely | Rank::Guess, Habit::Obeys) => LONG_SETTLING,
        (Rank::Likely, _) => SETTLING,
        (Rank::Guess, _) => Duration::ZERO, // it was waited for already
    }
}

fn tenancy(seen: &[Upstream], port: u16) -> Tenancy {
    match seen.iter().all(|upstream| upstream.port() == Some(port)) {
        true => Tenancy::Shared,
        false => Tenancy::Sole,
    }
}

/// How long to wait until the next look at a program that was started so long ago.
fn pause(age: Duration) -> Duration {
    Duration::from_millis(match age.as_secs() {
        0 => 2,
        1..10 => 10,
        10..60 => 50,
        _ => 250,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seen: &[&str], want: Option<(Rank, &str, Tenancy)>) {
        let seen: Vec<Upstream> = seen
            .iter()
            .map(|place| match place.strip_prefix("unix:") {
                Some(path) => Upstream::Unix(Path::new(path).into()),
                None => Upstream::Tcp(place.parse().unwrap()),
            })
            .collect();
        let got = choose(&seen, 4000);
        let got = got.map(|(rank, reached)| (rank, reached.upstream.to_string(), reached.tenancy));
        let want = want.map(|(rank, place, tenancy)| (rank, place.to_owned(), tenancy));
        assert_eq!(got, want);
    }

    #[test]
    fn the_port_that_was_given_is_sure_and_leaves_room_for_another_generation() {
        use Rank::Sure;
        use Tenancy::{Shared, Sole};
        check(&["127.0.0.1:4000"], Some((Sure, "127.0.0.1:4000", Shared)));
        check(&["[::1]:4000"], Some((Sure, "[::1]:4000", Shared)));
        let both = ["127.0.0.1:9090", "127.0.0.1:4000"];
        check(&both, Some((Sure, "127.0.0.1:4000", Sole)));
    }

    #[test]
    fn else_the_port_that_was_opened_first_is_likely_and_nobody_else_can_have_it() {
        use Rank::{Guess, Likely};
        use Tenancy::Sole;
        check(&[], None);
        check(&["127.0.0.1:3000"], Some((Likely, "127.0.0.1:3000", Sole)));
        let two = ["127.0.0.1:3000", "127.0.0.1:9090"];
        check(&two, Some((Likely, "127.0.0.1:3000", Sole)));
        let both = ["unix:/run/a", "127.0.0.1:9090"];
        check(&both, Some((Likely, "127.0.0.1:9090", Sole)));
        check(&["unix:/run/a"], Some((Guess, "unix:/run/a", Sole)));
    }

    #[test]
    fn a_port_of_its_own_has_to_settle_unless_it_is_the_usual_one() {
        use Habit::{Obeys, Port, Unknown};
        for (rank, before, now, want) in [
            (Rank::Sure, Unknown, Obeys, Duration::ZERO),
            (Rank::Sure, Port(3000), Obeys, Duration::ZERO),
            (Rank::Likely, Unknown, Port(3000), SETTLING),
            (Rank::Likely, Port(3000), Port(3000), Duration::ZERO),
            (Rank::Likely, Port(3000), Port(9090), SETTLING),
            (Rank::Likely, Obeys, Port(9090), LONG_SETTLING),
            (Rank::Guess, Obeys, Unknown, LONG_SETTLING),
            (Rank::Guess, Unknown, Unknown, Duration::ZERO),
        ] {
            assert_eq!(
                settling(rank, before, now),
                want,
                "{rank:?} {before:?} {now:?}"
            );
        }
    }

    #[test]
    fn a_socket_that_was_handed_over_shows_when_it_is_accepted_from() {
        let (mut offer, theirs) = Offer::to_stranger().unwrap();
        let theirs = TcpListener::from(theirs);
        let handed = offer.handed.take().unwrap();
        assert!(!handed.is_accepted().unwrap());
        let accepted = theirs.accept().unwrap();
        assert!(handed.is_accepted().unwrap());
        drop(accepted);
        assert_ne!(handed.upstream.port(), Some(offer.port));
    }
}
