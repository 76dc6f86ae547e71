use bytes::Bytes;

/// A request target as sent (RFC 9112 §3.2), cut into its parts; nothing is decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The whole, as sent.
    pub raw: Bytes,
    /// The path, from `/`; `*` for the asterisk form.
    pub path: Bytes,
    /// What follows the first `?`, without it.
    pub query: Bytes,
    /// The authority of the absolute form, which outweighs `Host` (RFC 9112 §3.2.2).
    pub authority: Option<Bytes>,
}

impl Target {
    /// Cuts a target of the origin form (`/path?query`), absolute form
    /// (`http://host/path?query`) or asterisk form (`*`); `None` where it is none of them.
    ///
    /// Visible ASCII and bytes above 0x7F, as browsers send them; no fragment.
    pub fn parse(raw: Bytes) -> Option<Self> {
        let allowed = |byte: &u8| matches!(byte, b'!'..=b'~' | 0x80..) && *byte != b'#';
        if !raw.iter().all(allowed) {
            return None;
        }
        if raw.as_ref() == b"*" {
            return Some(Self {
                path: raw.clone(),
                raw,
                ..Self::default()
            });
        }
        let (authority, rest) = match raw.first()? {
            b'/' => (None, raw.clone()),
            _ => {
                let start = scheme_len(&raw)?;
                let end =
                    memchr::memchr2(b'/', b'?', &raw[start..]).map_or(raw.len(), |at| start + at);
                if start == end {
                    return None;
                }
                (Some(raw.slice(start..end)), raw.slice(end..))
            }
        };
        let (path, query) = match memchr::memchr(b'?', &rest) {
            Some(mark) => (rest.slice(..mark), rest.slice(mark + 1..)),
            None => (rest, Bytes::new()),
        };
        // An absolute form may have an empty path, which means the root (RFC 9110 §4.2.3).
        let path = if path.is_empty() {
            Bytes::from_static(b"/")
        } else {
            path
        };
        Some(Self {
            raw,
            path,
            query,
            authority,
        })
    }

    /// The path with percent escapes undone.
    pub fn decoded_path(&self) -> Bytes {
        match memchr::memchr(b'%', &self.path) {
            None => self.path.clone(),
            Some(_) => percent_encoding::percent_decode(&self.path)
                .collect::<Vec<u8>>()
                .into(),
        }
    }
}

/// The length of `http://` or `https://`, in any case.
fn scheme_len(target: &[u8]) -> Option<usize> {
    ["http://", "https://"]
        .into_iter()
        .map(str::len)
        .find(|&len| {
            let scheme = target.get(..len).unwrap_or_default();
            scheme.eq_ignore_ascii_case(b"http://") || scheme.eq_ignore_ascii_case(b"https://")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(target: &'static str, want: Option<(&str, &str, Option<&str>)>) {
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
        let got = Target::parse(Bytes::from_static(target.as_bytes())).map(|got| {
            (
                text(&got.path),
                text(&got.query),
                got.authority.as_ref().map(text),
            )
        });
        let want = want.map(|(path, query, authority)| {
            (
                path.to_owned(),
                query.to_owned(),
                authority.map(str::to_owned),
            )
        });
        assert_eq!(got, want, "{target}");
    }

    #[test]
    fn cuts_each_form_of_rfc_9112_section_3_2() {
        check("/", Some(("/", "", None)));
        check("/a/b?c=d?e", Some(("/a/b", "c=d?e", None)));
        check("//evil/x", Some(("//evil/x", "", None)));
        check("http://host:80/p?q", Some(("/p", "q", Some("host:80"))));
        check("HTTPS://host?q", Some(("/", "q", Some("host"))));
        check("*", Some(("*", "", None)));
    }

    #[test]
    fn refuses_what_is_no_target() {
        for target in [
            "",
            "path",
            "/a#b",
            "/a b",
            "/\u{7f}",
            "http:///p",
            "host:80",
            "ftp://host/",
            "/a\0",
        ] {
            check(target, None);
        }
    }

    #[test]
    fn decodes_the_path_once() {
        let target = Target::parse(Bytes::from_static(b"/a%2Fb%25%zz%C3%A9")).unwrap();
        assert_eq!(target.decoded_path().as_ref(), "/a/b%%zz\u{e9}".as_bytes());
    }
}
