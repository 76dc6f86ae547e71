use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::server::tempo::Tempo;

/// How often the deputy looks at the leader, and so how long others may wait for a leader that
/// is held up by one request: up to two of these.
const TICK: Duration = Duration::from_millis(1);
/// Ticks without any event, after which the deputy sleeps until there is one.
const QUIET_TICKS: u32 = 20;
/// Workers that stay when there is nothing to do.
pub(crate) const SPARE_WORKERS: usize = 4;
/// How long a worker beyond those waits for work before it ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Which of the free workers wait in the poller.
///
/// While events are brief, one does, the *leader*: it serves what it hears of and waits again,
/// and no thread is switched for it. Another, the *deputy*, looks once a tick whether the leader
/// is held up, and takes the lead if so. The rest sleep.
///
/// While events take long, every free worker waits in the poller: nothing has to wait for a
/// tick, and a switch of threads is small beside the rest.
#[derive(Debug, Default)]
pub(crate) struct Lead {
    state: Mutex<State>,
    // The deputy waits on the one, all other sleepers on the other.
    deputy_told: Condvar,
    told: Condvar,
    // The leader's events: odd while one is being served, even while the leader waits.
    turn: AtomicU64,
    // Changed under the lock of `state` only.
    deputy: Deputy,
    tempo: Tempo,
}

#[derive(Debug, Default)]
struct State {
    has_leader: bool,
    sleeping: usize,
    // Of the sleeping, how many were told to get up and have not yet.
    told: usize,
    stopped: bool,
}

/// What a free worker is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Wait in the poller, and serve what comes, until the lead is lost.
    Leader,
    /// Wait in the poller for one event.
    Free,
    /// End: there is too little to do, or there was a stop.
    Dismissed,
}

/// An event that is being served.
#[derive(Debug)]
pub(crate) struct Event {
    // The leader's; others have none.
    turn: Option<u64>,
    began: Instant,
}

impl Lead {
    /// Sleeps until there is something to do for a worker that does not lead.
    pub(crate) fn enlist(&self) -> Role {
        let mut state = self.state();
        loop {
            if state.stopped {
                return Role::Dismissed;
            }
            if !self.tempo.is_brief() {
                return Role::Free;
            }
            if !state.has_leader {
                state.has_leader = true;
                return Role::Leader;
            }
            if self.deputy.is(NOBODY) {
                state = self.watch(state);
                continue;
            }
            state.sleeping += 1;
            let is_spare = state.sleeping > SPARE_WORKERS;
            let slept = self
                .told
                .wait_timeout_while(state, PATIENCE, |state| state.told == 0 && !state.stopped)
                .unwrap_or_else(PoisonError::into_inner);
            state = slept.0;
            state.sleeping -= 1;
            state.told = state.told.saturating_sub(1);
            if slept.1.timed_out() && is_spare {
                return Role::Dismissed;
            }
        }
    }

    /// The deputy's life, until it has the lead, or is needed in the poller.
    fn watch<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.deputy.set(AWAKE);
        let mut seen = self.turn.load(Ordering::SeqCst);
        let mut quiet = 0;
        while state.has_leader && !state.stopped && self.tempo.is_brief() {
            state = self
                .deputy_told
                .wait_timeout(state, TICK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            let turn = self.turn.load(Ordering::SeqCst);
            if turn != seen {
                (seen, quiet) = (turn, 0);
            } else if is_served(turn) {
                // The leader sees that its turn is over, and so that the lead is lost.
                state.has_leader = self.end_turn(turn).is_err();
                self.tempo.learn(TICK);
            } else if quiet < QUIET_TICKS {
                quiet += 1;
            } else {
                quiet = 0;
                state = self.sleep_while_quiet(state, turn);
            }
        }
        self.deputy.set(NOBODY);
        // Whoever sleeps can be the next.
        Self::tell_one(&mut state, &self.told);
        state
    }

