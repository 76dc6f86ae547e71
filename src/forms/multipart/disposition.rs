use std::borrow::Cow;

use crate::http::OptionsHeader;

/// What a part's Content-Disposition says (RFC 7578 §4.2).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Disposition {
    pub(super) name: String,
    pub(super) filename: Option<String>,
}

impl Disposition {
    /// Reads the field's value, or tells what is wrong with it.
    pub(super) fn parse(value: &[u8]) -> Result<Self, &'static str> {
        let plain = std::str::from_utf8(value).ok().and_then(Self::parse_plain);
        if let Some(disposition) = plain {
            return Ok(disposition);
        }
        let text = String::from_utf8_lossy(value);
        let header = as_meant(&text).map(|text| OptionsHeader::parse(&text));
        // Leaving a parameter out could turn an upload into a field.
        let header = header
            .filter(|header| !header.is_cut_off())
            .ok_or("has a Content-Disposition with an unclosed quote")?;
        for name in ["name", "filename"] {
            if header.params().filter(|(key, _)| *key == name).count() > 1 {
                return Err("has a Content-Disposition that repeats a parameter");
            }
        }
        Ok(Self {
            name: header.param("name").ok_or("has no name")?.to_owned(),
            filename: header.param("filename").map(str::to_owned),
        })
    }

    /// Reads what nearly every client sends: two quoted parameters in this order, and nothing
    /// in them that could be an escape.
    fn parse_plain(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("form-data; name=\"")?;
        if memchr::memchr2(b'\\', b'%', rest.as_bytes()).is_some() {
            return None;
        }
        let (name, rest) = rest.split_at(memchr::memchr(b'"', rest.as_bytes())?);
        let filename = match rest {
            "\"" => None,
            _ => {
                let quoted = rest.strip_prefix("\"; filename=\"")?;
                Some(
                    quoted
                        .strip_suffix('"')
                        .filter(|name| !name.contains('"'))?,
                )
            }
        };
        Some(Self {
            name: name.to_owned(),
            filename: filename.map(str::to_owned),
        })
    }
}

/// The value with its backslashes as its sender meant them.
///
/// Browsers leave a backslash alone (HTML, "multipart/form-data encoding algorithm") and never
/// put one before a quote, which they send as `%22`: a name may end in one, `name="a\"`. Other
/// clients escape as RFC 9110 §5.6.4 has it: `name="a\"b"`. A value with either reading can
/// have its quotes closed by one of them only, so there is nothing to guess; `None` where
/// neither closes them.
fn as_meant(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains("\\\"") || closes(text, Backslash::Escapes) {
        return Some(Cow::Borrowed(text));
    }
    if !closes(text, Backslash::IsText) {
        return None;
    }
    // Doubled, it is one backslash to whoever undoes escapes.
    let doubled = text.split('"').enumerate().map(|(index, piece)| {
        let is_quoted = index % 2 == 1;
        if is_quoted {
            piece.replace('\\', "\\\\")
        } else {
            piece.to_owned()
        }
    });
    Some(Cow::Owned(doubled.collect::<Vec<_>>().join("\"")))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backslash {
    Escapes,
    IsText,
}

/// Whether every quote in `text` opens a value after `=`, or closes one before `;` or the end.
fn closes(text: &str, backslash: Backslash) -> bool {
    let mut rest = text;
    while let Some((before, quoted)) = rest.split_once('"') {
        if !before.ends_with('=') || before.contains('\\') {
            return false;
        }
        let end = match backslash {
            Backslash::IsText => quoted.find('"'),
            Backslash::Escapes => closing_quote(quoted),
        };
        let Some(end) = end else {
            return false;
        };
        rest = quoted[end + 1..].trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(';') {
            return false;
        }
    }
    true
}

/// The first quote that no backslash stands before.
fn closing_quote(quoted: &str) -> Option<usize> {
    let mut is_escaped = false;
    quoted.bytes().position(|byte| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, name: &str, filename: Option<&str>) {
        let want = Disposition {
            name: name.to_owned(),
            filename: filename.map(str::to_owned),
        };
        assert_eq!(Disposition::parse(value.as_bytes()), Ok(want), "{value}");
    }

    #[test]
    fn a_backslash_is_text_where_browsers_sent_it() {
        check(r#"form-data; name="a\""#, r"a\", None);
        check(r#"form-data; name="\""#, r"\", None);
        check(r#"form-data; name="a\"; filename="b\""#, r"a\", Some(r"b\"));
        check(r#"form-data; name="a\"; filename="b""#, r"a\", Some("b"));
        check(
            r#"form-data; name="a"; filename="C:\dir\""#,
            "a",
            Some(r"C:\dir\"),
        );
        check(
            r#"form-data; name="a\"; filename="\\b\""#,
            r"a\",
            Some(r"\\b\"),
        );
        check(
            r#"form-data; name="a\b"; filename="%22\%22""#,
            r"a\b",
            Some(r#""\""#),
        );
        check(
            r#"form-data; name="a;\"; filename="; b=\""#,
            r"a;\",
            Some(r"; b=\"),
        );
    }

    #[test]
    fn a_backslash_escapes_where_other_clients_meant_it_to() {
        check(r#"form-data; name="a\"b""#, r#"a"b"#, None);
        check(r#"form-data; name="\"""#, r#"""#, None);
        check(r#"form-data; name="a\\""#, r"a\", None);
        check(
            r#"form-data; name="a\"; filename=\"b""#,
            r#"a"; filename="b"#,
            None,
        );
        check(
            r#"form-data; name="a"; filename="\"b\".txt""#,
            "a",
            Some(r#""b".txt"#),
        );
    }

    #[test]
    fn what_closes_in_neither_reading_is_refused() {
        for value in [
            r#"form-data; name="a\"; filename="b"#,
            r#"form-data; name="a"#,
        ] {
            assert!(Disposition::parse(value.as_bytes()).is_err(), "{value}");
        }
    }

    #[test]
    fn other_orders_and_spellings_are_read_too() {
        check(r#"form-data; filename="b"; name="a""#, "a", Some("b"));
        check("form-data; name=a; filename=b", "a", Some("b"));
        check(r#"FORM-DATA;NAME="a";x="y""#, "a", None);
        check(
            r#"form-data; name="a"; filename="b"; filename*=UTF-8''%C3%A9"#,
            "a",
            Some("é"),
        );
    }
}
