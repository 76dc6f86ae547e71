use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// When a pool has to look at its deadlines next. One thread sleeps on it; all others only say
/// what is due.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    state: Mutex<State>,
    // Told when something is due earlier than was known, and at the stop.
    nearer: Condvar,
}

#[derive(Debug, Default)]
struct State {
    wake: Option<Instant>,
    // The listener rests until then.
    accept_again: Option<Instant>,
    stopped: bool,
}

/// What the clock woke for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) now: Instant,
    /// The listener has rested long enough.
    pub(crate) accepts_again: bool,
}

impl Clock {
    /// Sleeps until something is due; `None` once it was stopped.
    pub(crate) fn next(&self) -> Option<Due> {
        let mut state = self.state();
        while !state.stopped {
            let now = Instant::now();
            match state.wake {
                None => {
                    state = self
                        .nearer
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner)
                }
                Some(wake) if wake > now => {
                    let waited = self.nearer.wait_timeout(state, wake - now);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                Some(_) => {
                    let accepts_again = state.accept_again.take_if(|again| *again <= now).is_some();
                    state.wake = state.accept_again;
                    return Some(Due { now, accepts_again });
                }
            }
        }
        None
    }

    /// Something is due then, if anything is.
    pub(crate) fn wake_at(&self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return };
        let mut state = self.state();
        if state.wake.is_none_or(|wake| deadline < wake) {
            state.wake = Some(deadline);
            self.nearer.notify_all();
        }
    }

    /// The listener rests until then.
    pub(crate) fn accept_again_at(&self, again: Instant) {
        self.state().accept_again = Some(again);
        self.wake_at(Some(again));
    }

    /// Nothing is due any more.
    pub(crate) fn stop(&self) {
        self.state().stopped = true;
        self.nearer.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn wakes_for_the_nearest_deadline_and_once_for_each() {
        let clock = Clock::default();
        let begun = Instant::now();
        clock.wake_at(Some(begun + Duration::from_secs(3600)));
        clock.wake_at(Some(begun));
        let due = clock.next().unwrap();
        assert!(due.now < begun + Duration::from_secs(3000) && !due.accepts_again);
        clock.accept_again_at(begun);
        assert!(clock.next().unwrap().accepts_again);
        clock.stop();
        assert!(clock.next().is_none());
    }
}
