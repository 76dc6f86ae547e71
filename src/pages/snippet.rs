use std::collections::BTreeMap;

use serde::Serialize;

use crate::pages::excerpt::{blanks, coloured};
use crate::pages::{Span, SpanLine, Spot, State};

/// The marked lines of one file, as the build page shows them.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Snippet {
    /// Where the primary span begins; if none is in this file, the first.
    place: Spot,
    is_primary: bool,
    lines: Vec<Line>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Line {
    number: usize,
    /// Class and text; the class is empty where nothing is special.
    pieces: Vec<(&'static str, String)>,
    /// Whether a span of several lines reaches over this one: `first` for the primary, else
    /// `second`.
    within: Option<&'static str>,
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

fn snippet(spans: &[&Span]) -> Snippet {
    let first = spans
        .iter()
        .find(|span| span.is_primary)
        .unwrap_or(&spans[0]);
    let mut sources: BTreeMap<usize, (&str, Line)> = BTreeMap::new();
    for span in spans {
        let last = span.text.len().saturating_sub(1);
        for (index, source) in span.text.iter().enumerate() {
            if index >= ENDS && index + ENDS <= last {
                continue;
            }
            let number = span.line_start + index;
            let fresh = || (source.text.as_str(), Line::new(number));
            let (_, line) = sources.entry(number).or_insert_with(fresh);
            match last {
                0 => line.marks.push(mark(span, source)),
                _ if span.is_primary => line.within = Some("first"),
                _ => line.within = line.within.or(Some("second")),
            }
            // A label belongs to the whole span: it stands under its last line.
            if last > 0 && index == last {
                line.marks.push(end_mark(span, source));
            }
        }
    }
    Snippet {
        place: first.start(),
        is_primary: first.is_primary,
        lines: finish(sources, &first.file),
    }
}

impl Line {
    fn new(number: usize) -> Self {
        Self {
            number,
            pieces: Vec::new(),
            within: None,
            marks: Vec::new(),
            after_gap: false,
        }
    }
}

/// The lines coloured, the primary marks first, gaps noted.
fn finish(sources: BTreeMap<usize, (&str, Line)>, file: &str) -> Vec<Line> {
    // What a gap hides may open a comment; most often it does not.
    let opening = match file.ends_with(".rs") {
        true => State::Code,
        false => State::Words,
    };
    let mut state = opening;
    let mut lines: Vec<Line> = Vec::with_capacity(sources.len());
    for (text, mut line) in sources.into_values() {
        line.after_gap = lines
            .last()
            .is_some_and(|last| line.number > last.number + 1);
        if line.after_gap {
            state = opening;
        }
        (line.pieces, state) = coloured(text, state);
        line.marks.sort_by_key(|mark| !mark.is_primary);
        lines.push(line);
    }
    lines
}

fn mark(span: &Span, source: &SpanLine) -> Mark {
    under(span, source, source.highlight_start, source.highlight_end)
}

/// The mark under the last character of a span of several lines.
fn end_mark(span: &Span, source: &SpanLine) -> Mark {
    let end = source.highlight_end;
    under(span, source, end.saturating_sub(1), end)
}

fn under(span: &Span, source: &SpanLine, from: usize, to: usize) -> Mark {
    let before = |column: usize| {
        let column = u32::try_from(column).unwrap_or(u32::MAX);
        blanks(&source.text, column).unwrap_or_default()
    };
    let blanks = before(from);
    // Even an empty span (a missing semicolon) gets its caret.
    let width = before(to).len().saturating_sub(blanks.len()).max(1);
    let sign = if span.is_primary { "^" } else { "-" };
    Mark {
        is_primary: span.is_primary,
        blanks,
        sign: sign.repeat(width),
        label: span.label.clone().unwrap_or_default(),
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
            expansions: Vec::new(),
        }
    }

    /// The snippets as a terminal would show them.
    #[track_caller]
    fn check(spans: &[Span], want: &[&str]) {
        let mut shown = Vec::new();
        for snippet in snippets(spans) {
            shown.push(snippet.place.to_string());
            for line in snippet.lines {
                shown.extend(line.after_gap.then(|| "…".to_owned()));
                let text: String = line.pieces.into_iter().map(|(_, text)| text).collect();
                let bar = if line.within.is_some() { "┃" } else { "" };
                shown.push(format!("{}{bar} {text}", line.number));
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
    fn a_long_span_shows_its_ends_and_its_label_at_the_last() {
        let mut long = span(1, 1..2, "{");
        long.line_end = 20;
        long.label = Some("expected `()`".to_owned());
        long.text = (1..=20)
            .map(|n| SpanLine {
                text: format!("line {n}"),
                highlight_start: 1,
                highlight_end: 8,
            })
            .collect();
        check(
            &[long],
            &[
                "src/main.rs:1:1",
                "1┃ line 1",
                "2┃ line 2",
                "3┃ line 3",
                "…",
                "18┃ line 18",
                "19┃ line 19",
                "20┃ line 20",
                "        ^ expected `()`",
            ],
        );
    }

    #[test]
    fn lines_that_follow_each_other_are_coloured_as_one_text() {
        let mut comment = span(1, 1..2, "/* let");
        comment.text.push(SpanLine {
            text: "let */ let".to_owned(),
            highlight_start: 1,
            highlight_end: 4,
        });
        comment.line_end = 2;
        let lines = &snippets(&[comment])[0].lines;
        assert_eq!(lines[0].pieces, [("c", "/* let".to_owned())]);
        assert_eq!(lines[1].pieces[0], ("c", "let */".to_owned()));
        assert_eq!(lines[1].pieces[2], ("k", "let".to_owned()));
        let mut manifest = span(1, 1..2, "let = 1");
        manifest.file = "Cargo.toml".to_owned();
        let lines = &snippets(&[manifest])[0].lines;
        assert_eq!(lines[0].pieces, [("", "let = 1".to_owned())]);
    }

    #[test]
    fn a_place_whose_lines_are_not_told_keeps_its_name() {
        let mut far = span(22, 9..36, "");
        far.text.clear();
        check(&[far], &["src/main.rs:22:9"]);
    }
}
