use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::middleware::profiler::{Report, Row, Slow};

/// What was measured so far. Bounded, whatever is asked.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    accounts: HashMap<String, Account>,
    // The slowest first.
    slowest: Vec<Slow>,
}

/// The requests of one name.
#[derive(Debug, Default)]
struct Account {
    count: u64,
    failed: u64,
    total: Duration,
    longest: Duration,
    recent: VecDeque<Duration>,
}

/// Names beyond these are counted together: paths are strangers' to make up.
const MOST_NAMES: usize = 500;
/// The name of the rest.
const OTHERS: &str = "(others)";
/// Percentiles are those of so many requests of a name, the latest.
const MOST_RECENT: usize = 1000;
/// So many single requests are kept.
const MOST_SLOW: usize = 20;

impl Ledger {
    /// Enters a request that took so long; without a status it failed.
    pub(super) fn enter(
        &mut self,
        name: String,
        request: String,
        status: Option<u16>,
        took: Duration,
    ) {
        let is_known = self.accounts.contains_key(&name);
        let name = match is_known || self.accounts.len() < MOST_NAMES {
            true => name,
            false => OTHERS.to_owned(),
        };
        let account = self.accounts.entry(name).or_default();
        account.count += 1;
        account.failed += u64::from(status.is_none_or(|status| status >= 500));
        account.total = account.total.saturating_add(took);
        account.longest = account.longest.max(took);
        if account.recent.len() == MOST_RECENT {
            account.recent.pop_front();
        }
        account.recent.push_back(took);

        let place = self.slowest.partition_point(|slow| slow.took >= took);
        if place < MOST_SLOW {
            let slow = Slow {
                request,
                status,
                took,
            };
            self.slowest.insert(place, slow);
            self.slowest.truncate(MOST_SLOW);
        }
    }

    /// All of it, what took most time in all first.
    pub(super) fn report(&self) -> Report {
        let rows = self
            .accounts
            .iter()
            .map(|(name, account)| account.row(name));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by(|one, other| (other.total, &one.name).cmp(&(one.total, &other.name)));
        Report {
            rows,
            slowest: self.slowest.clone(),
        }
    }
}

impl Account {
    fn row(&self, name: &str) -> Row {
        let mut recent: Vec<_> = self.recent.iter().copied().collect();
        recent.sort_unstable();
        let nanos = self.total.as_nanos() / u128::from(self.count.max(1));
        Row {
            name: name.to_owned(),
            count: self.count,
            failed: self.failed,
            total: self.total,
            mean: Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)),
            median: percentile(&recent, 50),
            p95: percentile(&recent, 95),
            longest: self.longest,
        }
    }
}

/// The least of the times, sorted, that so many in a hundred do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[track_caller]
    fn check(times: &[u64], percent: usize, want: u64) {
        let times: Vec<_> = times.iter().copied().map(ms).collect();
        assert_eq!(percentile(&times, percent), ms(want), "{times:?}");
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        check(&[], 95, 0);
        check(&[7], 50, 7);
        check(&[1, 2], 50, 1);
        check(&[1, 2, 3], 50, 2);
        check(&[1, 2, 3], 95, 3);
        let hundred: Vec<_> = (1..=100).collect();
        check(&hundred, 95, 95);
    }

    #[test]
    fn accounts_are_kept_by_name() {
        let mut ledger = Ledger::default();
        for (name, status, took) in [
            ("a", Some(200), 10),
            ("b", Some(404), 1),
            ("a", Some(503), 30),
            ("a", None, 20),
        ] {
            ledger.enter(name.into(), format!("GET /{name}"), status, ms(took));
        }
        let report = ledger.report();
        let [a, b] = report.rows.as_slice() else {
            panic!("two rows, not {report:?}");
        };
        assert_eq!((a.name.as_str(), a.count, a.failed), ("a", 3, 2));
        assert_eq!(
            (a.mean, a.median, a.p95, a.longest),
            (ms(20), ms(20), ms(30), ms(30))
        );
        assert_eq!(
            (b.name.as_str(), b.count, b.failed, b.total),
            ("b", 1, 0, ms(1))
        );
        let slow: Vec<_> = report.slowest.iter().map(|slow| slow.took).collect();
        assert_eq!(slow, [30, 20, 10, 1].map(ms));
    }

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let mut ledger = Ledger::default();
        for number in 0..3 * MOST_NAMES {
            ledger.enter(format!("/{number}"), String::new(), Some(200), ms(1));
        }
        for _ in 0..2 * MOST_RECENT {
            ledger.enter("/0".into(), String::new(), Some(200), ms(1));
        }
        assert_eq!(ledger.accounts.len(), MOST_NAMES + 1);
        assert_eq!(ledger.accounts["/0"].recent.len(), MOST_RECENT);
        assert_eq!(ledger.slowest.len(), MOST_SLOW);
    }
}
