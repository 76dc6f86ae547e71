use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::http::list::{as_name, as_text, as_value, to_header};
use crate::http::{FieldError, HeaderValue};
use crate::text::{Charset, digits, ows, percent, quoted, tokens};

/// A field value with parameters: `form-data; name="picture"; filename*=UTF-8''%E2%98%83.png`.
///
/// Reading never fails: a broken parameter is left out and the rest counts, as in browsers.
/// Extended parameters (RFC 8187) and continuations (RFC 2231 §3) come out as plain text under
/// their plain name, and win over a plain parameter of that name (RFC 6266 §4.3).
///
/// ```
/// # use devserve::http::OptionsHeader;
/// let header = OptionsHeader::parse("attachment; filename=\"a b.txt\"");
/// assert_eq!(header.value(), "attachment");
/// assert_eq!(header.param("filename"), Some("a b.txt"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptionsHeader {
    value: String,
    params: Vec<(String, String)>,
    cut_off: bool,
}

impl OptionsHeader {
    /// A value without parameters; an empty one leaves the parameters alone in the field.
    pub fn new(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            ..Self::default()
        }
    }

    /// Adds a parameter.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Reads a field value. Bytes of a header are best decoded as UTF-8 first, which is what
    /// browsers send.
    pub fn parse(text: &str) -> Self {
        let (value, rest) = text.split_once(';').unwrap_or((text, ""));
        let mut header = Self::new(ows::trim(value));
        let mut raw = Vec::new();
        let mut rest = rest;
        while !rest.is_empty() {
            let (param, after) = next_param(rest);
            match param {
                Raw::Param(name, value) => raw.push((name, value)),
                Raw::Broken => {}
                Raw::CutOff => header.cut_off = true,
            }
            rest = after;
        }
        header.params = resolve(raw);
        header
    }

    /// What stands before the first parameter, spelled as sent.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The value of the parameter `name` (in lower case); of several the last.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params()
            .filter(|(key, _)| *key == name)
            .last()
            .map(|(_, value)| value)
    }

    /// Every parameter in the order sent, names in lower case, repetitions kept.
    pub fn params(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether the field ends inside a quoted-string, so that parameters are missing.
    pub fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    /// The field value.
    ///
    /// # Errors
    /// [`FieldError`] for a name that is no token, and for a control character anywhere.
    pub fn to_header(&self) -> Result<HeaderValue, FieldError> {
        to_header(self.to_text()?)
    }

    /// The field value, as text.
    pub(in crate::http) fn to_text(&self) -> Result<String, FieldError> {
        let mut text = as_text(&self.value)?.to_owned();
        for (name, value) in &self.params {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.extend([as_name(name)?, "=", &as_value(value)?]);
        }
        Ok(text)
    }
}

enum Raw<'a> {
    Param(&'a str, Cow<'a, str>),
    Broken,
    CutOff,
}

/// The parameter at the start of `text`, and what follows its `;`.
fn next_param(text: &str) -> (Raw<'_>, &str) {
    let end = text.find(['=', ';']).unwrap_or(text.len());
    let name = ows::trim_start(&text[..end]);
    let Some(value) = text[end..].strip_prefix('=') else {
        return (Raw::Broken, text.get(end + 1..).unwrap_or(""));
    };
    if let Some(inside) = value.strip_prefix('"') {
        let Some(length) = quoted::length_to_closing_quote(inside) else {
            return (Raw::CutOff, "");
        };
        let after = inside[length..]
            .split_once(';')
            .map_or("", |(_, after)| after);
        return (param(name, unescape(&inside[..length])), after);
    }
    let (value, after) = value.split_once(';').unwrap_or((value, ""));
    // A token would end at the first separator; browsers read on to the white space, and
    // boundaries with `:` and `/` in them are sent unquoted.
    let value = value.split([' ', '\t']).next().unwrap_or("");
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return (Raw::Broken, after);
    }
    (param(name, Cow::Borrowed(value)), after)
}

fn param<'a>(name: &'a str, value: Cow<'a, str>) -> Raw<'a> {
    if tokens::is_token(name) {
        Raw::Param(name, value)
    } else {
        Raw::Broken
    }
}

/// Undoes the two escapes that are meant as such, and HTML's `%22`. Other backslashes are part
/// of a Windows path, which is all they were ever sent for.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') && !text.contains("%22") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '%']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (character, length) = match rest.as_bytes() {
            [b'\\', b'"', ..] => ('"', 2),
            [b'\\', b'\\', ..] => ('\\', 2),
            [b'%', b'2', b'2', ..] => ('"', 3),
            [byte, ..] => (char::from(*byte), 1),
            [] => break,
        };
        plain.push(character);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The pieces of a value that was sent in several (RFC 2231 §3), and whether each is extended.
