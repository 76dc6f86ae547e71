use std::time::Duration;

use crate::text::{digits, ows};

/// The seconds in an `Age` field (RFC 9111 §5.1) or another number of seconds (§1.2.2); `None`
/// for anything but digits. More than there is room for is the most there is.
pub fn parse(text: &str) -> Option<Duration> {
    digits::parse_or_max(ows::trim(text)).map(Duration::from_secs)
}

/// `age` in whole seconds, as those fields have it.
pub fn format(age: Duration) -> String {
    age.as_secs().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_seconds_and_nothing_else_is() {
        assert_eq!(parse(" 10\t"), Some(Duration::from_secs(10)));
        assert_eq!(
            parse("99999999999999999999"),
            Some(Duration::from_secs(u64::MAX))
        );
        for text in ["", "-1", "+1", "1.5", "1_0", "1 0", "0x1", "\u{661}"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(format(Duration::from_millis(1999)), "1");
    }
}