    fn sleep_while_quiet<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        turn: u64,
    ) -> MutexGuard<'a, State> {
        self.deputy.set(ASLEEP);
        // A leader that began before it could see this is seen here.
        let slept = self.deputy_told.wait_while(state, |state| {
            !state.stopped && self.deputy.is(ASLEEP) && self.turn.load(Ordering::SeqCst) == turn
        });
        self.deputy.set(AWAKE);
        slept.unwrap_or_else(PoisonError::into_inner)
    }

    /// An event was heard of; `others_hear` of the next. Also tells whether another worker has
    /// to be [told](Self::tell_another), or made.
    pub(crate) fn begin(&self, role: Role, others_hear: bool) -> (Event, bool) {
        let turn = (role == Role::Leader).then(|| {
            let turn = self.turn.load(Ordering::SeqCst) + 1;
            self.turn.store(turn, Ordering::SeqCst);
            turn
        });
        let needs_another = if !self.tempo.is_brief() || self.deputy.is(NOBODY) {
            !others_hear
        } else {
            if self.deputy.is(ASLEEP) {
                self.wake_deputy(&self.state());
            }
            false
        };
        let began = Instant::now();
        (Event { turn, began }, needs_another)
    }

    /// The event is served; tells what the worker is now: leader still, or free.
    pub(crate) fn end(&self, event: Event) -> Role {
        self.tempo.learn(event.began.elapsed());
        match event.turn {
            Some(turn) if self.end_turn(turn).is_ok() => Role::Leader,
            _ => Role::Free,
        }
    }

    /// Gets a worker that sleeps to its feet, if there is one.
    pub(crate) fn tell_another(&self) -> bool {
        let mut state = self.state();
        let told = Self::tell_one(&mut state, &self.told);
        if told || self.deputy.is(NOBODY) {
            return told;
        }
        self.wake_deputy(&state);
        true
    }

    /// The leader goes, and leads no more.
    pub(crate) fn resign(&self) {
        let mut state = self.state();
        state.has_leader = false;
        match self.deputy.is(NOBODY) {
            true => {
                Self::tell_one(&mut state, &self.told);
            }
            false => self.wake_deputy(&state),
        }
    }

    /// Dismisses all who sleep, or come to.
    pub(crate) fn stop(&self) {
        self.state().stopped = true;
        self.told.notify_all();
        self.deputy_told.notify_all();
    }

    fn wake_deputy(&self, _locked: &MutexGuard<'_, State>) {
        // Somebody else may have done so before the lock was had, and the deputy have gone.
        if self.deputy.is(ASLEEP) {
            self.deputy.set(AWAKE);
            self.deputy_told.notify_one();
        }
    }

    fn tell_one(state: &mut State, told: &Condvar) -> bool {
        let can = state.sleeping > state.told;
        if can {
            state.told += 1;
            told.notify_one();
        }
        can
    }

    /// Fails for the second who tries: the leader that is done, or the deputy.
    fn end_turn(&self, turn: u64) -> Result<u64, u64> {
        let (set, fetch) = (Ordering::SeqCst, Ordering::SeqCst);
        self.turn.compare_exchange(turn, turn + 1, set, fetch)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether there is a deputy, and what it does.
#[derive(Debug, Default)]
struct Deputy(AtomicU8);

const NOBODY: u8 = 0;
const ASLEEP: u8 = 1;
const AWAKE: u8 = 2;

impl Deputy {
    fn is(&self, state: u8) -> bool {
        self.0.load(Ordering::SeqCst) == state
    }

    fn set(&self, state: u8) {
        self.0.store(state, Ordering::SeqCst);
    }
}

fn is_served(turn: u64) -> bool {
    turn % 2 == 1
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    /// A second worker, who tells what it is made.
    fn enlist(lead: &Arc<Lead>) -> thread::JoinHandle<Role> {
        let lead = Arc::clone(lead);
        thread::spawn(move || lead.enlist())
    }

    /// A deputy that has nothing to look at falls asleep soon: it may be found so at once.
    fn wait_for_deputy(lead: &Lead, asleep: bool) {
        while lead.deputy.is(NOBODY) || asleep && !lead.deputy.is(ASLEEP) {
            thread::yield_now();
        }
    }

    #[test]
    fn the_lead_stays_where_events_are_brief() {
        let lead = Arc::new(Lead::default());
        assert_eq!(lead.enlist(), Role::Leader);
        let (event, needs_another) = lead.begin(Role::Leader, false);
        assert!(needs_another, "there is no deputy");
        assert_eq!(lead.end(event), Role::Leader);
        let deputy = enlist(&lead);
        wait_for_deputy(&lead, false);
        let (event, needs_another) = lead.begin(Role::Leader, false);
        assert!(!needs_another);
        assert_eq!(lead.end(event), Role::Leader);
        lead.stop();
        assert_eq!(deputy.join().unwrap(), Role::Dismissed);
        assert_eq!(lead.enlist(), Role::Dismissed);
    }

    #[test]
    fn the_deputy_takes_over_from_a_leader_that_is_held_up() {
        for sleeps in [false, true] {
            let lead = Arc::new(Lead::default());
            assert_eq!(lead.enlist(), Role::Leader);
            let deputy = enlist(&lead);
            wait_for_deputy(&lead, sleeps);
            let (event, _) = lead.begin(Role::Leader, false);
            let role = deputy.join().unwrap();
            // On a slow machine its own tick counts as a long event first.
            assert_ne!(role, Role::Dismissed, "asleep: {sleeps}");
            assert_eq!(lead.end(event), Role::Free);
        }
    }

    #[test]
    fn while_events_take_long_everybody_waits_for_them() {
        let lead = Arc::new(Lead::default());
        lead.tempo.learn(Duration::from_secs(1));
        assert_eq!([lead.enlist(), lead.enlist()], [Role::Free, Role::Free]);
        assert!(lead.begin(Role::Free, false).1, "nobody else waits");
        assert!(!lead.begin(Role::Free, true).1);
        assert!(!lead.tell_another(), "nobody sleeps");
    }

    #[test]
    fn who_sleeps_can_be_told() {
        let lead = Arc::new(Lead::default());
        assert_eq!(lead.enlist(), Role::Leader);
        let deputy = enlist(&lead);
        wait_for_deputy(&lead, true);
        lead.tempo.learn(Duration::from_secs(1));
        assert!(lead.tell_another());
        assert_eq!(deputy.join().unwrap(), Role::Free);
    }

    #[test]
    fn who_would_wake_a_deputy_that_is_gone_makes_none() {
        let lead = Lead::default();
        // It was seen asleep, and had been woken and was gone before the lock was had.
        lead.wake_deputy(&lead.state());
        assert!(lead.deputy.is(NOBODY));
        assert!(!lead.tell_another(), "nobody is there to be told");
    }

    #[test]
    fn a_leader_that_goes_leaves_the_lead_to_the_deputy() {
        let lead = Arc::new(Lead::default());
        assert_eq!(lead.enlist(), Role::Leader);
        let deputy = enlist(&lead);
        wait_for_deputy(&lead, true);
        lead.resign();
        assert_eq!(deputy.join().unwrap(), Role::Leader);
    }
}
