use serde::Serialize;

use crate::pages::State;
use crate::pages::rust::{self, Class};

/// Source lines around the one a frame stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The number of the first line shown, from 1.
    pub first_line: u32,
    /// The lines, without their ends.
    pub lines: Vec<String>,
    /// The number of the line the frame stands on, from 1.
    pub current: u32,
    /// What the first line is in the middle of: code, or a comment or string opened above.
    #[serde(skip)]
    pub opening: State,
}

/// One line as the page shows it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    number: u32,
    is_current: bool,
    /// Class and text; the class is empty where nothing is special.
    pieces: Vec<(&'static str, String)>,
    /// On the current line: the blanks before the caret.
    caret: Option<String>,
}

/// Lines shown before and after the one that is meant.
const AROUND: u32 = 6;

/// What is longer was not written by hand.
const MAX_LINE_CHARS: usize = 240;

impl Excerpt {
    /// The lines of `text` around `line`; `None` where it has no such line. `opening` is what the
    /// text begins with.
    pub fn of(text: &str, line: u32, opening: State) -> Option<Self> {
        let first_line = line.checked_sub(1)?.saturating_sub(AROUND) + 1;
        let skipped = usize::try_from(first_line - 1).ok()?;
        let count = usize::try_from(line - first_line + 1 + AROUND).ok()?;
        let lines: Vec<_> = text
            .lines()
            .skip(skipped)
            .take(count)
            .map(shortened)
            .collect();
        if lines.len() <= usize::try_from(line - first_line).ok()? {
            return None;
        }
        let above = text.lines().take(skipped);
        Some(Self {
            first_line,
            lines,
            current: line,
            opening: above.fold(opening, |state, line| state.after(line)),
        })
    }

    /// The lines from `before` above the current one to `after` below it, with their numbers.
    pub(super) fn around(&self, before: u32, after: u32) -> impl Iterator<Item = (u32, &str)> {
        let wanted = self.current.saturating_sub(before)..=self.current.saturating_add(after);
        (self.first_line..)
            .zip(self.lines.iter().map(String::as_str))
            .filter(move |(number, _)| wanted.contains(number))
    }

    /// The lines coloured, with a caret under `column` of the current one.
    pub(super) fn coloured(&self, column: Option<u32>) -> Vec<Line> {
        let mut state = self.opening;
        let mut coloured = Vec::with_capacity(self.lines.len());
        for (number, line) in (self.first_line..).zip(&self.lines) {
            let (pieces, after) = self::coloured(line, state);
            state = after;
            let is_current = number == self.current;
            coloured.push(Line {
                number,
                is_current,
                pieces,
                caret: column
                    .filter(|_| is_current)
                    .and_then(|column| blanks(line, column)),
            });
        }
        coloured
    }
}

/// A line as far as anybody would read it.
fn shortened(line: &str) -> String {
    match line.char_indices().nth(MAX_LINE_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// A line's pieces, each with its class, and the state the next line begins in.
pub(super) fn coloured(line: &str, state: State) -> (Vec<(&'static str, String)>, State) {
    let (pieces, after) = rust::pieces(line, state);
    let named = pieces
        .iter()
        .map(|&(class, text)| (name(class), expand(text)));
    (named.collect(), after)
}

fn name(class: Class) -> &'static str {
    match class {
        Class::Plain => "",
        Class::Comment => "c",
        Class::Keyword => "k",
        Class::Text => "s",
        Class::Number => "n",
    }
}

/// `text` with tabs as wide as the caret's blanks take them to be.
pub(super) fn expand(text: &str) -> String {
    text.replace('\t', TAB)
}

/// As much blank as stands before `column` (from 1, in characters); `None` past the line's end.
pub(super) fn blanks(line: &str, column: u32) -> Option<String> {
    let before = usize::try_from(column).ok()?.checked_sub(1)?;
    if before > line.chars().count() {
        return None;
    }
    Some(
        line.chars()
            .take(before)
            .map(|c| if c == '\t' { TAB } else { " " })
            .collect(),
    )
}

const TAB: &str = "    ";

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt() -> Excerpt {
        Excerpt {
            first_line: 7,
            lines: ["why */", "\tlet a = b[9];", "}"]
                .map(str::to_owned)
                .to_vec(),
            current: 8,
            opening: State::Comment(1),
        }
    }

    #[test]
    fn lines_are_coloured_from_where_the_file_stands() {
        let lines = excerpt().coloured(Some(10));
        assert_eq!(lines[0].pieces, [("c", "why */".to_owned())]);
        assert_eq!(lines[1].pieces[1], ("k", "let".to_owned()));
        assert_eq!((lines[0].is_current, lines[1].is_current), (false, true));
    }

    #[test]
    fn the_caret_stands_under_its_column_whatever_the_tabs() {
        let caret = |column| excerpt().coloured(Some(column)).remove(1).caret;
        assert_eq!(caret(2).as_deref(), Some("    "));
        assert_eq!(caret(4).as_deref(), Some("      "));
        assert_eq!(caret(99), None); // The file has changed since.
    }

    #[test]
    fn a_narrower_view_keeps_the_numbers() {
        assert_eq!(
            excerpt()
                .around(0, 1)
                .map(|(number, _)| number)
                .collect::<Vec<_>>(),
            [8, 9]
        );
    }
}
