use std::process::Command;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of day where the user is, as `14:03:11`.
pub(crate) fn time_of_day() -> String {
    static OFFSET: OnceLock<i64> = OnceLock::new();
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or_default();
    format(seconds + OFFSET.get_or_init(ask_offset))
}

fn format(seconds: i64) -> String {
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

/// Seconds east of UTC. The standard library does not know time zones, and a crate that does is
/// much for one column; `date` is everywhere, and where it is not, UTC will do.
fn ask_offset() -> i64 {
    let output = Command::new("date").arg("+%z").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    parse_offset(text.unwrap_or_default().trim()).unwrap_or(0)
}

/// Reads `+0530`.
fn parse_offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_as_date_writes_them() {
        assert_eq!(parse_offset("+0000"), Some(0));
        assert_eq!(parse_offset("+0530"), Some(19_800));
        assert_eq!(parse_offset("-0800"), Some(-28_800));
        assert_eq!(parse_offset(""), None);
        assert_eq!(parse_offset("UTC"), None);
    }

    #[test]
    fn a_time_has_two_digits_each() {
        assert_eq!(format(86_400 + 3_723), "01:02:03");
    }
}
