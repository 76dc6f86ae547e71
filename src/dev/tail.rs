use std::collections::VecDeque;

/// How many lines are kept: about what a page shows without scrolling.
const LAST_LINES: usize = 40;
/// What one of those lines may hold at most.
const LINE_BYTES: usize = 2000;

/// The last lines of a stream.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    whole: VecDeque<Vec<u8>>,
    begun: Vec<u8>,
}

impl Tail {
    /// Adds what came, wherever it was cut.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n");
            let room = LINE_BYTES.saturating_sub(self.begun.len());
            let line = text.unwrap_or(piece);
            self.begun.extend_from_slice(&line[..line.len().min(room)]);
            if text.is_some() {
                self.whole.push_back(std::mem::take(&mut self.begun));
                if self.whole.len() > LAST_LINES {
                    self.whole.pop_front();
                }
            }
        }
    }

    /// The last lines, oldest first; the last one may have no end yet.
    pub(crate) fn lines(&self) -> Vec<String> {
        let begun = (!self.begun.is_empty()).then_some(&self.begun);
        let lines = self.whole.iter().chain(begun);
        let skipped = (self.whole.len() + usize::from(begun.is_some())).saturating_sub(LAST_LINES);
        lines
            .skip(skipped)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pieces: &[&str], want: &[&str]) {
        let mut tail = Tail::default();
        for piece in pieces {
            tail.push(piece.as_bytes());
        }
        assert_eq!(tail.lines(), want);
    }

    #[test]
    fn the_tail_keeps_lines_however_they_arrive() {
        check(&[], &[]);
        check(&["one\ntwo\n"], &["one", "two"]);
        check(&["on", "e\nt", "wo"], &["one", "two"]);
        check(&["one\n", "\n", "three"], &["one", "", "three"]);
    }

    #[test]
    fn the_tail_forgets_the_oldest_lines_and_the_ends_of_long_ones() {
        let many: String = (0..100).map(|number| format!("{number}\n")).collect();
        let mut tail = Tail::default();
        tail.push(many.as_bytes());
        tail.push("x".repeat(5000).as_bytes());
        let lines = tail.lines();
        assert_eq!(lines.len(), LAST_LINES);
        assert_eq!(lines[0], "61");
        assert_eq!(lines[LAST_LINES - 1].len(), LINE_BYTES);
    }
}
