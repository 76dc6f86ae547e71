//! The lines a message has of one field, read as one value.

use std::borrow::Cow;

use crate::http::{HeaderMap, HeaderName};
use crate::text::latin1;

/// The lines of a list field as one (RFC 9110 §5.3), as UTF-8 with U+FFFD for what is not;
/// empty where there are none.
pub(crate) fn joined<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Cow<'a, str> {
    join(headers, name, String::from_utf8_lossy)
}

/// [`joined`], each byte a character: for values that are compared byte for byte.
pub(crate) fn joined_bytes<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Cow<'a, str> {
    join(headers, name, latin1::from_bytes)
}

fn join<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    decode: fn(&'a [u8]) -> Cow<'a, str>,
) -> Cow<'a, str> {
    let mut lines = headers
        .get_all(name)
        .iter()
        .map(|line| decode(line.as_bytes()));
    let first = lines.next().unwrap_or_default();
    lines.fold(first, |joined, line| joined + ", " + line)
}

/// The value of a field that may stand once only, each byte a character; `None` where it does
/// not stand, or stands twice: nobody can say which counts.
pub(crate) fn sole<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next().filter(|_| lines.next().is_none())?;
    Some(latin1::from_bytes(line.as_bytes()))
}
