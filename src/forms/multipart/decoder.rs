use memchr::memmem::Finder;

use crate::forms::FormLimits;
use crate::forms::multipart::head::{HeaderLines, line_break};
use crate::forms::multipart::{MultipartError, PartHead};
use crate::http::ContentType;

/// White space after a delimiter is allowed (RFC 2046 §5.1.1); more than this is data, so that
/// the wait for its end is bounded.
const MAX_PADDING: usize = 128;

/// Takes a multipart body apart, piece by piece, in time linear to its length.
///
/// ```
/// # use devserve::forms::{FormLimits, multipart::{Decoder, Event}};
/// # use devserve::http::ContentType;
/// let content_type = ContentType::parse("multipart/form-data; boundary=x");
/// let mut decoder = Decoder::new(&content_type, &FormLimits::default())?;
/// decoder.push(b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--");
/// decoder.finish();
/// assert!(matches!(decoder.next_event()?, Event::Part(head) if head.name == "a"));
/// assert!(matches!(decoder.next_event()?, Event::Data(b"1")));
/// assert!(matches!(decoder.next_event()?, Event::PartEnd));
/// assert!(matches!(decoder.next_event()?, Event::End));
/// # Ok::<(), devserve::forms::multipart::MultipartError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    state: State,
    /// `--boundary`, ready to be looked for.
    delimiter: Finder<'static>,
    buf: Vec<u8>,
    /// What of `buf` is done with; it is thrown away at the next push.
    start: usize,
    /// Where `buf` begins in the body.
    offset: u64,
    is_finished: bool,
    parts: usize,
    limits: FormLimits,
}

#[derive(Debug)]
enum State {
    /// Before the first delimiter, or in a part's data. `fresh`: nothing of it was consumed, so
    /// a delimiter needs no line break before it.
    Data {
        kind: Kind,
        fresh: bool,
    },
    Header(HeaderLines),
    /// A part's data ended; its successor, or the end, comes after this is told.
    PartEnd {
        then: Tail,
    },
    Epilogue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Preamble,
    Part,
}

/// What follows `--boundary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    Next,
    Close,
}

enum Found {
    /// A delimiter: the data before it ends at `data`, what follows it begins at `next`.
    Delimiter {
        data: usize,
        next: usize,
        tail: Tail,
    },
    /// This many bytes are data for sure; what follows them may be a delimiter.
    Nothing { safe: usize },
}

/// What the decoder has found.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// It needs another [`push`](Decoder::push), or [`finish`](Decoder::finish).
    NeedData,
    /// A part begins.
    Part(PartHead),
    /// A piece of the part's data, never empty.
    Data(&'a [u8]),
    /// The part is complete.
    PartEnd,
    /// The form is complete. What may follow is ignored.
    End,
}

impl Decoder {
    /// A decoder for a body of this type.
    ///
    /// # Errors
    /// [`MultipartError`] where the boundary is missing or too long.
    pub fn new(content_type: &ContentType, limits: &FormLimits) -> Result<Self, MultipartError> {
        let boundary = content_type.param("boundary").unwrap_or("");
        match boundary.len() {
            0 => return Err(MultipartError::NoBoundary),
            1..=70 => {}
            length => return Err(MultipartError::LongBoundary { length }),
        }
        Ok(Self {
            state: State::Data {
                kind: Kind::Preamble,
                fresh: true,
            },
            delimiter: Finder::new(&format!("--{boundary}")).into_owned(),
            buf: Vec::new(),
            start: 0,
            offset: 0,
            is_finished: false,
            parts: 0,
            limits: *limits,
        })
    }

