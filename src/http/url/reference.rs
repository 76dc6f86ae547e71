use std::net::Ipv6Addr;

use crate::text::digits;

/// Where `reference` leads, seen from `base`: a URL or a path (RFC 3986 §5.2).
///
/// ```
/// # use devserve::http::join;
/// assert_eq!(join("http://a.test/b/c?d", "../e?f"), "http://a.test/e?f");
/// ```
pub fn join(base: &str, reference: &str) -> String {
    let (base, mut target) = (Parts::split(base), Parts::split(reference));
    let merged;
    if target.scheme.is_none() {
        target.scheme = base.scheme;
        if target.authority.is_none() {
            target.authority = base.authority;
            match target.path.as_bytes() {
                [] => {
                    target.path = base.path;
                    target.query = target.query.or(base.query);
                }
                [b'/', ..] => {}
                _ => {
                    merged = merge(&base, target.path);
                    target.path = &merged;
                }
            }
        }
    }
    let mut path = without_dots(target.path);
    if target.authority.is_none() && path.starts_with("//") {
        // Or its first segment would be a host.
        path.insert_str(0, "/.");
    }
    target.path = &path;
    target.to_text()
}

/// `path` in the folder of the base's path (§5.2.3).
fn merge(base: &Parts<'_>, path: &str) -> String {
    let folder = match base.path.rfind('/') {
        Some(last) => &base.path[..=last],
        None if base.authority.is_some() => "/",
        None => "",
    };
    format!("{folder}{path}")
}

/// The path without the segments `.` and `..` (§5.2.4).
fn without_dots(path: &str) -> String {
    let Some(rest) = path.strip_prefix('/') else {
        return path.to_owned();
    };
    let mut segments: Vec<&str> = Vec::new();
    let mut rest = rest.split('/').peekable();
    while let Some(segment) = rest.next() {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            name => {
                segments.push(name);
                continue;
            }
        }
        if rest.peek().is_none() {
            segments.push("");
        }
    }
    format!("/{}", segments.join("/"))
}

/// The parts of a reference (RFC 3986 appendix B), as they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) scheme: Option<&'a str>,
    pub(super) authority: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    pub(super) fn split(reference: &'a str) -> Self {
        let (rest, fragment) = cut(reference, '#');
        let (rest, query) = cut(rest, '?');
        let (scheme, rest) = match rest.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, rest),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
            None => (None, rest),
        };
        Self {
            scheme,
            authority,
            path,
            query,
            fragment,
        }
    }

    /// The parts put together again.
    fn to_text(self) -> String {
        let mut text = String::new();
        let parts = [
            ("", self.scheme, ":"),
            ("//", self.authority, ""),
            ("", Some(self.path), ""),
            ("?", self.query, ""),
            ("#", self.fragment, ""),
        ];
        for (before, part, after) in parts {
            if let Some(part) = part {
                text.extend([before, part, after]);
            }
        }
        text
    }
}

/// `text` up to the first `mark`, and what follows it.
fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// `userinfo@host:port` (RFC 3986 §3.2).
pub(super) struct Authority<'a> {
    pub(super) userinfo: Option<&'a str>,
    /// An IPv6 address in its brackets, or anything else.
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// `None` where the port is no number, or a bracket holds no address.
    pub(super) fn split(text: &'a str) -> Option<Self> {
        let (userinfo, rest) = match text.rsplit_once('@') {
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, text),
        };
        let end = match rest.strip_prefix('[') {
            Some(inside) => {
                let address = &inside[..inside.find(']')?];
                let _: Ipv6Addr = address.parse().ok()?;
                address.len() + 2
            }
            None => rest.find(':').unwrap_or(rest.len()),
        };
        let (host, port) = rest.split_at(end);
        Some(Self {
            userinfo,
            host,
            port: read_port(port)?,
        })
    }
}

/// What follows a host: nothing, or a colon and a port, which may be empty (§3.2.3). `None`
/// where it is something else.
pub(super) fn read_port(text: &str) -> Option<Option<u16>> {
    if text.is_empty() || text == ":" {
        return Some(None);
    }
    let port = digits::parse(text.strip_prefix(':')?)?;
    u16::try_from(port).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reference: &str, want: &str) {
        assert_eq!(join("http://a/b/c/d;p?q", reference), want, "{reference}");
    }

    #[test]
    fn the_examples_of_rfc_3986_section_5_4_hold() {
        check("g:h", "g:h");
        check("g", "http://a/b/c/g");
        check("./g", "http://a/b/c/g");
        check("g/", "http://a/b/c/g/");
        check("/g", "http://a/g");
        check("//g", "http://g");
        check("?y", "http://a/b/c/d;p?y");
        check("g?y", "http://a/b/c/g?y");
        check("#s", "http://a/b/c/d;p?q#s");
        check("g#s", "http://a/b/c/g#s");
        check("g?y#s", "http://a/b/c/g?y#s");
        check(";x", "http://a/b/c/;x");
        check("g;x?y#s", "http://a/b/c/g;x?y#s");
        check("", "http://a/b/c/d;p?q");
        check(".", "http://a/b/c/");
        check("..", "http://a/b/");
        check("../g", "http://a/b/g");
        check("../..", "http://a/");
        check("../../g", "http://a/g");
        check("../../../g", "http://a/g");
        check("/./g", "http://a/g");
        check("/../g", "http://a/g");
        check("g.", "http://a/b/c/g.");
        check(".g", "http://a/b/c/.g");
        check("g..", "http://a/b/c/g..");
        check("./../g", "http://a/b/g");
        check("./g/.", "http://a/b/c/g/");
        check("g/./h", "http://a/b/c/g/h");
        check("g/../h", "http://a/b/c/h");
        check("g;x=1/../y", "http://a/b/c/y");
        check("g?y/../x", "http://a/b/c/g?y/../x");
        check("g#s/../x", "http://a/b/c/g#s/../x");
    }

    #[test]
    fn a_base_may_be_a_path_or_have_none() {
        assert_eq!(join("/a/b", "../../c"), "/c");
        assert_eq!(join("/a/b", "/..//c"), "/.//c");
        assert_eq!(join("http://a.test", "b"), "http://a.test/b");
        assert_eq!(join("http://a.test?x", "?y"), "http://a.test?y");
    }
}
