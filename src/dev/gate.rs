use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::dev::event::Event;
use crate::dev::generation::Generation;
use crate::dev::inputs::Outlook;
use crate::dev::lookout::Lookout;
use crate::dev::upstream::Upstream;
use crate::pages::Page;
use crate::wire::Wire;

/// How long a connection to the app may wait for another request: less than any server's own
/// patience, so that none is closed while a request is on its way into it.
const MOST_IDLE: Duration = Duration::from_secs(1);
/// How many of them may wait.
const MOST_KEPT: usize = 32;

/// Where every request asks what to do: go on to the app, wait, or be told why not.
///
/// The supervisor moves it; the front passes through it. No request gets a [`Lease`] on code
/// older than the files on disk: the first change shuts the gate, and as the news of a change
/// takes a moment to come, each request looks out for itself before it passes.
pub(crate) struct Gate {
    inner: Mutex<Inner>,
    moved: Condvar,
    events: Sender<Event>,
    lookout: Lookout,
}

/// What a request is told.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Go on to its upstream, and keep the lease until the answer is sent.
    Pass(Lease),
    /// Answer with this page: the build failed, or the app died.
    Explain(Arc<Page>),
    /// The deadline passed, and there is still nothing to go on to.
    Late(Progress),
    /// devserve ends: close the connection.
    Closed,
}

/// What a held request waits for.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    /// In words: `building shop`.
    pub(crate) doing: String,
    /// Since when requests are held.
    pub(crate) since: Instant,
}

/// The right to have one request answered by one generation, which is kept alive for it.
pub(crate) struct Lease {
    gate: Arc<Gate>,
    generation: Generation,
    upstream: Upstream,
    is_endless: AtomicBool,
}

struct Inner {
    door: Door,
    // Grows with each move of the door, so that a look at the files, made without the lock, holds
    // for the door it was made for.
    moves: u64,
    lives: HashMap<Generation, Life>,
}

enum Door {
    /// Requests wait.
    Held(Progress),
    /// Requests pass to this generation.
    Open {
        generation: Generation,
        upstream: Upstream,
    },
    /// Requests get this page; the first one after `retry_at` asks for the app again.
    Explaining {
        page: Arc<Page>,
        retry_at: Option<Instant>,
    },
    /// Requests are turned away, for good.
    Closed,
}

/// One generation, as far as requests are concerned.
#[derive(Default)]
struct Life {
    in_flight: usize,
    // Those of them whose answers have no end of their own.
    endless: usize,
    is_retiring: bool,
    is_hurried: bool,
    obituary: Option<Arc<Page>>,
    // Connections to it that wait for another request, and since when.
    idle: Vec<(Wire, Instant)>,
}

impl Gate {
    /// A gate that holds requests because of `doing`.
    pub(crate) fn new(doing: String, events: Sender<Event>, lookout: Lookout) -> Arc<Self> {
        let inner = Inner {
            door: Door::Held(Progress {
                doing,
                since: Instant::now(),
            }),
            moves: 0,
            lives: HashMap::new(),
        };
        Arc::new(Self {
            inner: Mutex::new(inner),
            moved: Condvar::new(),
            events,
            lookout,
        })
    }

    /// What to do with a request; waits while it is held, until `deadline` at the latest.
    pub(crate) fn pass(self: &Arc<Self>, deadline: Instant) -> Verdict {
        let mut inner = self.lock();
        loop {
            match &inner.door {
                Door::Closed => return Verdict::Closed,
                Door::Held(progress) => {
                    let patience = deadline.saturating_duration_since(Instant::now());
                    if patience.is_zero() {
                        return Verdict::Late(progress.clone());
                    }
                    inner = self
                        .moved
                        .wait_timeout(inner, patience)
                        .map_or_else(|poisoned| poisoned.into_inner().0, |(inner, _)| inner);
                }
                Door::Open { .. } | Door::Explaining { .. } => {
                    let moves = inner.moves;
                    drop(inner);
                    let outlook = self.lookout.look();
                    inner = self.lock();
                    match outlook {
                        // The next round finds it announced.
                        Some(Outlook::Changed(change)) => self.report(change),
                        None => {}
                        // What was seen was seen at a door that has moved since.
                        _ if inner.moves != moves => {}
                        // The supervisor will hold the gate when it hears. It has not yet, or the
                        // door would have moved; until then it is held here.
                        Some(Outlook::Announced) => inner.hold("building".to_owned()),
                        Some(Outlook::Calm) => {
                            if let Some(verdict) = self.decide(&mut inner) {
                                return verdict;
                            }
                        }
                    }
                }
            }
        }
    }

