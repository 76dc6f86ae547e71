use serde::Serialize;

use crate::pages::excerpt::expand;
use crate::pages::{Span, Spot};

/// A few lines of one file as the compiler would have them written.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Fix {
    place: Spot,
    rows: Vec<Row>,
}

/// A line that goes (`-`) or comes (`+`).
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Row {
    sign: char,
    head: String,
    /// What differs from the line that it goes or comes for.
    changed: String,
    tail: String,
}

/// What the suggestions among the spans would make of their lines: for each way out, each of
/// the places where it changes something.
pub(super) fn fixes(spans: &[Span]) -> Vec<Fix> {
    let alternatives = alternatives(spans);
    let blocks = alternatives.iter().flat_map(|parts| blocks(parts));
    blocks.filter_map(|parts| fix(&parts)).collect()
}

/// The ways out, each with its parts. The compiler writes them one behind the other; where one
/// would change what another has changed, it is the next.
fn alternatives(spans: &[Span]) -> Vec<Vec<&Span>> {
    let mut alternatives: Vec<Vec<&Span>> = Vec::new();
    for span in spans.iter().filter(|span| span.suggestion.is_some()) {
        match alternatives.last_mut() {
            Some(parts) if !parts.iter().any(|part| is_same_place(part, span)) => parts.push(span),
            _ => alternatives.push(vec![span]),
        }
    }
    alternatives
}

fn is_same_place(one: &Span, other: &Span) -> bool {
    let place = |span: &Span| {
        let start = (span.line_start, span.column_start);
        (start, span.line_end, span.column_end)
    };
    one.file == other.file && place(one) == place(other)
}

/// The parts of one way out, those on touching lines together, from top to bottom.
fn blocks<'a>(parts: &[&'a Span]) -> Vec<Vec<&'a Span>> {
    let mut parts = parts.to_vec();
    parts.sort_by(|one, other| {
        let place = |span: &Span| (span.line_start, span.column_start);
        one.file
            .cmp(&other.file)
            .then(place(one).cmp(&place(other)))
    });
    let mut blocks: Vec<Vec<&Span>> = Vec::new();
    for part in parts {
        let touches = |last: &&Span| last.file == part.file && last.line_end >= part.line_start;
        match blocks.last_mut() {
            Some(block) if block.last().is_some_and(touches) => block.push(part),
            _ => blocks.push(vec![part]),
        }
    }
    blocks
}

/// `None` where the compiler did not tell the lines it would change.
fn fix(parts: &[&Span]) -> Option<Fix> {
    let first = parts.first()?;
    let place = first.start();
    // A place at a line's start is told without the line, as for a `use` that is put in.
    if first.text.is_empty() {
        let inserted = first.suggestion.as_deref()?;
        let rows: Vec<Row> = inserted.lines().filter(is_news).map(plus).collect();
        return (parts.len() == 1 && !rows.is_empty()).then_some(Fix { place, rows });
    }
    let before = lines_of(parts)?;
    let after = changed(&before, parts)?;
    let after: Vec<&str> = after.lines().collect();
    let rows = rows(&before, &after);
    (!rows.is_empty()).then_some(Fix { place, rows })
}

fn is_news(line: &&str) -> bool {
    !line.trim().is_empty()
}

fn plus(line: &str) -> Row {
    row('+', line, 0, 0)
}

/// The lines that the parts lie in, each once.
fn lines_of<'a>(parts: &[&'a Span]) -> Option<Vec<&'a str>> {
    let start = parts.first()?.line_start;
    let mut lines = Vec::new();
    for part in parts {
        for (line, number) in part.text.iter().zip(part.line_start..) {
            // Invariant of a block: no line is left out between its parts.
            if number - start == lines.len() {
                lines.push(line.text.as_str());
            }
        }
    }
    let end = parts.iter().map(|part| part.line_end).max()?;
    (lines.len() == end - start + 1).then_some(lines)
}

/// The lines with each part's text in its place; `None` where two parts overlap.
fn changed(before: &[&str], parts: &[&Span]) -> Option<String> {
    let start = parts.first()?.line_start;
    let offset = |line: usize, column: usize| -> Option<usize> {
        let index = line.checked_sub(start)?;
        let above: usize = before.get(..index)?.iter().map(|line| line.len() + 1).sum();
        Some(above + offset(before.get(index)?, column))
    };
    let mut text = before.join("\n");
    let mut limit = text.len();
    // From the end, so that the places of the others still hold.
    for part in parts.iter().rev() {
        let from = offset(part.line_start, part.column_start)?;
        let to = offset(part.line_end, part.column_end)?.max(from);
        if to > limit {
            return None;
        }
        text.replace_range(from..to, part.suggestion.as_deref()?);
        limit = from;
    }
    Some(text)
}

/// The byte at which a column begins; the line's end for columns past it.
fn offset(line: &str, column: usize) -> usize {
    line.char_indices()
        .nth(column.saturating_sub(1))
        .map_or(line.len(), |(at, _)| at)
}

/// The lines that go, then those that come. Lines put in between others change none of them.
fn rows(before: &[&str], after: &[&str]) -> Vec<Row> {
    let common = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| {
        pairs.take_while(|(one, other)| one == other).count()
    };
    let head = common(&mut before.iter().zip(after));
    let (before, after) = (&before[head..], &after[head..]);
    let tail = common(&mut before.iter().rev().zip(after.iter().rev()));
    let (before, after) = (&before[..before.len() - tail], &after[..after.len() - tail]);
    if let ([gone], [come]) = (before, after) {
        let (head, tail) = ends(gone, come);
        return vec![row('-', gone, head, tail), row('+', come, head, tail)];
    }
    let gone = before.iter().map(|line| row('-', line, 0, 0));
    let come = after.iter().copied().filter(is_news).map(plus);
    gone.chain(come).collect()
}

