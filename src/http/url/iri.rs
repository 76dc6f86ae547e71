use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::http::url::host::to_ascii;
use crate::http::url::reference::{Authority, Parts};
use crate::text::domain;

// What stays bare in each part: what the WHATWG's URL standard calls URL code points, less
// what would end the part. `%` stays too, so that what is encoded is not encoded twice.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'%')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');
const QUERY: &AsciiSet = &PATH.remove(b'?');
const FRAGMENT: &AsciiSet = &QUERY.remove(b'#');
const USERINFO: &AsciiSet = &PATH.add(b'/').add(b'@');

// What stays encoded in each part when it is shown to people.
const ALWAYS: &[u8] = b"%";
const IN_PATH: &[u8] = b"%/?#";
const IN_FIRST_SEGMENT: &[u8] = b"%/?#:";
const IN_QUERY: &[u8] = b"%&=+#";
const IN_USERINFO: &[u8] = b"%:@/?#";

/// A URL as people write it, made fit for the wire (RFC 3987 §3.1): text and what no URI may
/// hold is percent-encoded as UTF-8, the host gets its `xn--` form. Relative references stay
/// relative, and what is encoded already stays as it is.
///
/// Line breaks and tabs are encoded and not deleted, as browsers would: a check of the text
/// beforehand then sees what the browser sees.
///
/// ```
/// # use devserve::http::iri_to_uri;
/// assert_eq!(iri_to_uri("http://☃.net/påth?q=\"")?, "http://xn--n3h.net/p%C3%A5th?q=%22");
/// # Ok::<(), devserve::http::UrlError>(())
/// ```
///
/// # Errors
/// [`UrlError`] where the host or the port is none.
pub fn iri_to_uri(iri: &str) -> Result<String, UrlError> {
    let parts = Parts::split(iri);
    let mut uri = scheme(&parts);
    if let Some(authority) = parts.authority {
        let authority = Authority::split(authority).ok_or_else(|| UrlError::of(iri))?;
        let host = host_in_ascii(authority.host).ok_or_else(|| UrlError::of(iri))?;
        uri.push_str("//");
        if let Some(userinfo) = authority.userinfo {
            uri.extend(encode(userinfo.as_bytes(), USERINFO).chars());
            uri.push('@');
        }
        uri.push_str(&host);
        uri.push_str(&port(&authority));
    }
    uri.push_str(&encode(parts.path.as_bytes(), PATH));
    if let Some(query) = parts.query {
        uri.push('?');
        uri.push_str(&encode(query.as_bytes(), QUERY));
    }
    if let Some(fragment) = parts.fragment {
        uri.push('#');
        uri.push_str(&encode(fragment.as_bytes(), FRAGMENT));
    }
    Ok(uri)
}

/// A URL as people read it (RFC 3987 §3.2): escapes that are text become text, the host loses
/// its `xn--` form.
///
/// What would change its meaning stays encoded: separators of the part, `%`, spaces, control
/// characters, and those that reorder text (§4.1); bytes that are no UTF-8 stay too. So
/// [`iri_to_uri`] leads back to the same resource.
///
/// ```
/// # use devserve::http::uri_to_iri;
/// let iri = uri_to_iri("http://xn--n3h.net/p%C3%A5th%3F?q=%C3%A8%DF");
/// assert_eq!(iri, "http://☃.net/påth%3F?q=è%DF");
/// ```
pub fn uri_to_iri(uri: &str) -> String {
    let parts = Parts::split(uri);
    let mut iri = scheme(&parts);
    if let Some(text) = parts.authority {
        iri.push_str("//");
        match Authority::split(text) {
            Some(authority) => {
                if let Some(userinfo) = authority.userinfo {
                    iri.push_str(&decode(userinfo, IN_USERINFO));
                    iri.push('@');
                }
                iri.push_str(&host_in_unicode(authority.host));
                iri.push_str(&port(&authority));
            }
            // It cannot be shown better than as it is.
            None => iri.push_str(text),
        }
    }
    // The first segment of a relative path would be a scheme with a colon behind it.
    let could_be_scheme = iri.is_empty() && !parts.path.starts_with('/');
    let end = parts.path.find('/').unwrap_or(parts.path.len());
    let (first, rest) = parts.path.split_at(if could_be_scheme { end } else { 0 });
    match first.contains(':') {
        true => iri.push_str(first),
        false => iri.push_str(&decode(first, IN_FIRST_SEGMENT)),
    }
    iri.push_str(&decode(rest, IN_PATH));
    if let Some(query) = parts.query {
        iri.push('?');
        iri.push_str(&decode(query, IN_QUERY));
    }
    if let Some(fragment) = parts.fragment {
        iri.push('#');
        iri.push_str(&decode(fragment, ALWAYS));
    }
    iri
}

