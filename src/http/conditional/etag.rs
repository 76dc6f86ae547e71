use std::fmt;

use crate::http::HeaderValue;
use crate::text::{latin1, ows};

/// An entity tag (RFC 9110 §8.8.3): the name of one state of a resource.
///
/// A strong tag changes with every byte; a weak one only when the difference matters. The tag
/// is text in WSGI's sense: each character is one byte of the wire.
///
/// ```
/// # use devserve::http::ETag;
/// let tag = ETag::strong("v1")?;
/// assert_eq!(tag.to_string(), "\"v1\"");
/// assert!(tag.matches_weakly(&ETag::weak("v1")?));
/// # Ok::<(), devserve::http::ETagError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag {
    // Invariant: no quote, no control character, nothing above U+00FF.
    tag: String,
    is_weak: bool,
}

impl ETag {
    /// A tag for exactly these bytes.
    ///
    /// # Errors
    /// [`ETagError`] for what no entity tag may hold: spaces, quotes, control characters, and
    /// characters above U+00FF.
    pub fn strong(tag: impl Into<String>) -> Result<Self, ETagError> {
        let tag = tag.into();
        if tag.contains(' ') || !is_sound(&tag) {
            return Err(ETagError { tag });
        }
        Ok(Self {
            tag,
            is_weak: false,
        })
    }

    /// A tag for this meaning.
    ///
    /// # Errors
    /// As [`strong`](Self::strong).
    pub fn weak(tag: impl Into<String>) -> Result<Self, ETagError> {
        Ok(Self {
            is_weak: true,
            ..Self::strong(tag)?
        })
    }

    /// Reads one tag. Like Werkzeug this takes a tag without quotes, one with spaces, and a
    /// small `w/`; `None` for what cannot be a tag at all.
    pub fn parse(text: &str) -> Option<Self> {
        let (tag, is_weak) = Self::unquote(text);
        is_sound(tag).then(|| Self {
            tag: tag.to_owned(),
            is_weak,
        })
    }

    /// [`parse`](Self::parse) for a field value.
    pub fn from_header(value: &HeaderValue) -> Option<Self> {
        Self::parse(&latin1::from_bytes(value.as_bytes()))
    }

    /// What is inside the quotes, and whether the tag is weak. Text without its two quotes
    /// stays as it is.
    pub fn unquote(text: &str) -> (&str, bool) {
        let text = ows::trim(text);
        let strong = text.strip_prefix("W/").or_else(|| text.strip_prefix("w/"));
        let quoted = strong.unwrap_or(text);
        let inner = quoted
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        (inner.unwrap_or(quoted), strong.is_some())
    }

    /// What is inside the quotes.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether the tag is weak.
    pub fn is_weak(&self) -> bool {
        self.is_weak
    }

    /// The strong comparison (§8.8.3.2): the same tag, and neither is weak. For whatever puts
    /// bytes together or overwrites them.
    pub fn matches_strongly(&self, other: &Self) -> bool {
        !self.is_weak && !other.is_weak && self.tag == other.tag
    }

    /// The weak comparison (§8.8.3.2): the same tag. For caches.
    pub fn matches_weakly(&self, other: &Self) -> bool {
        self.tag == other.tag
    }

    /// The field value.
    pub fn to_header(&self) -> HeaderValue {
        let text = self.to_string();
        let bytes = latin1::to_bytes(&text).expect("a tag has no character above U+00FF");
        HeaderValue::from_bytes(&bytes).expect("a tag has no control characters")
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weak = if self.is_weak { "W/" } else { "" };
        write!(f, "{weak}\"{}\"", self.tag)
    }
}

/// Whether `tag` can stand between quotes: etagc of §8.8.3, and the space, which is no etagc
/// and sent all the same.
fn is_sound(tag: &str) -> bool {
    tag.chars()
        .all(|character| matches!(character, ' ' | '!' | '#'..='~' | '\u{80}'..='\u{ff}'))
}

/// Text that no entity tag may hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{tag:?} is no entity tag: it may hold no space, quote, control character or character above U+00FF"
)]
pub struct ETagError {
    /// The text.
    pub tag: String,
}

/// The entity tags of an `If-Match` or `If-None-Match` field (RFC 9110 §13.1), or `*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ETags {
    tags: Vec<ETag>,
    is_any: bool,
}

impl ETags {
    /// `*`: any tag at all, and a resource that has none.
    pub fn any() -> Self {
        Self {
            tags: Vec::new(),
            is_any: true,
        }
    }

