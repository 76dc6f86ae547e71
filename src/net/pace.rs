use std::time::Duration;

/// How slow the other side may be, sending or taking. It counts the time that was spent waiting
/// for it, and no other: an app may be as slow as it likes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    // One wait, and what all waits together may last beyond the time the least rate gives.
    // `None`: for ever.
    idle: Option<Duration>,
    // Bytes per second; 0 asks for none.
    least_rate: u32,
    waited: Duration,
    moved: u64,
}

impl Pace {
    /// No wait longer than `idle`, and on the whole no slower than `least_rate` bytes a second.
    pub(crate) fn new(idle: Duration, least_rate: u32) -> Self {
        Self {
            idle: Some(idle),
            least_rate,
            ..Self::unhurried()
        }
    }

    /// As slow as it likes.
    pub(crate) fn unhurried() -> Self {
        Self {
            idle: None,
            least_rate: 0,
            waited: Duration::ZERO,
            moved: 0,
        }
    }

    /// How long the next wait may last; `None` for ever.
    pub(crate) fn patience(&self) -> Option<Duration> {
        let idle = self.idle?;
        if self.least_rate == 0 {
            return Some(idle);
        }
        let earned = self.moved as f64 / f64::from(self.least_rate);
        let earned = Duration::try_from_secs_f64(earned).unwrap_or(Duration::MAX);
        Some(idle.min(idle.saturating_add(earned).saturating_sub(self.waited)))
    }

    /// Counts a wait that is over.
    pub(crate) fn waited(&mut self, elapsed: Duration) {
        self.waited = self.waited.saturating_add(elapsed);
    }

    /// Counts bytes that came, or went.
    pub(crate) fn moved(&mut self, len: usize) {
        self.moved = self.moved.saturating_add(len as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_body_that_drips_runs_out_of_patience() {
        let mut pace = Pace::new(10 * SECOND, 100);
        for _ in 0..10 {
            assert!(pace.patience().unwrap() > Duration::ZERO);
            pace.waited(SECOND);
            pace.moved(1);
        }
        assert!(pace.patience().unwrap() < SECOND, "{pace:?}");
    }

    #[test]
    fn a_body_at_the_least_rate_may_take_for_ever() {
        let mut pace = Pace::new(10 * SECOND, 100);
        for _ in 0..1000 {
            pace.waited(SECOND);
            pace.moved(100);
        }
        assert_eq!(pace.patience(), Some(10 * SECOND));
    }

    #[test]
    fn without_a_rate_only_single_waits_count() {
        let mut pace = Pace::new(SECOND, 0);
        pace.waited(100 * SECOND);
        assert_eq!(pace.patience(), Some(SECOND));
        assert_eq!(Pace::unhurried().patience(), None);
    }
}
