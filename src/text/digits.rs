/// Whether `text` is a number as header fields have it: digits of ASCII and nothing else, at
/// least one. Rust's own `parse` takes a `+` as well.
pub fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number; `None` where it is none, or too large.
pub fn parse(text: &str) -> Option<u64> {
    is_number(text).then(|| text.parse().ok())?
}

/// The number, or the largest there is where it is larger still; `None` where it is none.
pub fn parse_or_max(text: &str) -> Option<u64> {
    is_number(text).then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, exact: Option<u64>, nearest: Option<u64>) {
        assert_eq!(
            (parse(text), parse_or_max(text)),
            (exact, nearest),
            "{text}"
        );
    }

    #[test]
    fn digits_are_a_number_and_nothing_else_is() {
        check("0060", Some(60), Some(60));
        check("18446744073709551616", None, Some(u64::MAX));
        for text in ["", "+1", "-1", "1.5", "1_0", " 1", "٣"] {
            check(text, None, None);
        }
    }
}
