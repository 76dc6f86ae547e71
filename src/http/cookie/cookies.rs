use std::borrow::Cow;
use std::fmt;

use crate::http::{HeaderMap, MultiDict, header};

/// The cookies of a request, read anew from its `Cookie` fields whenever one is asked for.
///
/// A look-up runs over the bytes and makes text of nothing but the value it finds, and copies
/// that only where quotes must be undone. HTTP/2 may split the field: all of them count, in the
/// order sent. Names are compared byte for byte, case included (RFC 6265 §5.3).
///
/// ```
/// # use devserve::http::{Cookies, HeaderMap, header};
/// # let mut headers = HeaderMap::new();
/// headers.insert(header::COOKIE, "theme=dark; tag=a; tag=b".parse()?);
/// let cookies = Cookies::from_headers(&headers);
/// assert_eq!(cookies.get("theme").as_deref(), Some("dark"));
/// assert_eq!(cookies.get_all("tag").collect::<Vec<_>>(), ["a", "b"]);
/// # Ok::<(), devserve::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Cookies<'a>(&'a HeaderMap);

impl<'a> Cookies<'a> {
    /// The cookies in the `Cookie` fields of a request.
    pub fn from_headers(headers: &'a HeaderMap) -> Self {
        Self(headers)
    }

    /// The first value of the cookie `name`. A browser sends the one with the longest path
    /// first.
    pub fn get(self, name: &str) -> Option<Cow<'a, str>> {
        self.get_all(name).next()
    }

    /// Every value of the cookie `name`, in the order sent.
    pub fn get_all(self, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
        self.raw()
            .filter(move |(own, _)| *own == name.as_bytes())
            .map(|(_, value)| value_text(value))
    }

    /// Whether the cookie `name` was sent.
    pub fn contains(self, name: &str) -> bool {
        self.raw().any(|(own, _)| own == name.as_bytes())
    }

    /// Whether no cookie was sent.
    pub fn is_empty(self) -> bool {
        self.raw().next().is_none()
    }

    /// Names and values, in the order sent.
    pub fn iter(self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        self.raw().map(text)
    }

    /// All of them read and kept, for whoever looks many up.
    pub fn to_dict(self) -> MultiDict {
        self.iter()
            .map(|(name, value)| (name, value.into_owned()))
            .collect()
    }

    fn raw(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let fields = self.0.get_all(header::COOKIE).iter();
        fields.flat_map(|field| pairs(field.as_bytes()))
    }
}

impl fmt::Debug for Cookies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The names and values in one `Cookie` field, in the order sent.
///
/// As lenient as browsers are, and safe: a cookie ends at the first `;` whatever the quotes, so
/// that one cookie cannot swallow the next; a nameless one is dropped, so that it cannot pose as
/// `__Host-…`. Only crate-made quoting is undone: `"…"` around the whole value, with `\"` and
/// octal escapes inside. Bytes that are not UTF-8 become U+FFFD.
///
/// ```
/// # use devserve::http::cookie;
/// let mut pairs = cookie::parse(b"theme=dark; name=\"Ada\\054 Countess\"");
/// assert_eq!(pairs.nth(1).unwrap(), ("name".into(), "Ada, Countess".into()));
/// ```
pub fn parse(field: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    pairs(field).map(text)
}

/// Names and values as they stand on the wire, quotes and all.
fn pairs(field: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b';', field).chain([field.len()]);
    ends.filter_map(move |end| {
        let pair = trim(&field[start..end]);
        start = end + 1;
        let (name, value) = match memchr::memchr(b'=', pair) {
            Some(at) => (trim(&pair[..at]), trim(&pair[at + 1..])),
            None => (pair, &b""[..]),
        };
        (!name.is_empty()).then_some((name, value))
    })
}

/// Only space and tab are white space here: U+00A0 is two bytes of a value.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