/// Whether a browser that follows `uri` stays on the site it is on: it is a reference without
/// a scheme and without a host. For what [`iri_to_uri`] made, where backslashes and control
/// characters are encoded.
pub(crate) fn is_local(uri: &str) -> bool {
    let parts = Parts::split(uri);
    parts.scheme.is_none() && parts.authority.is_none()
}

/// A decoded path for a URL: its `%`, `?` and `#` are part of it.
pub(crate) fn path_to_uri(path: &[u8]) -> Cow<'_, str> {
    const DECODED: &AsciiSet = &PATH.add(b'%');
    encode(path, DECODED)
}

/// A query as sent, made fit for a URL.
pub(crate) fn query_to_uri(query: &[u8]) -> Cow<'_, str> {
    encode(query, QUERY)
}

fn encode<'a>(bytes: &'a [u8], set: &'static AsciiSet) -> Cow<'a, str> {
    percent_encode(bytes, set).into()
}

fn scheme(parts: &Parts<'_>) -> String {
    let scheme = parts
        .scheme
        .map(|scheme| format!("{}:", scheme.to_ascii_lowercase()));
    scheme.unwrap_or_default()
}

fn port(authority: &Authority<'_>) -> String {
    let port = authority.port.map(|port| format!(":{port}"));
    port.unwrap_or_default()
}

/// `None` where a label is empty, too long, or no name can hold it.
fn host_in_ascii(host: &str) -> Option<String> {
    if host.starts_with('[') || host.is_empty() {
        return Some(host.to_ascii_lowercase());
    }
    let ascii = to_ascii(host)?;
    let mut labels = ascii.strip_suffix('.').unwrap_or(&ascii).split('.');
    let is_name = labels.all(|label| (1..64).contains(&label.len()));
    (is_name && !ascii.bytes().any(is_forbidden)).then_some(ascii)
}

/// Label by label, so that one that is wrong spoils no other; and only where the way back leads
/// to the same name.
fn host_in_unicode(host: &str) -> String {
    let host = host.to_lowercase();
    let labels = host.split('.').map(|label| {
        domain::label_to_unicode(label)
            .filter(|text| to_ascii(text).as_deref() == Some(label))
            .map_or(Cow::Borrowed(label), Cow::Owned)
    });
    labels.collect::<Vec<_>>().join(".")
}

/// The URL standard's forbidden host code points, as far as they are left here.
fn is_forbidden(byte: u8) -> bool {
    byte.is_ascii_control() || b" \"<>[\\]^`{|}".contains(&byte)
}

