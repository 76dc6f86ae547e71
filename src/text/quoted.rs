use std::borrow::Cow;

use crate::text::tokens;

/// `text` as a parameter's value (RFC 9110 §5.6.6): a token as it is, all else in quotes.
///
/// `None` where it holds a control character: no quoting carries a line break safely.
pub fn token_or_quoted(text: &str) -> Option<Cow<'_, str>> {
    if tokens::is_token(text) {
        return Some(Cow::Borrowed(text));
    }
    quote(text).map(Cow::Owned)
}

/// `text` as a quoted-string (RFC 9110 §5.6.4); `None` where it holds a control character.
pub fn quote(text: &str) -> Option<String> {
    if text
        .chars()
        .any(|character| character.is_control() && character != '\t')
    {
        return None;
    }
    Some(format!(
        "\"{}\"",
        text.replace('\\', "\\\\").replace('"', "\\\"")
    ))
}

/// The text inside a quoted-string, every quoted-pair undone; unquoted text as it is.
pub fn unquote(text: &str) -> Cow<'_, str> {
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            // One at the very end escapes nothing, and stays.
            '\\' => plain.push(characters.next().unwrap_or('\\')),
            other => plain.push(other),
        }
    }
    Cow::Owned(plain)
}

/// The bytes up to the quote that closes a quoted-string, `text` starting after the opening
/// one; `None` where it is never closed.
pub(crate) fn length_to_closing_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        match bytes[at + found] {
            b'"' => return Some(at + found),
            _backslash => at = (at + found + 2).min(bytes.len()),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(unquote(text), want, "{text}");
    }

    #[test]
    fn quotes_and_pairs_are_undone_and_nothing_is_lost() {
        check(r#""a\"b\\c""#, r#"a"b\c"#);
        check(r#""a\bc""#, "abc");
        check(r#""abc"#, r#""abc"#);
        check(r#""a\""#, r"a\");
    }
}