    /// Reads a field value. Never fails: a broken entry is skipped up to the next comma, as it
    /// matches nothing.
    pub fn parse(text: &str) -> Self {
        let mut rest = ows::trim(text);
        if rest == "*" {
            return Self::any();
        }
        let mut tags = Vec::new();
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                return Self {
                    tags,
                    is_any: false,
                };
            }
            let length = entry_length(rest);
            let entry = match length {
                Some(length) => &rest[..length],
                None => "\"", // broken, and so no tag
            };
            tags.extend(ETag::parse(entry));
            let length = length.or_else(|| rest.find(',')).unwrap_or(rest.len());
            rest = &rest[length..];
        }
    }

    /// Whether this is `*`.
    pub fn is_any(&self) -> bool {
        self.is_any
    }

    /// Whether no tag can match.
    pub fn is_empty(&self) -> bool {
        !self.is_any && self.tags.is_empty()
    }

    /// The tags, in the order sent; none for `*`.
    pub fn iter(&self) -> impl Iterator<Item = &ETag> {
        self.tags.iter()
    }

    /// Whether `tag` is among them by the strong comparison, or this is `*`.
    pub fn contains(&self, tag: &ETag) -> bool {
        self.is_any || self.iter().any(|known| known.matches_strongly(tag))
    }

    /// Whether `tag` is among them by the weak comparison, or this is `*`.
    pub fn contains_weak(&self, tag: &ETag) -> bool {
        self.is_any || self.iter().any(|known| known.matches_weakly(tag))
    }
}

/// The bytes of the first entry, up to its comma; a comma within quotes is part of the tag.
/// `None` where something follows the closing quote, or it never closes.
fn entry_length(text: &str) -> Option<usize> {
    let (_, is_weak) = ETag::unquote(text);
    let start = if is_weak { "W/".len() } else { 0 };
    let end = match text[start..].strip_prefix('"') {
        Some(inner) => start + inner.find('"')? + "\"\"".len(),
        None => text.find(',').unwrap_or(text.len()),
    };
    let after = ows::trim_start(&text[end..]);
    (after.is_empty() || after.starts_with(',')).then_some(end)
}

impl FromIterator<ETag> for ETags {
    fn from_iter<I: IntoIterator<Item = ETag>>(tags: I) -> Self {
        Self {
            tags: tags.into_iter().collect(),
            is_any: false,
        }
    }
}

impl fmt::Display for ETags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any {
            return f.write_str("*");
        }
        for (at, tag) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{tag}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let tags = ETags::parse(text);
        assert_eq!(tags.to_string(), want);
        assert_eq!(ETags::parse(want), tags);
    }

    #[test]
    fn a_list_is_read_leniently_and_written_canonically() {
        check("\"a\",w/\"b\" , c", "\"a\", W/\"b\", \"c\"");
        check("\"a,b\"", "\"a,b\"");
        check("\"\"", "\"\"");
        check(", ,", "");
        check("\t*\t", "*");
        check("\"*\"", "\"*\"");
        check("\"a\", *", "\"a\", \"*\""); // `*` stands alone, or is a tag that is not quoted
    }

    #[test]
    fn a_broken_entry_costs_itself_only() {
        check("\"a\"x, \"b\"", "\"b\"");
        check("\"a, \"b\"", "\"b\"");
        check("a\"b, \"c\"", "\"c\"");
        check("\"a\u{0}\", \"c\"", "\"c\"");
        check("\"b\", \"", "\"b\"");
        check("W/", "W/\"\"");
        check("\"\u{20ac}\", \"c\"", "\"c\"");
    }

    #[test]
    fn reading_takes_linear_time() {
        for piece in ["\"", "\",", "\",\"x ", "W/", ", ", "\"a\"x,"] {
            let text = piece.repeat(200_000);
            ETags::parse(&text);
        }
    }

    #[test]
    fn a_tag_is_bytes_on_the_wire() {
        let tag = ETag::weak("é").unwrap();
        assert_eq!(tag.to_header().as_bytes(), b"W/\"\xe9\"");
        assert_eq!(ETag::from_header(&tag.to_header()), Some(tag));
    }

    #[test]
    fn what_is_made_here_keeps_to_the_grammar() {
        for tag in ["a b", "a\"b", "a\tb", "a\u{7f}", "\u{100}", "\r\n"] {
            assert!(ETag::strong(tag).is_err(), "{tag:?}");
        }
        assert!(ETag::strong("").is_ok() && ETag::strong("a,b\\").is_ok());
    }
}
