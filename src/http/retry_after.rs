use std::fmt;
use std::time::{Duration, SystemTime};

use crate::http::{age, date};

/// A `Retry-After` field (RFC 9110 §10.2.3): when to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// So long after the answer; whole seconds count.
    Delay(Duration),
    /// Not before this time.
    Time(SystemTime),
}

impl RetryAfter {
    /// Reads a field value; `None` for what is neither a number of seconds nor a date.
    ///
    /// `now` decides the century of a date with a two-digit year.
    pub fn parse(text: &str, now: SystemTime) -> Option<Self> {
        match age::parse(text) {
            Some(delay) => Some(Self::Delay(delay)),
            None => date::parse(text, now).map(Self::Time),
        }
    }

    /// When that is, for an answer that came at `now`; `None` where no clock goes that far.
    pub fn time(self, now: SystemTime) -> Option<SystemTime> {
        match self {
            Self::Delay(delay) => now.checked_add(delay),
            Self::Time(time) => Some(time),
        }
    }
}

impl From<Duration> for RetryAfter {
    fn from(delay: Duration) -> Self {
        Self::Delay(delay)
    }
}

impl From<SystemTime> for RetryAfter {
    fn from(time: SystemTime) -> Self {
        Self::Time(time)
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay(delay) => f.write_str(&age::format(*delay)),
            Self::Time(time) => f.write_str(&date::format(*time)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<u64>) {
        let now = UNIX_EPOCH + Duration::from_secs(1_795_132_800);
        let retry = RetryAfter::parse(text, now);
        let time = retry.and_then(|retry| retry.time(now));
        assert_eq!(
            time,
            want.map(|want| UNIX_EPOCH + Duration::from_secs(want))
        );
        if let Some(retry) = retry {
            assert_eq!(RetryAfter::parse(&retry.to_string(), now), Some(retry));
        }
    }

    #[test]
    fn seconds_or_a_date() {
        check("120", Some(1_795_132_920));
        check(" 0 ", Some(1_795_132_800));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777));
        check("99999999999999999999", None);
        check("soon", None);
        check("-1", None);
        check("1.5", None);
        check("", None);
    }
}
