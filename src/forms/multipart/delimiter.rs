use memchr::memmem::Finder;
use memchr::memrchr2;

use crate::forms::multipart::MultipartError;

/// White space after a delimiter is allowed (RFC 2046 §5.1.1); more than this is data, so that
/// the wait for its end is bounded.
const MAX_PADDING: usize = 128;

/// The line between two parts, ready to be looked for.
///
/// It is a line break, `--boundary`, `--` where it is the last, padding, and a line break.
// There is no line break in `--boundary`, and one before it. So wherever a piece of it occurs,
// it is the line around that which is a delimiter or is not, and a search can go on behind the
// piece: no byte is looked at more than a few times, whatever the bytes are.
#[derive(Debug)]
pub(super) struct Delimiter {
    /// `--boundary`.
    line: Vec<u8>,
    /// Its end: what tells boundaries apart, and short enough for memchr's fastest search.
    end: Finder<'static>,
}

/// memchr looks for longer needles with an algorithm that has more to set up.
const MAX_NEEDLE: usize = 16;

/// What follows `--boundary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    Next,
    Close,
}

#[derive(Debug)]
pub(super) enum Found {
    /// A delimiter: the data before it ends at `data`, what follows it begins at `next`.
    Delimiter {
        data: usize,
        next: usize,
        tail: Tail,
    },
    /// This many bytes are data for sure; what follows them may be a delimiter.
    Nothing { safe: usize },
}

impl Delimiter {
    pub(super) fn new(boundary: &str) -> Result<Self, MultipartError> {
        match boundary.len() {
            0 => return Err(MultipartError::NoBoundary),
            1..=70 => {}
            length => return Err(MultipartError::LongBoundary { length }),
        }
        if boundary.contains(char::is_control) {
            let boundary = boundary.to_owned();
            return Err(MultipartError::BadBoundary { boundary });
        }
        let line = format!("--{boundary}").into_bytes();
        let end = &line[line.len().saturating_sub(MAX_NEEDLE)..];
        Ok(Self {
            end: Finder::new(end).into_owned(),
            line,
        })
    }

    pub(super) fn boundary(&self) -> String {
        String::from_utf8_lossy(&self.line[2..]).into_owned()
    }

    /// So many bytes decide whether they begin with a delimiter.
    pub(super) fn reach(&self) -> usize {
        let line_breaks = 4;
        self.line.len() + line_breaks + "--".len() + MAX_PADDING
    }

    /// Looks for the first delimiter. `fresh`: the data begins with `bytes`, so a delimiter
    /// there needs no line break before it.
    pub(super) fn find(&self, bytes: &[u8], fresh: bool, is_finished: bool) -> Found {
        let mut from = 0;
        while let Some(found) = self.end.find(&bytes[from..]).map(|at| from + at) {
            from = found + self.end.needle().len();
            let Some((data, line)) = self.line_around(bytes, found, fresh) else {
                continue;
            };
            let after = line + self.line.len();
            match tail(&bytes[after..], is_finished) {
                Ok(Some((tail, skip))) => {
                    return Found::Delimiter {
                        data,
                        next: after + skip,
                        tail,
                    };
                }
                Ok(None) => {}
                Err(Incomplete) => return Found::Nothing { safe: data },
            }
        }
        let safe = match is_finished {
            true => 0, // nobody asks for data without an end
            false => self.undecided(bytes, fresh),
        };
        Found::Nothing { safe }
    }

    /// Where the data ends and the line begins, if the line around `found` begins as a delimiter.
    ///
    /// Only the first find in a line need be right; by then the line is judged.
    fn line_around(&self, bytes: &[u8], found: usize, fresh: bool) -> Option<(usize, usize)> {
        let start = self.line.len() - self.end.needle().len();
        let line = match found.checked_sub(start) {
            Some(line) if bytes[line..found] == self.line[..start] => line,
            // The end may occur within the line more than once, before its place too.
            _ => {
                let earliest = found.saturating_sub(self.line.len());
                let line_break = memrchr2(b'\r', b'\n', &bytes[earliest..found]);
                let line = line_break.map_or(earliest, |at| earliest + at + 1);
                bytes[line..].starts_with(&self.line).then_some(line)?
            }
        };
        match &bytes[..line] {
            [] if fresh => Some((0, 0)),
            [data @ .., b'\r', b'\n'] | [data @ .., b'\r' | b'\n'] => Some((data.len(), line)),
            _ => None,
        }
    }

    /// Where the last bytes may begin a delimiter; the end of `bytes` where they do not.
    fn undecided(&self, bytes: &[u8], fresh: bool) -> usize {
        if fresh && self.line.starts_with(bytes) {
            return 0;
        }
        // A delimiter but for its last byte, and its line break.
        let earliest = bytes.len().saturating_sub(self.line.len());
        let Some(at) = memrchr2(b'\r', b'\n', &bytes[earliest..]) else {
            return bytes.len();
        };
        let (before, line) = bytes.split_at(earliest + at + 1);
        match before {
            _ if !self.line.starts_with(line) => bytes.len(),
            [data @ .., b'\r', b'\n'] | [data @ .., _] => data.len(),
            [] => 0,
        }
    }
}

/// The bytes so far do not tell.
struct Incomplete;

/// What stands after `--boundary`, and its length; `None` where it makes the whole no delimiter
/// but data that looks like one.
fn tail(text: &[u8], is_finished: bool) -> Result<Option<(Tail, usize)>, Incomplete> {
    let (tail, dashes) = match text {
        [b'-', b'-', ..] => (Tail::Close, 2),
        [b'-'] | [] if !is_finished => return Err(Incomplete),
        _ => (Tail::Next, 0),
    };
    let rest = &text[dashes..];
    let padding = rest
        .iter()
        .take(MAX_PADDING + 1)
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    let found = |end| Ok(Some((tail, dashes + padding + end)));
    match &rest[padding..] {
        _ if padding > MAX_PADDING => Ok(None),
        [] | [b'\r'] if !is_finished => Err(Incomplete),
        [b'\r', b'\n', ..] => found(2),
        [b'\r' | b'\n', ..] => found(1),
        [] if tail == Tail::Close => found(0),
        _data => Ok(None),
    }
}
