use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::text::{digits, ows};

// The Gregorian calendar repeats after 400 years, weekdays included. Crate httpdate knows the
// years 1970 to 9999; earlier ones are moved there and back by whole cycles.
const CYCLE: Duration = Duration::from_secs(146_097 * 86_400);
const CYCLE_YEARS: u32 = 400;

/// The time in an HTTP-date (RFC 9110 §5.6.7), in any of its three forms; `None` for anything
/// else, since a recipient ignores a date it cannot read.
///
/// `now` decides the century of the obsolete form's two-digit years.
pub fn parse(text: &str, now: SystemTime) -> Option<SystemTime> {
    let text = ows::trim(text);
    let text = full_year(text, now).unwrap_or_else(|| text.to_owned());
    if let Ok(time) = httpdate::parse_http_date(&text) {
        return Some(time);
    }
    let (at, mut year) = four_digit_year(&text)?;
    let mut cycles = 0;
    while year < 1970 {
        year += CYCLE_YEARS;
        cycles += 1;
    }
    let moved = format!("{}{year}{}", &text[..at], &text[at + 4..]);
    httpdate::parse_http_date(&moved)
        .ok()?
        .checked_sub(CYCLE * cycles)
}

/// `time` as the preferred form, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// The form has room for the years 0 to 9999; a time outside them is written as the nearest.
pub fn format(time: SystemTime) -> String {
    let latest = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let mut time = time.min(latest);
    let mut cycles = 0;
    while time < UNIX_EPOCH && cycles < 5 {
        time += CYCLE;
        cycles += 1;
    }
    let text = httpdate::fmt_http_date(time.max(UNIX_EPOCH));
    match four_digit_year(&text) {
        Some((at, year)) if cycles > 0 => {
            let year = year.saturating_sub(CYCLE_YEARS * cycles);
            format!("{}{year:04}{}", &text[..at], &text[at + 4..])
        }
        _ => text,
    }
}

/// The whole second `time` lies in, counted from 1970: what a date can tell of it.
pub(crate) fn seconds(time: SystemTime) -> i128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i128::from(after.as_secs()),
        Err(before) => {
            let before = before.duration();
            -i128::from(before.as_secs()) - i128::from(before.subsec_nanos() > 0)
        }
    }
}

/// `Sunday, 06-Nov-94 08:49:37 GMT` as `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// The year is the latest with these digits that puts the date not more than 50 years ahead
/// (RFC 9110 §5.6.7).
fn full_year(text: &str, now: SystemTime) -> Option<String> {
    let (weekday, rest) = text.split_once(", ")?;
    let (date, time) = rest.split_once(' ')?;
    let mut parts = date.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_year = year.len() == 2 && digits::is_number(year);
    if !is_year || parts.next().is_some() {
        return None;
    }
    let now = format(now);
    let (at, this_year) = four_digit_year(&now)?;
    let limit = this_year + 50;
    let mut year = limit / 100 * 100 + year.parse::<u32>().ok()?;
    // Within one year, dates compare by month, day and time.
    let today = (month_number(&now[8..11]), &now[5..7], &now[at + 5..]);
    if (year, (month_number(month), day, time)) > (limit, today) {
        year = year.checked_sub(100)?;
    }
    Some(format!(
        "{}, {day} {month} {year:04} {time}",
        weekday.get(..3)?
    ))
}

fn month_number(name: &str) -> Option<usize> {
    let names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    names.find(name).filter(|at| at % 3 == 0)
}

/// Where the year stands, and the year.
fn four_digit_year(text: &str) -> Option<(usize, u32)> {
    let mut at = 0;
    for word in text.split(' ') {
        if word.len() == 4 && digits::is_number(word) {
            return Some((at, word.parse().ok()?));
        }
        at += word.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[track_caller]
    fn check(text: &str, want: &str) {
        // Fri, 20 Nov 2026 00:00:00 GMT
        let time = parse(text, at(1_795_132_800)).map(format);
        assert_eq!(time.as_deref().unwrap_or(""), want);
    }

    #[test]
    fn a_two_digit_year_is_at_most_fifty_years_ahead() {
        check(
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT",
        );
        check(
            "Friday, 20-Nov-76 00:00:00 GMT",
            "Fri, 20 Nov 2076 00:00:00 GMT",
        );
        check(
            "Saturday, 20-Nov-76 00:00:01 GMT",
            "Sat, 20 Nov 1976 00:00:01 GMT",
        );
        check(
            "Wednesday, 01-Dec-76 00:00:00 GMT",
            "Wed, 01 Dec 1976 00:00:00 GMT",
        );
        check(
            "Saturday, 31-Oct-76 00:00:00 GMT",
            "Sat, 31 Oct 2076 00:00:00 GMT",
        );
        check(
            "Saturday, 01-Jan-77 00:00:00 GMT",
            "Sat, 01 Jan 1977 00:00:00 GMT",
        );
        check("Sunday, 06-Xxx-94 08:49:37 GMT", "");
        check("Sunday, 06-Nov-+4 08:49:37 GMT", "");
    }

    #[test]
    fn a_century_can_turn_within_the_fifty_years() {
        let now = at(3_786_912_000); // Sat, 01 Jan 2090
        let time = parse("Wednesday, 01-Jan-10 00:00:00 GMT", now).map(format);
        assert_eq!(time.as_deref(), Some("Wed, 01 Jan 2110 00:00:00 GMT"));
    }

    #[test]
    fn a_second_before_1970_is_counted_down() {
        assert_eq!(seconds(UNIX_EPOCH - Duration::from_millis(1)), -1);
        assert_eq!(seconds(UNIX_EPOCH - Duration::from_secs(1)), -1);
        assert_eq!(seconds(at(1) + Duration::from_millis(999)), 1);
    }

    #[test]
    fn any_text_is_a_date_or_none() {
        for text in [
            "",
            ",",
            ", ",
            "é, 06-Nov-94 x",
            "S, 06-Nov-94 08:49:37 GMT",
            "Sun, --94 ",
            "0000",
        ] {
            assert_eq!(parse(text, SystemTime::now()), None, "{text}");
        }
    }
}
