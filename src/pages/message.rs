use serde::Serialize;

use crate::pages::fix::{self, Fix};
use crate::pages::snippet::{self, Snippet};
use crate::pages::{Diagnostic, Expansion, Note};

/// A diagnostic or a note as a page shows it.
#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    level: String,
    message: &'a str,
    code: Option<&'a str>,
    /// Where the code is explained.
    explanation: Option<String>,
    snippets: Vec<Snippet>,
    /// The macros between the first place and what the message is about.
    expansions: &'a [Expansion],
    fixes: Vec<Fix>,
    /// How many more ways out there are than are shown.
    more_fixes: usize,
    notes: Vec<Message<'a>>,
}

/// As many ways out as one reads; a type of a common name may be found in dozens of crates.
const FIXES: usize = 5;

impl<'a> Message<'a> {
    pub(super) fn new(diagnostic: &'a Diagnostic) -> Self {
        let code = diagnostic.code.as_deref();
        let primary = diagnostic.spans.iter().find(|span| span.is_primary);
        Self {
            level: diagnostic.level.to_string(),
            message: &diagnostic.message,
            code,
            explanation: code.and_then(explanation),
            snippets: snippet::snippets(&diagnostic.spans),
            expansions: primary.map_or(&[], |span| &span.expansions),
            fixes: Vec::new(),
            more_fixes: 0,
            notes: diagnostic.children.iter().map(Self::note).collect(),
        }
    }

    fn note(note: &'a Note) -> Self {
        let mut fixes = fix::fixes(&note.spans);
        let more_fixes = fixes.len().saturating_sub(FIXES);
        fixes.truncate(FIXES);
        Self {
            level: note.level.to_string(),
            message: &note.message,
            code: None,
            explanation: None,
            snippets: snippet::snippets(&note.spans),
            expansions: &[],
            fixes,
            more_fixes,
            notes: Vec::new(),
        }
    }
}

/// The page that explains an error's number or one of Clippy's lints. The compiler's own lints
/// have no page each.
fn explanation(code: &str) -> Option<String> {
    let is_number =
        |digits: &str| digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit());
    if code.strip_prefix('E').is_some_and(is_number) {
        return Some(format!("https://doc.rust-lang.org/error_codes/{code}.html"));
    }
    let lint = code.strip_prefix("clippy::")?;
    let is_name = lint
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_name.then(|| format!("https://rust-lang.github.io/rust-clippy/stable/index.html#{lint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, want: Option<&str>) {
        assert_eq!(explanation(code).as_deref(), want, "{code}");
    }

    #[test]
    fn numbers_and_clippys_lints_are_explained() {
        check(
            "E0308",
            Some("https://doc.rust-lang.org/error_codes/E0308.html"),
        );
        check(
            "clippy::needless_return",
            Some("https://rust-lang.github.io/rust-clippy/stable/index.html#needless_return"),
        );
        check("unused_variables", None);
        check("E03", None);
        check("E03/8", None);
    }
}
