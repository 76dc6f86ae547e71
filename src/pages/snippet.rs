use std::collections::BTreeMap;

use serde::Serialize;

use crate::pages::excerpt::{blanks, expand};
use crate::pages::{Span, SpanLine};

/// The marked lines of one file, as the build page shows them.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Snippet {
    /// `src/cart.rs:12:9`, the primary span's where there is one.
    place: String,
    is_primary: bool,
    lines: Vec<Line>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Line {
    number: usize,
    text: String,
    marks: Vec<Mark>,
    /// Lines are left out before this one.
    after_gap: bool,
}

/// A row under a line: `^^^^ expected u8`.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Mark {
    is_primary: bool,
    blanks: String,
    sign: String,
    label: String,
}

/// Lines as the compiler would have them written.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Fix {
    /// `src/cart.rs:12`.
    place: String,
    lines: Vec<String>,
}

// A span over a whole function body says no more than its two ends.
const ENDS: usize = 3;

/// One snippet for each file the spans are in; the primary's first.
pub(super) fn snippets(spans: &[Span]) -> Vec<Snippet> {
    let mut files: Vec<(&str, Vec<&Span>)> = Vec::new();
    for span in spans.iter().filter(|span| span.suggestion.is_none()) {
        match files.iter_mut().find(|(file, _)| *file == span.file) {
            Some((_, spans)) => spans.push(span),
            None => files.push((&span.file, vec![span])),
        }
    }
    let mut snippets: Vec<_> = files.iter().map(|(_, spans)| snippet(spans)).collect();
    snippets.sort_by_key(|snippet| !snippet.is_primary);
    snippets
}

/// What the suggestions among the spans would make of their lines.
pub(super) fn fixes(spans: &[Span]) -> Vec<Fix> {
    let mut parts: Vec<&Span> = spans
        .iter()
        .filter(|span| span.suggestion.is_some())
        .collect();
    // Those further right go first, so that the columns of the others still hold.
    parts.sort_by(|one, other| {
        let place = |span: &Span| (span.file.clone(), span.line_start);
        place(one)
            .cmp(&place(other))
            .then(other.column_start.cmp(&one.column_start))
    });
    let is_same_line =
        |one: &&Span, next: &&Span| one.file == next.file && one.line_start == next.line_start;
    parts.chunk_by(is_same_line).filter_map(fix).collect()
}

fn fix(parts: &[&Span]) -> Option<Fix> {
    let first = parts.first()?;
    let before = &first.text.first()?.text;
    let mut after = before.clone();
    for part in parts {
        let end = if part.line_end == part.line_start {
            part.column_end
        } else {
            usize::MAX
        };
        let (start, end) = (offset(&after, part.column_start), offset(&after, end));
        after.replace_range(start..end.max(start), part.suggestion.as_deref()?);
    }
    // A whole line put in leaves the line that was there as it is: only the new one is news.
    let is_news = |line: &&str| !line.trim().is_empty() && line != before;
    let lines: Vec<_> = after.lines().filter(is_news).map(expand).collect();
    (!lines.is_empty()).then(|| Fix {
        place: format!("{}:{}", first.file, first.line_start),
        lines,
    })
}

/// The byte at which a column begins; the line's end for columns past it.
fn offset(line: &str, column: usize) -> usize {
    line.char_indices()
        .nth(column.saturating_sub(1))
        .map_or(line.len(), |(at, _)| at)
}

