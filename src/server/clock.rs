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
    // What the system refused is tried again then.
    retry: Option<Instant>,
    stopped: bool,
}

/// What the clock woke for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) now: Instant,
    /// What the system refused is to be tried again.
    pub(crate) retries: bool,
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
                    let retries = state.retry.take_if(|retry| *retry <= now).is_some();
                    state.wake = state.retry;
                    return Some(Due { now, retries });
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

    /// The system refused something, and may have it to give then.
    pub(crate) fn retry_at(&self, retry: Instant) {
        // Who keeps being refused puts off nobody else's retry.
        self.state().retry.get_or_insert(retry);
        self.wake_at(Some(retry));
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
        assert!(due.now < begun + Duration::from_secs(3000) && !due.retries);
        clock.retry_at(begun);
        assert!(clock.next().unwrap().retries);
        clock.stop();
        assert!(clock.next().is_none());
    }

    #[test]
    fn a_retry_is_not_put_off_by_another() {
        let clock = Clock::default();
        let begun = Instant::now();
        clock.retry_at(begun);
        clock.retry_at(begun + Duration::from_secs(3600));
        assert!(clock.next().unwrap().retries);
    }
}