type Segments<'a> = BTreeMap<u32, (bool, Cow<'a, str>)>;

/// Joins continuations, decodes extended values, and lets the extended form win.
fn resolve(raw: Vec<(&str, Cow<'_, str>)>) -> Vec<(String, String)> {
    let mut params = Vec::with_capacity(raw.len());
    let mut extended = HashSet::new();
    let mut continued: HashMap<String, (usize, Segments<'_>)> = HashMap::new();
    for (place, (name, value)) in raw.into_iter().enumerate() {
        let name = name.to_ascii_lowercase();
        let (name, is_extended) = match name.strip_suffix('*') {
            Some(plain) => (plain, true),
            None => (name.as_str(), false),
        };
        let (name, index) =
            continuation(name).map_or((name, None), |(base, index)| (base, Some(index)));
        if name.is_empty() || name.contains('*') {
            continue; // a star is no part of a name (RFC 2231 §7)
        }
        let name = name.to_owned();
        if let Some(index) = index {
            let (_, segments) = continued.entry(name).or_insert((place, Segments::new()));
            segments.entry(index).or_insert((is_extended, value));
        } else if is_extended {
            extended.insert(name.clone());
            params.push((place, name, decode_extended(&value), true));
        } else {
            params.push((place, name, value.into_owned(), false));
        }
    }
    for (name, (place, segments)) in continued {
        if let Some(value) = join_segments(segments) {
            extended.insert(name.clone());
            params.push((place, name, value, true));
        }
    }
    params.sort_by_key(|(place, ..)| *place);
    params
        .into_iter()
        .filter(|(_, name, _, is_extended)| *is_extended || !extended.contains(name))
        .map(|(_, name, value, _)| (name, value))
        .collect()
}

/// `filename*2` as `("filename", 2)`.
fn continuation(name: &str) -> Option<(&str, u32)> {
    let (base, index) = name.rsplit_once('*')?;
    Some((base, u32::try_from(digits::parse(index)?).ok()?))
}

pub(in crate::http) fn decode_extended(value: &str) -> String {
    let mut parts = value.splitn(3, '\'');
    let (Some(label), Some(_language), Some(text)) = (parts.next(), parts.next(), parts.next())
    else {
        return percent::decode_text(value.as_bytes());
    };
    match Charset::from_label(label) {
        Some(charset) => charset
            .decode(&percent::decode(text.as_bytes()))
            .into_owned(),
        // An encoding we do not know stays encoded: wrong letters would be worse.
        None => text.to_owned(),
    }
}

/// The segments from `*0` on without a gap, joined before decoding: a character may be cut in
/// two between them.
fn join_segments(segments: Segments<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    let mut charset = Charset::Utf8;
    for (expected, (index, (is_extended, value))) in (0..).zip(segments) {
        if index != expected {
            break;
        }
        let mut text = &*value;
        if index == 0 && is_extended {
            let mut parts = value.splitn(3, '\'');
            let label = parts.next().unwrap_or("");
            if let Some(rest) = parts.nth(1) {
                charset = Charset::from_label(label).unwrap_or(Charset::Utf8);
                text = rest;
            }
        }
        if is_extended {
            bytes.extend_from_slice(&percent::decode(text.as_bytes()));
        } else {
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    (!bytes.is_empty()).then(|| charset.decode(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[(&str, &str)]) {
        let header = OptionsHeader::parse(text);
        assert_eq!(header.params().collect::<Vec<_>>(), want, "{text:?}");
    }

    #[test]
    fn parameters_keep_their_order_in_pieces_too() {
        check(
            "x; b*0=1; a*0=2; c=3; b*1=4",
            &[("b", "14"), ("a", "2"), ("c", "3")],
        );
    }

    #[test]
    fn a_star_is_no_part_of_a_name() {
        check("x; *=1; a**=2; *0=3; a*b=4; c=5", &[("c", "5")]);
    }

    #[test]
    fn control_characters_are_not_written() {
        assert_eq!(OptionsHeader::new("a\r\nb: c").to_header().ok(), None);
        let header = OptionsHeader::new("a");
        assert_eq!(header.clone().with("b\n", "c").to_header().ok(), None);
        assert_eq!(header.with("b", "c\0").to_header().ok(), None);
    }

    #[test]
    fn a_name_that_would_begin_another_parameter_is_not_written() {
        let header = OptionsHeader::new("a").with("b c; d", "e");
        assert!(matches!(header.to_header(), Err(FieldError::Name { .. })));
    }
}
