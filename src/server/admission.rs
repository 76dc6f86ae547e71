use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who is served, who waits for a worker, and who is one too many.
///
/// There is always one worker more than may serve, so that somebody hears of new requests
/// while all others are held up, and can queue them or turn them away.
#[derive(Debug)]
pub(crate) struct Admission {
    most_served: usize,
    most_queued: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    served: usize,
    queue: VecDeque<u64>,
}

/// What becomes of a connection that has something to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admitted {
    /// The worker that asked serves it.
    Serve,
    /// The next worker that is done serves it.
    Queued,
    /// Nobody will.
    Full,
}

impl Admission {
    pub(crate) fn new(most_served: usize, most_queued: usize) -> Self {
        Self {
            most_served: most_served.max(1),
            most_queued,
            state: Mutex::default(),
        }
    }

    /// How many workers there may be.
    pub(crate) fn most_workers(&self) -> usize {
        self.most_served.saturating_add(1)
    }

    /// Asks for the connection `key`; `queue` runs before any other worker can have it from the
    /// queue.
    pub(crate) fn enter(&self, key: u64, queue: impl FnOnce()) -> Admitted {
        let mut state = self.state();
        if state.served < self.most_served {
            state.served += 1;
            return Admitted::Serve;
        }
        if state.queue.len() < self.most_queued {
            queue();
            state.queue.push_back(key);
            return Admitted::Queued;
        }
        Admitted::Full
    }

    /// Whether connections wait for a worker.
    pub(crate) fn has_queue(&self) -> bool {
        !self.state().queue.is_empty()
    }

    /// Lets those who wait go before the connection `key`, which is being served and parked.
    /// The queue may be one longer for it: who has been let in is not turned away.
    pub(crate) fn stand_back(&self, key: u64) {
        self.state().queue.push_back(key);
    }

    /// Tells that a worker is done with what it served; it serves what is returned next.
    pub(crate) fn leave(&self) -> Option<u64> {
        let mut state = self.state();
        let next = state.queue.pop_front();
        if next.is_none() {
            state.served -= 1;
        }
        next
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_up_to_the_most_then_queues_then_refuses() {
        let admission = Admission::new(2, 1);
        let asked: Vec<_> = (0..4).map(|key| admission.enter(key, || ())).collect();
        assert_eq!(
            asked,
            [
                Admitted::Serve,
                Admitted::Serve,
                Admitted::Queued,
                Admitted::Full
            ]
        );
        assert_eq!(admission.leave(), Some(2), "who waited comes next");
        assert_eq!(
            admission.enter(4, || ()),
            Admitted::Queued,
            "its place was handed on"
        );
        assert_eq!(
            [admission.leave(), admission.leave(), admission.leave()],
            [Some(4), None, None]
        );
        assert_eq!(admission.enter(5, || ()), Admitted::Serve);
    }

    #[test]
    fn without_a_bound_there_is_a_worker_all_the_same() {
        assert_eq!(Admission::new(usize::MAX, 0).most_workers(), usize::MAX);
    }

    #[test]
    fn who_stands_back_comes_after_those_who_wait() {
        let admission = Admission::new(1, 1);
        admission.enter(0, || ());
        assert!(!admission.has_queue());
        admission.enter(1, || ());
        assert!(admission.has_queue());
        admission.stand_back(0);
        assert_eq!([admission.leave(), admission.leave()], [Some(1), Some(0)]);
    }
}
