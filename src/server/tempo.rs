use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Below it an event is brief: a switch of threads, some 5 µs, would be a good part of it.
const BRIEF: u32 = 50_000;
/// More than that counts as that, or one long event would hide a hundred brief ones.
const LONGEST: u32 = 8 * BRIEF;

/// How long the last events took on the whole, in nanoseconds: a moving average over about
/// eight of them.
#[derive(Debug, Default)]
pub(crate) struct Tempo(AtomicU32);

impl Tempo {
    pub(crate) fn learn(&self, took: Duration) {
        let took = u32::try_from(took.as_nanos()).map_or(LONGEST, |took| took.min(LONGEST));
        let average = self.0.load(Ordering::Relaxed);
        // Where two learn at once, one event is forgotten, and there are plenty.
        let next = average - average / 8 + took / 8;
        self.0.store(next, Ordering::Relaxed);
    }

    pub(crate) fn is_brief(&self) -> bool {
        self.0.load(Ordering::Relaxed) < BRIEF
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After events of these lengths, in microseconds.
    #[track_caller]
    fn check(events: &[u64], is_brief: bool) {
        let tempo = Tempo::default();
        for event in events {
            tempo.learn(Duration::from_micros(*event));
        }
        assert_eq!(tempo.is_brief(), is_brief, "{events:?}: {tempo:?}");
    }

    #[test]
    fn follows_most_events_and_no_single_one() {
        check(&[], true);
        check(&[10; 100], true);
        check(&[200; 100], false);
        check(&[u64::MAX], false);
        check(&[u64::MAX, 10, 10], true);
        check(&[5_000, 5_000, 5_000, 10], false);
        check(&[[5_000; 100].as_slice(), &[10; 30]].concat(), true);
    }
}
