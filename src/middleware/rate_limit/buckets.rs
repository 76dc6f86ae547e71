use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A bucket of tokens for each client, filled at a constant rate; a request takes one out.
///
/// Of a bucket only this is kept: when it will be full again. It says how many tokens are in it
/// now, and a bucket that is full need not be kept at all.
#[derive(Debug)]
pub(super) struct Buckets {
    full_at: HashMap<Vec<u8>, Instant>,
    /// How long a token takes to come.
    pub(super) interval: Duration,
    /// How many tokens there is room for.
    pub(super) burst: u32,
    pub(super) most_clients: usize,
}

impl Buckets {
    pub(super) fn new(interval: Duration, burst: u32, most_clients: usize) -> Self {
        Self {
            full_at: HashMap::new(),
            interval,
            burst,
            most_clients,
        }
    }

    /// Takes a token out; where there is none, says when there will be one.
    pub(super) fn take(&mut self, client: &[u8], now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.get(client).copied().unwrap_or(now).max(now);
        let Some(full_then) = full_at.checked_add(self.interval) else {
            return Ok(()); // a limit beyond the end of time is none
        };
        let room = self.interval.saturating_mul(self.burst);
        let wait = (full_then - now).saturating_sub(room);
        if wait > Duration::ZERO {
            return Err(wait);
        }
        if self.full_at.len() >= self.most_clients && !self.full_at.contains_key(client) {
            self.make_room(now);
        }
        self.full_at.insert(client.to_vec(), full_then);
        Ok(())
    }

    /// Forgets buckets that are full, and where that does not help the fuller half of the rest:
    /// those clients are furthest from their limit. What is forgotten is full again.
    fn make_room(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() < self.most_clients {
            return;
        }
        let mut times: Vec<_> = self.full_at.values().copied().collect();
        let middle = times.len() / 2;
        let (_, middle, _) = times.select_nth_unstable(middle);
        let middle = *middle;
        self.full_at.retain(|_, full_at| *full_at > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_then_one_at_a_time() {
        let mut buckets = Buckets::new(SECOND, 3, 10);
        let start = Instant::now();
        let mut take = |after: u64| buckets.take(b"a", start + Duration::from_millis(after));
        for _ in 0..3 {
            assert_eq!(take(0), Ok(()));
        }
        assert_eq!(take(0), Err(SECOND));
        assert_eq!(take(600), Err(Duration::from_millis(400)));
        assert_eq!(take(1000), Ok(()));
        assert_eq!(take(1000), Err(SECOND));
        for _ in 0..3 {
            assert_eq!(take(60_000), Ok(()), "it never holds more than a burst");
        }
        assert!(take(60_000).is_err());
    }

    #[test]
    fn clients_have_buckets_of_their_own() {
        let mut buckets = Buckets::new(SECOND, 1, 10);
        let now = Instant::now();
        assert_eq!(buckets.take(b"a", now), Ok(()));
        assert_eq!(buckets.take(b"b", now), Ok(()));
        assert!(buckets.take(b"a", now).is_err());
    }

    #[test]
    fn a_million_clients_take_no_more_room_than_some() {
        let mut buckets = Buckets::new(SECOND, 2, 100);
        let now = Instant::now();
        buckets.take(b"greedy", now).unwrap();
        buckets.take(b"greedy", now).unwrap();
        for number in 0..10_000_u32 {
            buckets.take(&number.to_be_bytes(), now).unwrap();
            assert!(buckets.full_at.len() <= 100);
        }
        assert!(buckets.take(b"greedy", now).is_err(), "it is remembered");
        buckets.take(b"later", now + SECOND * 9).unwrap();
    }
}
