use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// The threads of one server.
#[derive(Debug, Default)]
pub(crate) struct Crew {
    state: Mutex<State>,
    // Told when a thread ends.
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    threads: usize,
    workers: usize,
    // Made, and not at work yet.
    coming: usize,
}

impl Crew {
    /// Starts a thread that is no worker.
    pub(crate) fn start(
        self: &Arc<Self>,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let crew = Arc::clone(self);
        // Held until it counts, or its end might come first.
        let mut state = self.state();
        thread::Builder::new()
            .name(format!("devserve-{name}"))
            .spawn(move || {
                work(); // and drops all it holds
                crew.state().threads -= 1;
                crew.ended.notify_all();
            })?;
        state.threads += 1;
        Ok(())
    }

    /// Starts a worker, unless there are `most`, or one is on its way.
    pub(crate) fn start_worker(
        self: &Arc<Self>,
        most: usize,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let name = {
            let mut state = self.state();
            if state.coming > 0 || state.workers >= most {
                return Ok(());
            }
            state.coming += 1;
            state.workers += 1;
            format!("worker-{}", state.workers - 1)
        };
        let crew = Arc::clone(self);
        let started = self.start(&name, move || {
            crew.state().coming -= 1;
            work();
            crew.state().workers -= 1;
        });
        if started.is_err() {
            let mut state = self.state();
            state.coming -= 1;
            state.workers -= 1;
        }
        started
    }

    /// Waits until every thread has ended, but no longer than until `deadline`.
    pub(crate) fn wait_for_end(&self, deadline: Instant) {
        let mut state = self.state();
        while state.threads > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self
                .ended
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn has_so_many_workers_and_waits_for_their_end() {
        let crew = Arc::new(Crew::default());
        let held = Arc::new(());
        let (end, ends) = mpsc::channel::<()>();
        let ends = Arc::new(Mutex::new(ends));
        for _ in 0..3 {
            let (held, ends) = (Arc::clone(&held), Arc::clone(&ends));
            let (say, said) = mpsc::channel();
            crew.start_worker(2, move || {
                say.send(()).unwrap();
                ends.lock().unwrap().recv().ok();
                drop(held);
            })
            .unwrap();
            said.recv().ok(); // it is at work, or was not made
        }
        assert_eq!(Arc::strong_count(&held), 3);
        crew.wait_for_end(Instant::now()); // they are at work, and it does not wait for them
        drop(end);
        crew.wait_for_end(Instant::now() + Duration::from_secs(300));
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