/// `part` with its escapes undone, but for the ASCII in `kept` and what [`is_shown`] refuses.
fn decode<'a>(part: &'a str, kept: &[u8]) -> Cow<'a, str> {
    if !part.contains('%') {
        return Cow::Borrowed(part);
    }
    let mut text = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let run = escapes(rest);
        if run.is_empty() {
            text.push('%');
            rest = &rest[1..];
            continue;
        }
        let mut written = rest;
        rest = &rest[run.len() * 3..];
        for chunk in run.utf8_chunks() {
            for character in chunk.valid().chars() {
                let is_kept = u8::try_from(character).is_ok_and(|byte| kept.contains(&byte));
                let is_kept = is_kept || completes_escape(&text, character);
                let (escape, after) = written.split_at(character.len_utf8() * 3);
                if is_kept || !is_shown(character) {
                    text.push_str(escape);
                } else {
                    text.push(character);
                }
                written = after;
            }
            written = &written[chunk.invalid().len() * 3..];
            push_escaped(&mut text, chunk.invalid());
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The bytes of the escapes that `text` begins with, without a gap.
fn escapes(text: &str) -> Vec<u8> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    text.as_bytes()
        .chunks_exact(3)
        .map_while(|escape| match *escape {
            [b'%', high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

/// Whether `next` would make an escape of a `%` that begins none: `%3%43` is not `%3C`.
fn completes_escape(text: &str, next: char) -> bool {
    let is_open = match text.as_bytes() {
        [.., b'%'] => true,
        [.., b'%', digit] => digit.is_ascii_hexdigit(),
        _ => false,
    };
    is_open && next.is_ascii_hexdigit()
}

fn push_escaped(text: &mut String, bytes: &[u8]) {
    text.extend(
        bytes
            .iter()
            .map(|byte| percent_encoding::percent_encode_byte(*byte)),
    );
}

/// Whether a character may stand for itself: no space, no control, none that reorders the text
/// around it (RFC 3987 §4.1).
fn is_shown(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            ' ' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A URL whose host or port is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url:?} has no valid host: a name of labels, an address in brackets, a port up to 65535")]
pub struct UrlError {
    /// The URL.
    pub url: String,
}

impl UrlError {
    fn of(url: &str) -> Self {
        Self {
            url: url.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn to_uri(iri: &str, want: Option<&str>) {
        assert_eq!(iri_to_uri(iri).ok().as_deref(), want, "{iri}");
    }

    #[track_caller]
    fn to_iri(uri: &str, want: &str) {
        assert_eq!(uri_to_iri(uri), want, "{uri}");
    }

    #[test]
    fn what_no_uri_may_hold_is_encoded_part_by_part() {
        to_uri("/a b[c]?d[e]=f#g#h?", Some("/a%20b%5Bc%5D?d%5Be%5D=f#g#h?"));
        to_uri("?", Some("?"));
        to_uri("#", Some("#"));
        to_uri("a?b?c", Some("a?b?c"));
        to_uri("mailto:ü@a.test", Some("mailto:%C3%BC@a.test"));
        to_uri("HTTP://a.test", Some("http://a.test"));
        to_uri("/a:b//c", Some("/a:b//c"));
        to_uri("itms-services://?url=abc", Some("itms-services://?url=abc"));
        to_uri("//u:p:q@a.test", Some("//u:p:q@a.test"));
        to_uri("//a\\@b.test", Some("//a%5C@b.test"));
        to_uri("\t//a.test", Some("%09//a.test"));
    }

    #[test]
    fn hosts_and_ports_are_checked() {
        to_uri("http://a.test:0/", Some("http://a.test:0/"));
        to_uri("http://a.test:/", Some("http://a.test/"));
        to_uri("http://:80/", Some("http://:80/"));
        to_uri("http://a.test./", Some("http://a.test./"));
        to_uri("http://a_b.test/", Some("http://a_b.test/"));
        to_uri("http://straße.test/", Some("http://xn--strae-oqa.test/"));
        to_uri("http://[FE80::1]/", Some("http://[fe80::1]/"));
        for iri in [
            "http://a.test:65536/",
            "http://a.test:-1/",
            "http://[::1]x/",
            "http://[a]/",
            "http://a..b/",
            "http://.a/",
            "http://ü..b/",
            "http://a b/",
            "http://a\tb/",
            "http://a<b/",
            "http://ü:x/",
        ] {
            to_uri(iri, None);
        }
        to_uri(&format!("http://{}/", "a".repeat(64)), None);
        to_uri(&format!("http://{}é/", "a".repeat(64)), None);
    }

    #[test]
    fn what_is_text_is_shown_as_text() {
        to_iri("/%E2%98%83%e2%98%83", "/☃☃");
        to_iri("/%", "/%");
        to_iri("/%zz%4", "/%zz%4");
        to_iri("/%3%43%%341%25%41", "/%3%43%%341%25A");
        to_iri("/%C3", "/%C3");
        to_iri("/%C3%A9%C3", "/é%C3");
        to_iri("/%c3%28", "/%C3(");
        to_iri("/%20%25%2f%3f%23", "/%20%25%2f%3f%23");
        to_iri("a%3Ab/%3A", "a%3Ab/:");
        to_iri("%41:b/%41", "%41:b/A");
        to_iri("/a%3Ab", "/a:b");
        to_iri("/?%2F%3f%26", "/?/?%26");
        to_iri("/%C2%8F%E2%80%AE", "/%C2%8F%E2%80%AE");
        to_iri("//xn--zzzzzzzz--.xn--n3h/", "//xn--zzzzzzzz--.☃/");
        to_iri("//a.test:x/", "//a.test:x/");
    }
}
