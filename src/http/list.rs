use std::borrow::Cow;
use std::collections::HashMap;

use crate::http::HeaderValue;
use crate::http::content::decode_extended;
use crate::text::{ows, quoted, tokens};

/// The items of a comma list (RFC 9110 §5.6.1), quotes undone, empty ones left out.
///
/// An item with quotes inside it, such as `a="b, c"`, is given as it stands, for whoever reads
/// it further. A list with a quote that is never closed has no items: nobody can tell where
/// they end.
///
/// ```
/// # use devserve::http::parse_list;
/// assert_eq!(parse_list("gzip, \"a, b\",, br"), ["gzip", "a, b", "br"]);
/// ```
pub fn parse_list(text: &str) -> Vec<String> {
    let items = raw_items(text).into_iter();
    items.map(|item| plain(item).into_owned()).collect()
}

/// The names and values of a comma list of `name=value`, in the order sent; `None` for a name
/// without a value.
///
/// Names are spelled as sent. Of several values of a name the last counts, in the first one's
/// place. An extended value (`name*=UTF-8''%E2%98%83`, RFC 8187) is decoded and comes under its
/// plain name.
///
/// ```
/// # use devserve::http::parse_dict;
/// let dict = parse_dict("max-age=60, private=\"set-cookie, age\", immutable");
/// assert_eq!(dict[1], ("private".into(), Some("set-cookie, age".into())));
/// assert_eq!(dict[2], ("immutable".into(), None));
/// ```
pub fn parse_dict(text: &str) -> Vec<(String, Option<String>)> {
    let mut dict: Vec<(String, Option<String>)> = Vec::new();
    let mut places = HashMap::new();
    for (name, value) in pairs(text) {
        let place = *places.entry(name.clone()).or_insert(dict.len());
        match dict.get_mut(place) {
            Some(known) => known.1 = value,
            None => dict.push((name, value)),
        }
    }
    dict
}

/// A comma list of these items: tokens as they are, all else in quotes.
///
/// # Errors
/// [`FieldError::Value`] for an item that holds a control character.
pub fn dump_list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Result<String, FieldError> {
    let mut text = String::new();
    for item in items {
        separate(&mut text);
        text.push_str(&as_value(item.as_ref())?);
    }
    Ok(text)
}

/// A comma list of `name=value`, and of `name` where there is no value.
///
/// # Errors
/// [`FieldError`] for a name that is no token, or a value that holds a control character.
pub fn dump_dict<N: AsRef<str>, V: AsRef<str>>(
    pairs: impl IntoIterator<Item = (N, Option<V>)>,
) -> Result<String, FieldError> {
    let mut text = String::new();
    for (name, value) in pairs {
        separate(&mut text);
        text.push_str(as_name(name.as_ref())?);
        if let Some(value) = value {
            text.push('=');
            text.push_str(&as_value(value.as_ref())?);
        }
    }
    Ok(text)
}

/// What cannot be written into a header field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// A name that is no token (RFC 9110 §5.6.2).
    #[error("{name:?} cannot be a name in a header field: use letters, digits and `-`")]
    Name {
        /// The name.
        name: String,
    },
    /// A text with a control character in it: no quoting carries a line break safely.
    #[error("{value:?} cannot stand in a header field: it holds a control character")]
    Value {
        /// The text.
        value: String,
    },
}

/// Every pair of a list, repeated names too.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (String, Option<String>)> {
    raw_items(text)
        .into_iter()
        .filter_map(|item| pair(&plain(item)))
}

/// The items of a list as they stand, quotes and all; none where a quote is never closed.
pub(super) fn raw_items(text: &str) -> Vec<&str> {
    match cut(text) {
        (items, Ending::Whole) => items,
        (_, Ending::InQuotes) => Vec::new(),
    }
}

/// [`raw_items`], and where a quote is never closed the items before it: for lists whose items
/// do not hang together.
pub(super) fn readable_items(text: &str) -> Vec<&str> {
    cut(text).0
}

enum Ending {
    Whole,
    InQuotes,
}

fn cut(text: &str) -> (Vec<&str>, Ending) {
    let mut items = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut ending = Ending::Whole;
    while let Some(found) = memchr::memchr2(b',', b'"', &text.as_bytes()[at..]) {
        let place = at + found;
        at = place + 1;
        if text.as_bytes()[place] == b',' {
            items.push(&text[start..place]);
            start = at;
        } else if let Some(length) = quoted::length_to_closing_quote(&text[at..]) {
            at += length + 1;
        } else {
            ending = Ending::InQuotes;
            start = text.len();
            break;
        }
    }
    items.push(&text[start..]);
    for item in &mut items {
        *item = ows::trim(item);
    }
    items.retain(|item| !item.is_empty());
    (items, ending)
}

