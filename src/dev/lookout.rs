use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::dev::inputs::Outlook;

/// Looks whether the app is still what its files say, for many requests at once.
///
/// A look asks the system about each file, which for a large app takes longer than all else that
/// a request needs. One look is as good for all requests that came before it began.
pub(crate) struct Lookout {
    look: Box<dyn Fn() -> Outlook + Send + Sync>,
    looks: Mutex<Looks>,
    ended: Condvar,
}

/// Looks are numbered as they begin. Invariant: one at a time, so that at most the last is under
/// way.
#[derive(Default)]
struct Looks {
    begun: u64,
    ended: u64,
    // What the last one that has ended saw; `None` where its own request tells.
    seen: Option<Shared>,
}

/// What can be told to more than one.
#[derive(Clone, Copy)]
enum Shared {
    Calm,
    Announced,
}

impl Lookout {
    /// Shares what `look` sees. It must not panic.
    pub(crate) fn new(look: impl Fn() -> Outlook + Send + Sync + 'static) -> Self {
        Self {
            look: Box::new(look),
            looks: Mutex::default(),
            ended: Condvar::new(),
        }
    }

    /// What a look sees that begins now or later; `None` if that was a change, of which another
    /// request tells.
    pub(crate) fn look(&self) -> Option<Outlook> {
        let mut looks = self.lock();
        // One that is under way may have passed the file that has changed since.
        let wanted = looks.begun + 1;
        while looks.ended < wanted {
            if looks.begun > looks.ended {
                looks = self
                    .ended
                    .wait(looks)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            looks.begun += 1;
            drop(looks);
            let outlook = (self.look)();
            looks = self.lock();
            looks.ended = looks.begun;
            looks.seen = match outlook {
                Outlook::Calm => Some(Shared::Calm),
                Outlook::Announced => Some(Shared::Announced),
                Outlook::Changed(_) => None,
            };
            self.ended.notify_all();
            return Some(outlook);
        }
        looks.seen.map(|seen| match seen {
            Shared::Calm => Outlook::Calm,
            Shared::Announced => Outlook::Announced,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Looks> {
        // Nothing that can panic runs under this lock.
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::*;

    #[test]
    fn requests_that_come_during_a_look_share_the_next() {
        let count = Arc::new(AtomicUsize::new(0));
        let (go_on, may_go_on) = mpsc::channel();
        let (begins, begun) = mpsc::channel();
        let may_go_on = Mutex::new(may_go_on);
        let lookout = Arc::new(Lookout::new({
            let count = Arc::clone(&count);
            move || {
                count.fetch_add(1, Ordering::SeqCst);
                begins.send(()).unwrap();
                may_go_on.lock().unwrap().recv().unwrap();
                Outlook::Calm
            }
        }));
        let look = || {
            let lookout = Arc::clone(&lookout);
            thread::spawn(move || assert!(matches!(lookout.look(), Some(Outlook::Calm))))
        };
        let first = look();
        begun.recv().unwrap();
        let others: Vec<_> = (0..8).map(|_| look()).collect();
        go_on.send(()).unwrap();
        first.join().unwrap();
        begun.recv().unwrap();
        for _ in 0..8 {
            go_on.send(()).unwrap(); // one that is late makes one more look
        }
        others.into_iter().for_each(|other| other.join().unwrap());
        let looks = count.load(Ordering::SeqCst);
        // Never the first, which had begun before they came.
        assert!((2..=9).contains(&looks), "{looks}");
    }

    #[test]
    fn a_look_that_is_over_serves_nobody_who_comes_later() {
        let count = Arc::new(AtomicUsize::new(0));
        let lookout = Lookout::new({
            let count = Arc::clone(&count);
            move || {
                count.fetch_add(1, Ordering::SeqCst);
                Outlook::Announced
            }
        });
        for looks in 1..4 {
            assert!(matches!(lookout.look(), Some(Outlook::Announced)));
            assert_eq!(count.load(Ordering::SeqCst), looks);
        }
    }
}
