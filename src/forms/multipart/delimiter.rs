use memchr::memmem::Finder;

use crate::forms::multipart::MultipartError;

/// White space after a delimiter is allowed (RFC 2046 §5.1.1); more than this is data, so that
/// the wait for its end is bounded.
const MAX_PADDING: usize = 128;

/// The line between two parts, ready to be looked for.
///
/// It is a line break, `--boundary`, `--` where it is the last, padding, and a line break.
#[derive(Debug)]
pub(super) struct Delimiter {
    // Invariant: no line break in it. What is no delimiter is passed over whole because of that.
    needle: Finder<'static>,
}

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
        Ok(Self {
            needle: Finder::new(&format!("--{boundary}")).into_owned(),
        })
    }

    pub(super) fn boundary(&self) -> String {
        String::from_utf8_lossy(&self.needle.needle()[2..]).into_owned()
    }

    /// So many bytes decide whether they begin with a delimiter.
    pub(super) fn reach(&self) -> usize {
        let line_breaks = 4;
        self.needle.needle().len() + line_breaks + "--".len() + MAX_PADDING
    }

    /// Looks for the first delimiter. `fresh`: the data begins with `bytes`, so a delimiter
    /// there needs no line break before it.
    pub(super) fn find(&self, bytes: &[u8], fresh: bool, is_finished: bool) -> Found {
        let length = self.needle.needle().len();
        let mut from = 0;
        while let Some(at) = self.needle.find(&bytes[from..]).map(|at| from + at) {
            from = at + length;
            let Some(data) = end_of_data(bytes, at, fresh) else {
                continue;
            };
            match tail(&bytes[from..], is_finished) {
                Ok(Some((tail, skip))) => {
                    return Found::Delimiter {
                        data,
                        next: from + skip,
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

    /// Where the last bytes may begin a delimiter; the end of `bytes` where they do not.
    fn undecided(&self, bytes: &[u8], fresh: bool) -> usize {
        let needle = self.needle.needle();
        if fresh && needle.starts_with(bytes) {
            return 0;
        }
        // A line break and all of the delimiter but its last byte.
        let window = bytes.len().saturating_sub(needle.len() + 1);
        memchr::memchr2_iter(b'\r', b'\n', &bytes[window..])
            .map(|at| window + at)
            .find(|&at| {
                let line = match &bytes[at..] {
                    [b'\r', b'\n', line @ ..] | [_, line @ ..] => line,
                    [] => &[],
                };
                needle.starts_with(line)
            })
            .unwrap_or(bytes.len())
    }
}

/// The bytes so far do not tell.
struct Incomplete;

/// Where the data before a delimiter at `at` ends: before the line break that belongs to the
/// delimiter. `None` where there is no line break, and so no delimiter.
fn end_of_data(bytes: &[u8], at: usize, fresh: bool) -> Option<usize> {
    match &bytes[..at] {
        [] if fresh => Some(0),
        [.., b'\r', b'\n'] => Some(at - 2),
        [.., b'\r' | b'\n'] => Some(at - 1),
        _ => None,
    }
}

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
