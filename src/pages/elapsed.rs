use std::time::Duration;

use serde::Serializer;

/// A duration in the words of the terminal and the pages: `3 ms`, `2.1 s`, `1 min 5 s`.
pub(super) fn words(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0 if elapsed.as_millis() < 1 => format!("{} µs", elapsed.as_micros()),
        0 => format!("{} ms", elapsed.as_millis()),
        1..=59 => format!("{:.1} s", elapsed.as_secs_f64().min(59.9)),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// For `#[serde(serialize_with)]`: whole milliseconds, the unit of the field's name.
pub(super) fn milliseconds<S: Serializer>(
    elapsed: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(elapsed: Duration, want: &str) {
        assert_eq!(words(elapsed), want);
    }

    #[test]
    fn the_unit_grows_with_the_time() {
        check(Duration::from_micros(740), "740 µs");
        check(Duration::from_millis(3), "3 ms");
        check(Duration::from_millis(2_140), "2.1 s");
        check(Duration::from_millis(59_990), "59.9 s");
        check(Duration::from_secs(65), "1 min 5 s");
    }
}
