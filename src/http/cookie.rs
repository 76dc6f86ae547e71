use std::borrow::Cow;

/// The names and values in a `Cookie` field, in the order sent.
///
/// As lenient as browsers are, and safe: a cookie ends at the first `;` whatever the quotes, so
/// that one cookie cannot swallow the next; a nameless one is dropped, so that it cannot pose as
/// `__Host-…`. Only crate-made quoting is undone: `"…"` around the whole value, with `\"` and
/// octal escapes inside. Bytes that are not UTF-8 become U+FFFD.
///
/// ```
/// # use devserve::http::cookie;
/// let pairs: Vec<_> = cookie::parse(b"theme=dark; name=\"Ada\\054 Countess\"").collect();
/// assert_eq!(pairs[1], ("name".to_owned(), "Ada, Countess".to_owned()));
/// ```
pub fn parse(field: &[u8]) -> impl Iterator<Item = (String, String)> {
    field.split(|&byte| byte == b';').filter_map(|pair| {
        let pair = trim(pair);
        let (name, value) = match memchr::memchr(b'=', pair) {
            Some(at) => (trim(&pair[..at]), trim(&pair[at + 1..])),
            None => (pair, &b""[..]),
        };
        (!name.is_empty()).then(|| {
            (
                String::from_utf8_lossy(name).into_owned(),
                String::from_utf8_lossy(&unquote(value)).into_owned(),
            )
        })
    })
}

/// Only space and tab are white space here: U+00A0 is two bytes of a value.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

fn unquote(value: &[u8]) -> Cow<'_, [u8]> {
    let [b'"', inner @ .., b'"'] = value else {
        return Cow::Borrowed(value);
    };
    let backslashes = inner
        .iter()
        .rev()
        .take_while(|&&byte| byte == b'\\')
        .count();
    if backslashes % 2 == 1 {
        // The last quote is escaped, so the value is not closed and not quoted at all.
        return Cow::Borrowed(value);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut rest = inner;
    loop {
        rest = match rest {
            [
                b'\\',
                a @ b'0'..=b'3',
                b @ b'0'..=b'7',
                c @ b'0'..=b'7',
                rest @ ..,
            ] => {
                plain.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
                rest
            }
            [b'\\', escaped, rest @ ..] => {
                plain.push(*escaped);
                rest
            }
            [byte, rest @ ..] => {
                plain.push(*byte);
                rest
            }
            [] => return Cow::Owned(plain),
        };
    }
}
