use std::time::{Duration, SystemTime, UNIX_EPOCH};

// The Gregorian calendar repeats after 400 years, weekdays included. Crate httpdate knows the
// years 1970 to 9999; earlier ones are moved there and back by whole cycles.
const CYCLE: Duration = Duration::from_secs(146_097 * 86_400);
const CYCLE_YEARS: u32 = 400;

/// The time in an HTTP-date (RFC 9110 §5.6.7), in any of its three forms; `None` for anything
/// else, since a recipient ignores a date it cannot read.
///
/// `now` decides the century of the obsolete form's two-digit years.
pub fn parse(text: &str, now: SystemTime) -> Option<SystemTime> {
    let text = text.trim_matches([' ', '\t']);
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

/// `Sunday, 06-Nov-94 08:49:37 GMT` as `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// A year that would lie more than 50 years ahead is one of the past (RFC 9110 §5.6.7).
fn full_year(text: &str, now: SystemTime) -> Option<String> {
    let (weekday, rest) = text.split_once(", ")?;
    let (date, time) = rest.split_once(' ')?;
    let mut parts = date.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 2 || parts.next().is_some() {
        return None;
    }
    let (_, this_year) = four_digit_year(&format(now))?;
    let mut year = this_year / 100 * 100 + year.parse::<u32>().ok()?;
    if year > this_year + 50 {
        year -= 100;
    }
    Some(format!(
        "{}, {day} {month} {year} {time}",
        weekday.get(..3)?
    ))
}

/// Where the year stands, and the year.
fn four_digit_year(text: &str) -> Option<(usize, u32)> {
    let mut at = 0;
    for word in text.split(' ') {
        if word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some((at, word.parse().ok()?));
        }
        at += word.len() + 1;
    }
    None
}