fn snippet(spans: &[&Span]) -> Snippet {
    let first = spans
        .iter()
        .find(|span| span.is_primary)
        .unwrap_or(&spans[0]);
    let mut lines: BTreeMap<usize, Line> = BTreeMap::new();
    for span in spans {
        let last = span.text.len().saturating_sub(1);
        for (index, source) in span.text.iter().enumerate() {
            if index >= ENDS && index + ENDS <= last {
                continue;
            }
            let number = span.line_start + index;
            let line = lines.entry(number).or_insert_with(|| Line {
                number,
                text: expand(&source.text),
                marks: Vec::new(),
                after_gap: false,
            });
            // A label belongs to the whole span: it stands under its last line.
            let label = span
                .label
                .as_deref()
                .filter(|_| index == last)
                .unwrap_or_default();
            line.marks.push(mark(span, source, label));
        }
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    for index in 1..lines.len() {
        lines[index].after_gap = lines[index].number > lines[index - 1].number + 1;
    }
    for line in &mut lines {
        line.marks.sort_by_key(|mark| !mark.is_primary);
    }
    Snippet {
        place: format!("{}:{}:{}", first.file, first.line_start, first.column_start),
        is_primary: first.is_primary,
        lines,
    }
}

fn mark(span: &Span, source: &SpanLine, label: &str) -> Mark {
    let before = |column: usize| {
        let column = u32::try_from(column).unwrap_or(u32::MAX);
        blanks(&source.text, column).unwrap_or_default()
    };
    let blanks = before(source.highlight_start);
    // Even an empty span (a missing semicolon) gets its caret.
    let width = before(source.highlight_end)
        .len()
        .saturating_sub(blanks.len())
        .max(1);
    let sign = if span.is_primary { "^" } else { "-" };
    Mark {
        is_primary: span.is_primary,
        blanks,
        sign: sign.repeat(width),
        label: label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(line: usize, columns: std::ops::Range<usize>, text: &str) -> Span {
        Span {
            file: "src/main.rs".to_owned(),
            line_start: line,
            line_end: line,
            column_start: columns.start,
            column_end: columns.end,
            is_primary: true,
            label: None,
            text: vec![SpanLine {
                text: text.to_owned(),
                highlight_start: columns.start,
                highlight_end: columns.end,
            }],
            suggestion: None,
        }
    }

    /// The snippets as a terminal would show them.
    #[track_caller]
    fn check(spans: &[Span], want: &[&str]) {
        let mut shown = Vec::new();
        for snippet in snippets(spans) {
            shown.push(snippet.place);
            for line in snippet.lines {
                shown.extend(line.after_gap.then(|| "…".to_owned()));
                shown.push(format!("{} {}", line.number, line.text));
                let row = |mark: Mark| format!("  {}{} {}", mark.blanks, mark.sign, mark.label);
                shown.extend(line.marks.into_iter().map(row));
            }
        }
        assert_eq!(shown, want);
    }

    #[test]
    fn marks_stand_under_what_is_meant_the_primary_first() {
        let mut expected = span(3, 12..14, "    let n: u8 = \"é\";");
        expected.is_primary = false;
        expected.label = Some("expected due to this".to_owned());
        let mut found = span(3, 17..20, "    let n: u8 = \"é\";");
        found.label = Some("expected `u8`, found `&str`".to_owned());
        check(
            &[expected, found],
            &[
                "src/main.rs:3:17",
                "3     let n: u8 = \"é\";",
                "                  ^^^ expected `u8`, found `&str`",
                "             -- expected due to this",
            ],
        );
    }

    #[test]
    fn tabs_and_empty_spans_keep_their_caret() {
        check(
            &[span(1, 4..4, "\t\tx")],
            &["src/main.rs:1:4", "1         x", "           ^ "],
        );
    }

    #[test]
    fn a_long_span_shows_its_ends() {
        let mut long = span(1, 1..2, "{");
        long.line_end = 20;
        long.text = (1..=20)
            .map(|n| SpanLine {
                text: format!("line {n}"),
                highlight_start: 1,
                highlight_end: 2,
            })
            .collect();
        let lines = snippets(&[long]).remove(0).lines;
        assert_eq!(
            lines.iter().map(|line| line.number).collect::<Vec<_>>(),
            [1, 2, 3, 18, 19, 20]
        );
        assert!(lines[3].after_gap);
    }

    #[test]
    fn a_suggestion_in_parts_becomes_one_line() {
        let mut open = span(2, 9..9, "    let x = 1 + 2 * 3;");
        open.column_start = 13;
        open.column_end = 13;
        open.suggestion = Some("(".to_owned());
        let mut close = span(2, 18..18, "    let x = 1 + 2 * 3;");
        close.suggestion = Some(")".to_owned());
        let lines = vec!["    let x = (1 + 2) * 3;".to_owned()];
        let want = Fix {
            place: "src/main.rs:2".to_owned(),
            lines,
        };
        assert_eq!(fixes(&[open, close]), [want]);
    }

    #[test]
    fn a_line_put_in_is_shown_alone() {
        let mut import = span(1, 1..1, "use std::fmt;");
        import.suggestion = Some("use std::rc::Rc;\n\n".to_owned());
        assert_eq!(fixes(&[import])[0].lines, ["use std::rc::Rc;"]);
    }
}
