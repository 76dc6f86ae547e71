use std::fmt;
use std::time::SystemTime;

use crate::http::{ETag, Validators, date};
use crate::text::ows;

/// The validator of an `If-Range` field (RFC 9110 §13.1.5): a range is only good for a client
/// that has the rest of the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfRange {
    /// The tag of what the client has.
    Tag(ETag),
    /// When what the client has was last modified.
    Date(SystemTime),
    /// Neither, which matches nothing.
    Unreadable,
}

impl IfRange {
    /// Reads a field value. Like Werkzeug this takes a tag without quotes.
    ///
    /// `now` decides the century of a date with a two-digit year.
    pub fn parse(text: &str, now: SystemTime) -> Self {
        let text = ows::trim(text);
        // The first characters tell a tag from a date; a tag may look like a date inside.
        let is_tag = ["\"", "W/", "w/"]
            .iter()
            .any(|start| text.starts_with(start));
        match date::parse(text, now) {
            Some(time) if !is_tag => Self::Date(time),
            _ if text.is_empty() => Self::Unreadable,
            _ => ETag::parse(text).map_or(Self::Unreadable, Self::Tag),
        }
    }

    /// Whether `current` is what the client has, so that a range of it may be sent. Both kinds
    /// of validators have to be strong.
    ///
    /// A date has to be the very date, and to lie before this second: what was modified twice
    /// within a second has one date (§8.8.2.2).
    pub fn holds(&self, current: &Validators, now: SystemTime) -> bool {
        match self {
            Self::Tag(tag) => current
                .etag()
                .is_some_and(|current| current.matches_strongly(tag)),
            Self::Date(time) => current
                .last_modified()
                .map(date::seconds)
                .is_some_and(|current| {
                    current == date::seconds(*time) && current < date::seconds(now)
                }),
            Self::Unreadable => false,
        }
    }
}

impl fmt::Display for IfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Date(time) => f.write_str(&date::format(*time)),
            Self::Unreadable => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn modified() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    #[track_caller]
    fn check(text: &str, now: SystemTime, want: bool) {
        let current = Validators::new()
            .with_etag(ETag::strong("v1").unwrap())
            .with_last_modified(modified() + Duration::from_millis(250));
        let if_range = IfRange::parse(text, now);
        assert_eq!(if_range.holds(&current, now), want, "{text} at {now:?}");
        assert_eq!(IfRange::parse(&if_range.to_string(), now), if_range);
    }

    #[test]
    fn the_same_strong_validator_holds_and_nothing_else() {
        let now = modified() + Duration::from_secs(86_400);
        check("\"v1\"", now, true);
        check("v1", now, true);
        check("W/\"v1\"", now, false);
        check("\"v2\"", now, false);
        check(DATE, now, true);
        check("Sun Nov  6 08:49:37 1994", now, true);
        check("Sun, 06 Nov 1994 08:49:38 GMT", now, false);
        check(&format!("\"{DATE}\""), now, false);
        check("", now, false);
        check("\"", now, false);
    }

    #[test]
    fn a_date_of_this_second_is_no_strong_validator() {
        check(DATE, modified() + Duration::from_millis(900), false);
        check(DATE, modified() + Duration::from_millis(1000), true);
    }
}
