//! Where a rule sends its requests.

use crate::routing::pattern;

/// A redirect's target: text, and the names of values to put in.
#[derive(Debug)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Value(String),
}

impl Template {
    /// Reads `new/<slug>`. What is no name within `<` and `>` is text, as it is in a URL.
    pub(super) fn new<E>(
        target: &str,
        mut check: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut pieces = Vec::new();
        let mut rest = target;
        while let Some((before, after)) = rest.split_once('<') {
            pieces.push(Piece::Text(before.to_owned()));
            match after.split_once('>') {
                Some((name, after)) if pattern::is_name(name) => {
                    check(name)?;
                    pieces.push(Piece::Value(name.to_owned()));
                    rest = after;
                }
                _ => {
                    pieces.push(Piece::Text("<".to_owned()));
                    rest = after;
                }
            }
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { pieces })
    }

    /// The target with the values that `write` adds for their names.
    pub(super) fn fill(&self, mut write: impl FnMut(&str, &mut String)) -> String {
        let mut target = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => target.push_str(text),
                Piece::Value(name) => write(name, &mut target),
            }
        }
        target
    }

    /// The text that no request has a part in, at the target's beginning.
    pub(super) fn fixed_part(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "", // it begins with a value
        }
    }
}

/// How far a target leads away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// A URL of its own.
    Url,
    /// `//host/path`: another host, by the same scheme.
    Host,
    /// `/path`: anywhere on this host.
    Root,
    /// `path`: below the script root.
    Mount,
}

/// How far a target leads that begins so (RFC 3986 §4.2).
pub(super) fn reach(target: &str) -> Reach {
    let scheme = target.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    match target {
        _ if scheme => Reach::Url,
        _ if target.starts_with("//") => Reach::Host,
        _ if target.starts_with('/') => Reach::Root,
        _ => Reach::Mount,
    }
}

/// A path without `.` and `..` (RFC 3986 §5.2.4); a query behind it stays as it is.
pub(super) fn without_dots(target: &str) -> String {
    let (path, query) = match target.find(['?', '#']) {
        Some(end) => target.split_at(end),
        None => (target, ""),
    };
    let mut segments: Vec<&str> = Vec::new();
    let mut is_folder = false;
    for segment in path.split('/').skip(1) {
        is_folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    if is_folder {
        segments.push("");
    }
    format!("/{}{query}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_leads_as_far_as_its_beginning_says() {
        assert_eq!(reach("https://a.test/"), Reach::Url);
        assert_eq!(reach("mailto:me"), Reach::Url);
        assert_eq!(reach("//a.test/"), Reach::Host);
        assert_eq!(reach("/a:b"), Reach::Root);
        assert_eq!(reach("a/b:c"), Reach::Mount);
        assert_eq!(reach("?q=a:b"), Reach::Mount);
    }

    #[test]
    fn dots_are_undone_and_never_leave_the_root() {
        for (target, want) in [
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/../../b", "/b"),
            ("/a/..", "/"),
            ("/a/b/.", "/a/b/"),
            ("/a?../x", "/a?../x"),
            ("/", "/"),
        ] {
            assert_eq!(without_dots(target), want, "{target}");
        }
    }
}