/// An item that is one quoted-string without its quotes, any other as it stands.
pub(super) fn plain(item: &str) -> Cow<'_, str> {
    let end = item
        .strip_prefix('"')
        .and_then(quoted::length_to_closing_quote);
    let is_quoted = end.is_some_and(|end| end + 2 == item.len());
    match is_quoted {
        true => quoted::unquote(item),
        false => Cow::Borrowed(item),
    }
}

/// `name = value`, `name*=charset'language'value` or `name`; `None` without a name.
pub(super) fn pair(item: &str) -> Option<(String, Option<String>)> {
    let (name, value) = match item.split_once('=') {
        Some((name, value)) => (name, Some(plain(ows::trim(value)))),
        None => (item, None),
    };
    let name = ows::trim(name);
    let (name, value) = match (name.strip_suffix('*'), value) {
        (Some(name), Some(_)) if name.ends_with('*') => return None, // no name ends with a star
        (Some(name), Some(value)) => (name, Some(decode_extended(&value))),
        (_, value) => (name, value.map(Cow::into_owned)),
    };
    (!name.is_empty()).then(|| (name.to_owned(), value))
}

/// `text` as a name, if it is one.
pub(super) fn as_name(text: &str) -> Result<&str, FieldError> {
    match tokens::is_token(text) {
        true => Ok(text),
        false => Err(FieldError::Name {
            name: text.to_owned(),
        }),
    }
}

/// `text` as it stands, where it may.
pub(super) fn as_text(text: &str) -> Result<&str, FieldError> {
    match text.contains(|letter: char| letter.is_control() && letter != '\t') {
        false => Ok(text),
        true => Err(FieldError::Value {
            value: text.to_owned(),
        }),
    }
}

/// `text` as a value: a token as it is, all else in quotes.
pub(super) fn as_value(text: &str) -> Result<Cow<'_, str>, FieldError> {
    quoted::token_or_quoted(text).ok_or_else(|| FieldError::Value {
        value: text.to_owned(),
    })
}

/// A finished text as a field's value.
pub(super) fn to_header(text: String) -> Result<HeaderValue, FieldError> {
    HeaderValue::from_str(&text).map_err(|_| FieldError::Value { value: text })
}

pub(super) fn separate(text: &mut String) {
    if !text.is_empty() {
        text.push_str(", ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_list(text: &str, want: &[&str]) {
        assert_eq!(parse_list(text), want, "{text:?}");
    }

    #[track_caller]
    fn check_dict(text: &str, want: &[(&str, Option<&str>)]) {
        let dict = parse_dict(text);
        let dict: Vec<_> = dict
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_deref()))
            .collect();
        assert_eq!(dict, want, "{text:?}");
    }

    #[test]
    fn items_end_at_commas_outside_quotes() {
        check_list("a=\"1, 2\", b", &["a=\"1, 2\"", "b"]);
        check_list("\"a\" \"b\"", &["\"a\" \"b\""]);
        check_list("\"a\\\\\", \"\\\"\"", &["a\\", "\""]);
        check_list("\u{a0}a, é", &["\u{a0}a", "é"]); // only space and tab are white space
        check_list("a, \"b\\\"", &[]);
        check_list("\"", &[]);
    }

    #[test]
    fn pairs_come_with_their_values() {
        check_dict("a = \"b\" , c=d=e", &[("a", Some("b")), ("c", Some("d=e"))]);
        check_dict("a=, b", &[("a", Some("")), ("b", None)]);
        check_dict("a=1, b=2, a=3", &[("a", Some("3")), ("b", Some("2"))]);
        check_dict("a*=utf-8''%e2%98%83", &[("a", Some("☃"))]);
        check_dict("\"a=\\\"\"", &[("a", Some("\""))]);
        check_dict("a*, *=b, a**=b, *", &[("a*", None), ("*", None)]);
    }

    #[test]
    fn what_is_written_reads_back() {
        let items = ["a", "", "b, c", "\"d\\\"", "é"];
        assert_eq!(parse_list(&dump_list(items).unwrap()), items);
        let pairs = [("a", Some("1")), ("b", None), ("c", Some("2, 3=\"4\""))];
        check_dict(&dump_dict(pairs).unwrap(), &pairs);
    }

    #[test]
    fn line_breaks_and_broken_names_are_refused() {
        assert!(matches!(
            dump_list(["a\r\nb"]),
            Err(FieldError::Value { .. })
        ));
        assert!(dump_dict([("a", Some("\0"))]).is_err());
        for name in ["", "a b", "a=b", "a\n", "é"] {
            let want = FieldError::Name {
                name: name.to_owned(),
            };
            assert_eq!(dump_dict([(name, None::<&str>)]), Err(want));
        }
    }

    #[test]
    fn a_long_list_of_one_name_takes_no_time() {
        assert_eq!(parse_dict(&"a=1,".repeat(200_000)).len(), 1);
        assert_eq!(parse_list(&"\"\\\"\" ".repeat(100_000)).len(), 1);
    }
}