fn text<'a>((name, value): (&'a [u8], &'a [u8])) -> (Cow<'a, str>, Cow<'a, str>) {
    (String::from_utf8_lossy(name), value_text(value))
}

fn value_text(value: &[u8]) -> Cow<'_, str> {
    match unquote(value) {
        Cow::Borrowed(plain) => String::from_utf8_lossy(plain),
        Cow::Owned(plain) => Cow::Owned(String::from_utf8_lossy(&plain).into_owned()),
    }
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
    let Some(plain_until) = memchr::memchr(b'\\', inner) else {
        return Cow::Borrowed(inner);
    };
    let mut plain = Vec::with_capacity(inner.len());
    plain.extend_from_slice(&inner[..plain_until]);
    let mut rest = &inner[plain_until..];
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(field: &[u8], want: &[(&str, &str)]) {
        let got: Vec<_> = parse(field).collect();
        let want: Vec<_> = want
            .iter()
            .map(|(name, value)| (Cow::from(*name), Cow::from(*value)))
            .collect();
        assert_eq!(got, want, "{:?}", String::from_utf8_lossy(field));
    }

    #[test]
    fn a_cookie_ends_at_the_first_semicolon() {
        check(b"", &[]);
        check(b";;; ;", &[]);
        check(b"a=1;;b=2;", &[("a", "1"), ("b", "2")]);
        check(b"a=\"1;b=2\"", &[("a", "\"1"), ("b", "2\"")]);
        check(b"a=1,b=2", &[("a", "1,b=2")]);
    }

    #[test]
    fn only_what_a_server_quoted_is_unquoted() {
        check(br#"a="""#, &[("a", "")]);
        check(br#"a=""""#, &[("a", "\"")]);
        check(br#"a="\"""#, &[("a", "\"")]);
        check(br#"a="\\""#, &[("a", "\\")]);
        check(br#"a="\""#, &[("a", "\"\\\"")]);
        check(br#"a="\"#, &[("a", "\"\\")]);
        check(br#""a"="b""#, &[("\"a\"", "b")]);
        check(br#"a='b'"#, &[("a", "'b'")]);
        check(br#"a=\054"#, &[("a", "\\054")]);
    }

    #[test]
    fn octal_needs_three_digits_of_a_byte() {
        check(br#"a="\303\251""#, &[("a", "é")]);
        check(br#"a="\05""#, &[("a", "05")]);
        check(br#"a="\05x""#, &[("a", "05x")]);
        check(br#"a="\377""#, &[("a", "\u{fffd}")]);
        check(br#"a="\477""#, &[("a", "477")]);
        check(br#"a="\\101""#, &[("a", "\\101")]);
    }

    #[test]
    fn a_nameless_cookie_is_none() {
        check(b"=__Host-a=b", &[]);
        check(b" \t= x", &[]);
        check(b"\xff=\xfe", &[("\u{fffd}", "\u{fffd}")]);
    }

    #[test]
    fn nothing_is_copied_that_stands_bare() {
        for field in [&b"a=b"[..], b"a=\"b c\"", "é=☃".as_bytes()] {
            assert!(matches!(
                parse(field).next(),
                Some((Cow::Borrowed(_), Cow::Borrowed(_)))
            ));
        }
    }

    #[test]
    fn fields_count_as_one_and_case_counts() {
        let mut headers = HeaderMap::new();
        for field in ["a=1; A=2", "", "a=\"3\""] {
            headers.append(header::COOKIE, field.parse().unwrap());
        }
        let cookies = Cookies::from_headers(&headers);
        assert_eq!(cookies.get_all("a").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(cookies.get("A").as_deref(), Some("2"));
        assert_eq!(cookies.get("b"), None);
        assert!(cookies.contains("A") && !cookies.contains("B") && !cookies.is_empty());
        assert_eq!(
            format!("{cookies:?}"),
            r#"[("a", "1"), ("A", "2"), ("a", "3")]"#
        );
        assert_eq!(cookies.to_dict().get("a"), Some("1"));
    }
}
