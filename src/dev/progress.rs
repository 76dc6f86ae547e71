use std::io::{self, BufRead};

use crate::pages::Count;

/// A line that cargo wrote to stderr, as far as it concerns those who wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// It began something: `Compiling serde v1.0.228`.
    Step(&'a str),
    /// Its progress bar moved.
    Bar(Count),
    /// Something else, such as a complaint.
    Words,
}

/// The environment that makes cargo draw its progress bar although nobody sees it: the only place
/// where it tells how much there is to do.
pub(crate) const BAR: [(&str, &str); 2] = [
    ("CARGO_TERM_PROGRESS_WHEN", "always"),
    ("CARGO_TERM_PROGRESS_WIDTH", "80"),
];

/// Reads a line into `line`, without its end: a line feed, or the carriage return that lets the
/// bar be drawn over, which may be the last that comes for a long time. False at the end.
pub(crate) fn read_line(stream: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    loop {
        let part = match stream.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if part.is_empty() {
            return Ok(!line.is_empty());
        }
        let end = memchr::memchr2(b'\n', b'\r', part);
        line.extend_from_slice(&part[..end.unwrap_or(part.len())]);
        let len = end.map_or(part.len(), |end| end + 1);
        stream.consume(len);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// What a line of cargo's says.
pub(crate) fn read(line: &str) -> Said<'_> {
    let step = line.trim();
    let Some((verb, rest)) = step.split_once(' ') else {
        // What is drawn over the bar, to take it away.
        return match line.is_empty() || !step.is_empty() {
            true => Said::Words,
            false => Said::Step(""),
        };
    };
    if !line.starts_with(' ') || !VERBS.contains(&verb) {
        return Said::Words;
    }
    match bar(rest) {
        Some(count) => Said::Bar(count),
        None => Said::Step(step),
    }
}

const VERBS: [&str; 13] = [
    "Adding",
    "Blocking",
    "Building",
    "Checking",
    "Compiling",
    "Downloaded",
    "Downloading",
    "Dirty",
    "Finished",
    "Fresh",
    "Locking",
    "Running",
    "Updating",
];

/// The count of `[====>     ] 12/84: serde, shop(bin)`.
fn bar(rest: &str) -> Option<Count> {
    let (_, behind) = rest.strip_prefix('[')?.split_once(']')?;
    let (done, rest) = behind.trim_start().split_once('/')?;
    let digits = rest.len()
        - rest
            .trim_start_matches(|digit: char| digit.is_ascii_digit())
            .len();
    let (done, total) = (done.parse().ok()?, rest[..digits].parse().ok()?);
    (total > 0 && done <= total).then_some(Count { done, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, want: Said<'_>) {
        assert_eq!(read(line), want, "{line:?}");
    }

    #[test]
    fn progress_is_told_from_complaints() {
        check(
            "   Compiling shop v0.1.0 (/shop)",
            Said::Step("Compiling shop v0.1.0 (/shop)"),
        );
        check(
            "    Blocking waiting for file lock",
            Said::Step("Blocking waiting for file lock"),
        );
        check("error: no bin target named `till`", Said::Words);
        check("  |", Said::Words);
        check("Compiling is hard", Said::Words);
        check("", Said::Words);
    }

    #[test]
    fn the_bar_counts() {
        let count = |done, total| Said::Bar(Count { done, total });
        check(
            "    Building [                  ] 0/4: dep(build.rs)          ",
            count(0, 4),
        );
        check(
            "    Building [=====>      ] 12/84: serde, syn, shop(bin \"shop\")...",
            count(12, 84),
        );
        check("    Building [=====>      ] 12/84", count(12, 84));
        check(
            "    Building [=====>      ] 5/4: no",
            Said::Step("Building [=====>      ] 5/4: no"),
        );
    }

    #[test]
    fn a_line_ends_where_the_bar_is_drawn_over() {
        let mut lines = Vec::new();
        let (mut stream, mut line) = (&b"a\n  b\r  c\r\nd"[..], Vec::new());
        while read_line(&mut stream, &mut line).unwrap() {
            lines.push(String::from_utf8(line.clone()).unwrap());
        }
        assert_eq!(lines, ["a", "  b", "  c", "", "d"]);
    }

    #[test]
    fn a_bar_taken_away_says_nothing() {
        check("                            ", Said::Step(""));
    }
}