    /// Gives the decoder the next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buf.drain(..self.start);
        self.offset += self.start as u64;
        self.start = 0;
        self.buf.extend_from_slice(bytes);
    }

    /// Tells the decoder that the body has ended.
    pub fn finish(&mut self) {
        self.is_finished = true;
    }

    /// How many bytes of the body were understood: where an error is.
    pub fn position(&self) -> u64 {
        self.offset + self.start as u64
    }

    /// The next thing in the bytes pushed so far.
    ///
    /// # Errors
    /// [`MultipartError`]; the decoder is of no use after it.
    pub fn next_event(&mut self) -> Result<Event<'_>, MultipartError> {
        loop {
            match &mut self.state {
                State::Epilogue => {
                    self.start = self.buf.len();
                    return Ok(Event::End);
                }
                State::PartEnd { then } => {
                    let then = *then;
                    self.after_delimiter(then)?;
                    return Ok(Event::PartEnd);
                }
                State::Header(header) => {
                    let pending = &self.buf[self.start..];
                    let Some(line) = header.read_line(pending, self.is_finished)? else {
                        return self.need_data();
                    };
                    self.start += line.consumed;
                    if line.is_blank {
                        let head = header.parse()?;
                        self.state = State::Data {
                            kind: Kind::Part,
                            fresh: true,
                        };
                        return Ok(Event::Part(head));
                    }
                }
                State::Data { kind, fresh } => {
                    let (kind, fresh) = (*kind, *fresh);
                    let begin = self.start;
                    let length = match self.find_delimiter(fresh) {
                        Found::Delimiter { data, next, tail } => {
                            self.start += next;
                            match kind {
                                Kind::Preamble => self.after_delimiter(tail)?,
                                Kind::Part => self.state = State::PartEnd { then: tail },
                            }
                            data
                        }
                        Found::Nothing { safe: 0 } => return self.need_data(),
                        Found::Nothing { safe } => {
                            self.start += safe;
                            self.state = State::Data { kind, fresh: false };
                            safe
                        }
                    };
                    if kind == Kind::Part && length > 0 {
                        return Ok(Event::Data(&self.buf[begin..begin + length]));
                    }
                }
            }
        }
    }

    fn need_data(&self) -> Result<Event<'static>, MultipartError> {
        if !self.is_finished {
            return Ok(Event::NeedData);
        }
        Err(match &self.state {
            State::Data {
                kind: Kind::Preamble,
                ..
            } => {
                let delimiter = String::from_utf8_lossy(self.delimiter.needle());
                MultipartError::NoDelimiter {
                    boundary: delimiter[2..].to_owned(),
                }
            }
            _inside_a_part => MultipartError::Truncated { part: self.parts },
        })
    }

    fn after_delimiter(&mut self, tail: Tail) -> Result<(), MultipartError> {
        if tail == Tail::Close {
            self.state = State::Epilogue;
            return Ok(());
        }
        if self.parts == self.limits.max_parts {
            return Err(MultipartError::PartCount { max: self.parts });
        }
        self.parts += 1;
        self.state = State::Header(HeaderLines::new(self.parts, self.limits.max_header_bytes));
        Ok(())
    }

    fn find_delimiter(&self, fresh: bool) -> Found {
        let pending = &self.buf[self.start..];
        let length = self.delimiter.needle().len();
        let mut from = 0;
        while let Some(at) = self.delimiter.find(&pending[from..]).map(|at| from + at) {
            from = at + 1;
            let Some(data) = end_of_data(pending, at, fresh) else {
                continue;
            };
            match self.tail(&pending[at + length..]) {
                Ok(Some((tail, skip))) => {
                    return Found::Delimiter {
                        data,
                        next: at + length + skip,
                        tail,
                    };
                }
                Ok(None) => {}
                Err(Incomplete) => return Found::Nothing { safe: data },
            }
        }
        if self.is_finished {
            return Found::Nothing { safe: 0 };
        }
        // A line break and all but the last byte of the delimiter may be waiting at the end.
        Found::Nothing {
            safe: pending.len().saturating_sub(length + 1),
        }
    }

    /// What stands after `--boundary`, and its length; `None` where it makes the whole no
    /// delimiter but data that looks like one.
    fn tail(&self, text: &[u8]) -> Result<Option<(Tail, usize)>, Incomplete> {
        let (tail, dashes) = match text {
            [b'-', b'-', ..] => (Tail::Close, 2),
            [b'-'] | [] if !self.is_finished => return Err(Incomplete),
            _ => (Tail::Next, 0),
        };
        let rest = &text[dashes..];
        let padding = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        if padding > MAX_PADDING {
            return Ok(None);
        }
        match &rest[padding..] {
            [] if !self.is_finished => Err(Incomplete),
            [] => Ok((tail == Tail::Close).then_some((tail, dashes + padding))),
            end @ [b'\r' | b'\n', ..] => match line_break(end, self.is_finished) {
                Some(length) => Ok(Some((tail, dashes + padding + length))),
                None => Err(Incomplete),
            },
            _data => Ok(None),
        }
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