    /// What requests are waiting for, if they are.
    pub(crate) fn progress(&self) -> Option<Progress> {
        match &self.lock().door {
            Door::Held(progress) => Some(progress.clone()),
            Door::Open { .. } | Door::Explaining { .. } | Door::Closed => None,
        }
    }

    /// Holds requests, or says anew what they wait for.
    pub(crate) fn hold(&self, doing: String) {
        self.lock().hold(doing);
    }

    /// Lets requests through to `generation`, which is reached at `upstream`.
    pub(crate) fn open(&self, generation: Generation, upstream: Upstream) {
        let mut inner = self.lock();
        // It may have been open before, to another place of the same generation.
        inner.lives.entry(generation).or_default();
        let door = Door::Open {
            generation,
            upstream,
        };
        self.set(inner, door);
    }

    /// Answers requests with `page`, until something changes.
    pub(crate) fn explain(&self, page: Arc<Page>) {
        self.set(
            self.lock(),
            Door::Explaining {
                page,
                retry_at: None,
            },
        );
    }

    /// Answers requests with `page`, which says how `generation` died; those it was answering
    /// find it as their [obituary](Lease::obituary). The first request after `pause` sends
    /// [`Event::Wanted`] and is held.
    pub(crate) fn bury(&self, generation: Generation, page: Arc<Page>, pause: Duration) {
        let mut inner = self.lock();
        inner.lives.entry(generation).or_default().obituary = Some(Arc::clone(&page));
        self.settle(&mut inner, generation);
        let retry_at = Some(Instant::now() + pause);
        self.set(inner, Door::Explaining { page, retry_at });
    }

    /// Asks to be told, by [`Event::Drained`], when `generation` answers no request any more.
    pub(crate) fn retire(&self, generation: Generation) {
        let mut inner = self.lock();
        let life = inner.lives.entry(generation).or_default();
        life.is_retiring = true;
        life.idle.clear();
        self.settle(&mut inner, generation);
    }

    /// Has the next generation wait for the end of a retired one: answers without an end, such as
    /// streams of events, are not waited for any more.
    pub(crate) fn hurry(&self, generation: Generation) {
        let mut inner = self.lock();
        if let Some(life) = inner.lives.get_mut(&generation) {
            life.is_hurried = true;
        }
        self.settle(&mut inner, generation);
    }

    /// Turns away all requests from now on.
    pub(crate) fn close(&self) {
        self.set(self.lock(), Door::Closed);
    }

    fn set(&self, mut inner: MutexGuard<'_, Inner>, door: Door) {
        if !matches!(inner.door, Door::Closed) {
            inner.moves += 1;
            inner.door = door;
        }
        // Also for those who wait for an obituary.
        self.moved.notify_all();
    }

    /// The verdict of a door that holds nobody; `None` where it holds from now on.
    fn decide(self: &Arc<Self>, inner: &mut Inner) -> Option<Verdict> {
        match &inner.door {
            Door::Open {
                generation,
                upstream,
            } => {
                let (generation, upstream) = (*generation, upstream.clone());
                inner.lives.entry(generation).or_default().in_flight += 1;
                Some(Verdict::Pass(Lease {
                    gate: Arc::clone(self),
                    generation,
                    upstream,
                    is_endless: AtomicBool::new(false),
                }))
            }
            Door::Explaining {
                retry_at: Some(retry_at),
                ..
            } if *retry_at <= Instant::now() => {
                inner.hold("starting".to_owned());
                self.report(Event::Wanted);
                None
            }
            Door::Explaining { page, .. } => Some(Verdict::Explain(Arc::clone(page))),
            Door::Held(_) | Door::Closed => None,
        }
    }