/// How many bytes two lines share at their starts and at their ends.
fn ends(one: &str, other: &str) -> (usize, usize) {
    let common = |pairs: &mut dyn Iterator<Item = (char, char)>| -> usize {
        pairs
            .take_while(|(one, other)| one == other)
            .map(|(shared, _)| shared.len_utf8())
            .sum()
    };
    let head = common(&mut one.chars().zip(other.chars()));
    let (one, other) = (&one[head..], &other[head..]);
    let tail = common(&mut one.chars().rev().zip(other.chars().rev()));
    (head, tail)
}

fn row(sign: char, line: &str, head: usize, tail: usize) -> Row {
    let (head, rest) = line.split_at(head);
    let (changed, tail) = rest.split_at(rest.len() - tail);
    Row {
        sign,
        head: expand(head),
        changed: expand(changed),
        tail: expand(tail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::SpanLine;

    /// A place on the lines of `text`, from `(line, column)` to the same, and what to write there.
    fn part(text: &str, from: (usize, usize), to: (usize, usize), suggestion: &str) -> Span {
        let line = |text: &str| SpanLine {
            text: text.to_owned(),
            highlight_start: 1,
            highlight_end: 1,
        };
        Span {
            file: "src/main.rs".to_owned(),
            line_start: from.0,
            line_end: to.0,
            column_start: from.1,
            column_end: to.1,
            is_primary: true,
            label: None,
            text: text.lines().map(line).collect(),
            suggestion: Some(suggestion.to_owned()),
            expansions: Vec::new(),
        }
    }

    /// The fixes as a diff, what differs in brackets.
    #[track_caller]
    fn check(spans: &[Span], want: &[&str]) {
        let mut shown = Vec::new();
        for fix in fixes(spans) {
            shown.push(fix.place.to_string());
            shown.extend(fix.rows.into_iter().map(|row| {
                let Row {
                    sign,
                    head,
                    changed,
                    tail,
                } = row;
                format!("{sign}{head}[{changed}]{tail}")
            }));
        }
        assert_eq!(shown, want);
    }

    #[test]
    fn a_line_goes_and_another_comes() {
        check(
            &[part("let x = é;", (3, 9), (3, 10), "'é'")],
            &["src/main.rs:3:9", "-let x = [é];", "+let x = ['é'];"],
        );
    }

    #[test]
    fn a_part_taken_away_is_marked_in_the_line_that_goes() {
        check(
            &[part("fn f() -> u8 { a; }", (6, 17), (6, 18), "")],
            &[
                "src/main.rs:6:17",
                "-fn f() -> u8 { a[;] }",
                "+fn f() -> u8 { a[] }",
            ],
        );
    }

    #[test]
    fn a_suggestion_in_parts_becomes_one_line() {
        let line = "    let x = 1 + 2 * 3;";
        check(
            &[
                part(line, (2, 13), (2, 13), "("),
                part(line, (2, 18), (2, 18), ")"),
            ],
            &[
                "src/main.rs:2:13",
                "-    let x = [1 + 2] * 3;",
                "+    let x = [(1 + 2)] * 3;",
            ],
        );
    }

    #[test]
    fn parts_on_lines_apart_are_shown_apart() {
        check(
            &[
                part("a.b", (9, 1), (9, 2), "x"),
                part("c.d", (4, 1), (4, 2), "y"),
            ],
            &[
                "src/main.rs:4:1",
                "-[c].d",
                "+[y].d",
                "src/main.rs:9:1",
                "-[a].b",
                "+[x].b",
            ],
        );
    }

    #[test]
    fn what_is_put_in_changes_no_other_line() {
        // As the compiler tells of a `use`: a place without its line.
        let import = |name: &str| part("", (1, 1), (1, 1), &format!("use std::{name};\n\n"));
        check(
            &[import("io::Result"), import("fmt::Result")],
            &[
                "src/main.rs:1:1",
                "+[use std::io::Result;]",
                "src/main.rs:1:1",
                "+[use std::fmt::Result;]",
            ],
        );
        check(
            &[part(
                "use std::fmt;",
                (1, 1),
                (1, 1),
                "use std::rc::Rc;\n\n",
            )],
            &["src/main.rs:1:1", "+[use std::rc::Rc;]"],
        );
    }

    #[test]
    fn a_stretch_of_lines_is_replaced_as_a_whole() {
        check(
            &[part("match a {\n    _ => 1,\n}", (5, 1), (7, 2), "1")],
            &[
                "src/main.rs:5:1",
                "-[match a {]",
                "-[    _ => 1,]",
                "-[}]",
                "+[1]",
            ],
        );
        check(
            &[part("a\nb\nc", (5, 1), (7, 2), "a\nx\nc")],
            &["src/main.rs:5:1", "-[b]", "+[x]"],
        );
    }

    #[test]
    fn parts_that_contradict_each_other_or_hide_their_lines_are_left_out() {
        let line = "abcdef";
        check(
            &[
                part(line, (1, 1), (1, 4), "x"),
                part(line, (1, 3), (1, 5), "y"),
            ],
            &[],
        );
        check(&[part("one", (1, 1), (2, 3), "x")], &[]);
    }
}
