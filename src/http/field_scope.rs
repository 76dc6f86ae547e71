use std::collections::HashSet;

use http::{HeaderMap, HeaderName, header};

/// The fields about content that a 304 may carry all the same.
pub const ALLOWED_ENTITY_HEADERS: [HeaderName; 2] = [header::EXPIRES, header::CONTENT_LOCATION];

/// Whether a field is about one connection and goes no further (RFC 9110 §7.6.1).
///
/// [`is_hop_by_hop`] has two more, which an app may set.
pub fn is_connection_header(name: &HeaderName) -> bool {
    [
        header::CONNECTION,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ]
    .contains(name)
        || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

/// Whether a field is between a client and the next proxy: one about their connection, or what
/// they tell each other of who is who (RFC 9110 §11.7).
pub fn is_hop_by_hop(name: &HeaderName) -> bool {
    is_connection_header(name)
        || [header::PROXY_AUTHENTICATE, header::PROXY_AUTHORIZATION].contains(name)
}

/// Whether a field is about the content (RFC 9110 §8) or, with `Allow` and `Expires`, about the
/// resource behind it.
pub fn is_entity_header(name: &HeaderName) -> bool {
    [
        header::ALLOW,
        header::CONTENT_ENCODING,
        header::CONTENT_LANGUAGE,
        header::CONTENT_LENGTH,
        header::CONTENT_LOCATION,
        header::CONTENT_RANGE,
        header::CONTENT_TYPE,
        header::EXPIRES,
        header::LAST_MODIFIED,
    ]
    .contains(name)
        || name == "content-md5"
}

/// Takes out every field for one hop, those that `Connection` names too.
pub fn remove_hop_by_hop_headers(headers: &mut HeaderMap) {
    let options: HashSet<_> = connection_options(headers).collect();
    retain(headers, |name| {
        !is_hop_by_hop(name) && !options.contains(name)
    });
}

/// Takes out every field about content but those in `allowed`; for a 304 these are
/// [`ALLOWED_ENTITY_HEADERS`].
pub fn remove_entity_headers(headers: &mut HeaderMap, allowed: &[HeaderName]) {
    retain(headers, |name| {
        !is_entity_header(name) || allowed.contains(name)
    });
}

/// Takes out `Connection` and the fields it names (RFC 9110 §7.6.1), and changes the order of
/// the others.
pub fn remove_connection_options(headers: &mut HeaderMap) {
    let options: Vec<_> = connection_options(headers).collect();
    headers.remove(header::CONNECTION);
    for name in options {
        headers.remove(name);
    }
}

/// The fields that `Connection` names.
///
/// Not `Host` and `Content-Length`: they are for everyone, and who names them wants the next
/// hop to see another request than we saw.
fn connection_options(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    let lines = headers.get_all(header::CONNECTION).iter();
    lines
        .flat_map(|line| line.as_bytes().split(|&byte| byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .filter(|name| ![header::HOST, header::CONTENT_LENGTH].contains(name))
}

/// Builds the map anew: taking a name out of one moves the last name to its place.
fn retain(headers: &mut HeaderMap, is_kept: impl Fn(&HeaderName) -> bool) {
    let mut kept = HeaderMap::new();
    let lines = headers.iter().filter(|(name, _)| is_kept(name));
    kept.extend(lines.map(|(name, value)| (name.clone(), value.clone())));
    *headers = kept;
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(remove: impl Fn(&mut HeaderMap), lines: &[(&str, &str)], want: &[&str]) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        remove(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, want, "{lines:?}");
    }

    #[test]
    fn what_connection_names_goes_no_further() {
        check(
            remove_hop_by_hop_headers,
            &[
                ("connection", "X-One,, x two, close"),
                ("connection", "x-three"),
                ("x-one", "1"),
                ("x-one", "2"),
                ("x-three", "3"),
                ("x-four", "4"),
                ("proxy-connection", "keep-alive"),
                ("proxy-authorization", "Basic Og=="),
            ],
            &["x-four"],
        );
    }

    #[test]
    fn what_stays_keeps_its_lines_and_its_order() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("te", "x"),
            ("b", "1"),
            ("b", "2"),
            ("upgrade", "x"),
            ("a", "3"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        remove_hop_by_hop_headers(&mut headers);
        let lines: Vec<_> = headers
            .iter()
            .map(|(n, v)| format!("{n}={}", v.to_str().unwrap()))
            .collect();
        assert_eq!(lines, ["b=1", "b=2", "a=3"]);
    }

    #[test]
    fn nobody_names_the_host_or_the_length_away() {
        check(
            remove_hop_by_hop_headers,
            &[
                ("connection", "host, content-length"),
                ("host", "a.test"),
                ("content-length", "3"),
            ],
            &["content-length", "host"],
        );
    }

    #[test]
    fn a_304_says_nothing_of_content() {
        let lines = [
            ("content-md5", "x"),
            ("content-encoding", "gzip"),
            ("content-location", "/a"),
            ("etag", "\"1\""),
            ("vary", "accept"),
        ];
        let remove = |headers: &mut HeaderMap| {
            remove_entity_headers(headers, &ALLOWED_ENTITY_HEADERS);
        };
        check(remove, &lines, &["content-location", "etag", "vary"]);
        let remove = |headers: &mut HeaderMap| remove_entity_headers(headers, &[]);
        check(remove, &lines, &["etag", "vary"]);
    }
}