    /// Forgets `generation` once nobody can ask for it again, and says so if that was asked.
    fn settle(&self, inner: &mut Inner, generation: Generation) {
        let Some(life) = inner.lives.get(&generation) else {
            return;
        };
        let waited_for = match life.is_hurried {
            true => life.in_flight - life.endless,
            false => life.in_flight,
        };
        if waited_for > 0 {
            return;
        }
        if life.is_retiring {
            self.report(Event::Drained(generation));
        }
        if life.is_retiring || life.obituary.is_some() {
            inner.lives.remove(&generation);
        }
    }

    fn report(&self, event: Event) {
        // Fails only where the supervisor has ended, and then nobody needs to know.
        let _ = self.events.send(event);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that can panic runs under this lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn hold(&mut self, doing: String) {
        match &mut self.door {
            Door::Held(progress) => {
                progress.doing = doing;
            }
            Door::Closed => {}
            Door::Open { .. } | Door::Explaining { .. } => {
                self.moves += 1;
                self.door = Door::Held(Progress {
                    doing,
                    since: Instant::now(),
                });
            }
        }
    }
}

impl Lease {
    /// Which life of the app it is.
    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    /// Where the generation is reached.
    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// A connection to the generation that an earlier request has left, and that is still there.
    pub(crate) fn idle(&self) -> Option<Wire> {
        let mut inner = self.gate.lock();
        let idle = &mut inner.lives.get_mut(&self.generation)?.idle;
        while let Some((wire, since)) = idle.pop() {
            if since.elapsed() >= MOST_IDLE {
                idle.clear(); // the others are older
                return None;
            }
            let waited = wire.stream().wait_readable(Some(Duration::ZERO));
            // Anything that could be read now is its end.
            if waited.is_err_and(|error| error.kind() == io::ErrorKind::TimedOut) {
                return Some(wire);
            }
        }
        None
    }

    /// Leaves a connection to the requests that come.
    pub(crate) fn keep(&self, wire: Wire) {
        let mut inner = self.gate.lock();
        match inner.lives.get_mut(&self.generation) {
            Some(life) if !life.is_retiring && life.idle.len() < MOST_KEPT => {
                life.idle.push((wire, Instant::now()));
            }
            _ => {} // it ends
        }
    }

    /// Says that the answer has no end of its own. Once is enough.
    pub(crate) fn has_no_end(&self) {
        let mut inner = self.gate.lock();
        if !self.is_endless.swap(true, Ordering::Relaxed)
            && let Some(life) = inner.lives.get_mut(&self.generation)
        {
            life.endless += 1;
        }
        self.gate.settle(&mut inner, self.generation);
    }

    /// Waits for a while; whether devserve ends meanwhile, and with it the right to an answer.
    pub(crate) fn is_void_within(&self, patience: Duration) -> bool {
        let inner = self.gate.lock();
        let is_open = |inner: &mut Inner| !matches!(inner.door, Door::Closed);
        let (inner, _) = self
            .gate
            .moved
            .wait_timeout_while(inner, patience, is_open)
            .unwrap_or_else(PoisonError::into_inner);
        matches!(inner.door, Door::Closed)
    }

    /// The page that tells how the generation died, if it did: for a request whose connection
    /// broke. Waits until `deadline`, because a broken connection is often the first sign.
    pub(crate) fn obituary(&self, deadline: Instant) -> Option<Arc<Page>> {
        let mut inner = self.gate.lock();
        loop {
            if let Some(page) = inner.lives.get(&self.generation)?.obituary.as_ref() {
                return Some(Arc::clone(page));
            }
            let patience = deadline.saturating_duration_since(Instant::now());
            if patience.is_zero() {
                return None;
            }
            inner = self
                .gate
                .moved
                .wait_timeout(inner, patience)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(inner, _)| inner);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut inner = self.gate.lock();
        if let Some(life) = inner.lives.get_mut(&self.generation) {
            life.in_flight -= 1;
            life.endless -= usize::from(*self.is_endless.get_mut());
        }
        self.gate.settle(&mut inner, self.generation);
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("generation", &self.generation)
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
