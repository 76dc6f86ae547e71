use std::ops::Range;

use crate::forms::FormLimits;
use crate::forms::multipart::delimiter::{Delimiter, Found, Tail};
use crate::forms::multipart::head::HeadReader;
use crate::forms::multipart::{MultipartError, PartHead};
use crate::http::ContentType;

/// Takes a multipart body apart, piece by piece, in time linear to its length.
///
/// It copies no data: what it tells lies in the pieces it is given. Only the bytes at a piece's
/// end that may begin a delimiter are kept until the next piece decides, a few hundred at most.
///
/// ```
/// # use devserve::forms::{FormLimits, multipart::{Decoder, Event}};
/// # use devserve::http::ContentType;
/// let content_type = ContentType::parse("multipart/form-data; boundary=x");
/// let mut decoder = Decoder::new(&content_type, &FormLimits::default())?;
/// let mut piece: &[u8] = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n";
/// assert!(matches!(decoder.next_event(&mut piece)?, Event::Part(head) if head.name == "a"));
/// assert!(matches!(decoder.next_event(&mut piece)?, Event::Data(b"1")));
/// assert!(matches!(decoder.next_event(&mut piece)?, Event::PartEnd));
/// assert!(matches!(decoder.next_event(&mut piece)?, Event::End));
/// # Ok::<(), devserve::forms::multipart::MultipartError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    state: State,
    delimiter: Delimiter,
    /// The end of the pieces so far, where it may begin a delimiter.
    held: Vec<u8>,
    /// What of `held` was told as data; it is thrown away when the next event is asked for.
    told: usize,
    /// How much of the body was taken, `held` included.
    taken: u64,
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
    Head(HeadReader),
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

/// What the decoder has found.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The piece is used up: it needs the next one, or [`finish`](Decoder::finish).
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

/// An [`Event`] that says where its data is and borrows nothing.
#[derive(Debug)]
pub(crate) enum Step {
    NeedData,
    Part(PartHead),
    /// Data that stands at `at` in the body.
    Data {
        place: Place,
        at: u64,
    },
    PartEnd,
    End,
}

/// Where a piece of data is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In what the decoder kept of earlier pieces.
    Held(Range<usize>),
    /// In the piece that was given.
    Piece(Range<usize>),
}

impl Decoder {
    /// A decoder for a body of this type.
    ///
    /// # Errors
    /// [`MultipartError`] where the boundary is missing, too long or not printable.
    pub fn new(content_type: &ContentType, limits: &FormLimits) -> Result<Self, MultipartError> {
        Ok(Self {
            state: State::Data {
                kind: Kind::Preamble,
                fresh: true,
            },
            delimiter: Delimiter::new(content_type.param("boundary").unwrap_or(""))?,
            held: Vec::new(),
            told: 0,
            taken: 0,
            is_finished: false,
            parts: 0,
            limits: *limits,
        })
    }

    /// Tells the decoder that the body ends with the piece it is given next, which may be empty.
    pub fn finish(&mut self) {
        self.is_finished = true;
    }

    /// How many bytes of the body were understood: where an error is.
    pub fn position(&self) -> u64 {
        self.taken - (self.held.len() - self.told) as u64
    }

    /// How many parts have begun.
    pub fn parts(&self) -> usize {
        self.parts
    }

    /// The next thing in `piece`, which is moved on past what was understood. Give it again
    /// until the answer is [`Event::NeedData`].
    ///
    /// # Errors
    /// [`MultipartError`]; the decoder is of no use after it.
    pub fn next_event<'a, 'piece: 'a>(
        &'a mut self,
        piece: &mut &'piece [u8],
    ) -> Result<Event<'a>, MultipartError> {
        let given = *piece;
        let (step, used) = self.step(given)?;
        *piece = &given[used..];
        Ok(match step {
            Step::NeedData => Event::NeedData,
            Step::Part(head) => Event::Part(head),
            Step::Data {
                place: Place::Held(range),
                ..
            } => Event::Data(&self.held[range]),
            Step::Data {
                place: Place::Piece(range),
                ..
            } => Event::Data(&given[range]),
            Step::PartEnd => Event::PartEnd,
            Step::End => Event::End,
        })
    }

    /// What [`Place::Held`] speaks of.
    pub(crate) fn held(&self) -> &[u8] {
        &self.held
    }

    /// The next thing in `piece`, and how much of it is used up.
    pub(crate) fn step(&mut self, piece: &[u8]) -> Result<(Step, usize), MultipartError> {
        let before = self.taken;
        let step = loop {
            let used = (self.taken - before) as usize;
            let progress = match self.state {
                State::Data { kind, fresh } => self.read_data(piece, used, kind, fresh)?,
                State::Head(_) => self.read_head(&piece[used..])?,
                State::PartEnd { then } => {
                    self.after_delimiter(then)?;
                    break Step::PartEnd;
                }
                State::Epilogue => {
                    self.taken = before + piece.len() as u64;
                    break Step::End;
                }
            };
            match progress {
                Progress::Told(step) => break step,
                Progress::Moved => {}
                Progress::Starved => break self.need_data()?,
            }
        };
        Ok((step, (self.taken - before) as usize))
    }

    fn read_head(&mut self, rest: &[u8]) -> Result<Progress, MultipartError> {
        let State::Head(head) = &mut self.state else {
            return Ok(Progress::Moved);
        };
        let begin = self.taken - head.bytes() as u64;
        let taken = head.take(rest, self.is_finished);
        // Where it broke, if it did.
        self.taken = begin + head.bytes() as u64;
        if !taken? {
            return Ok(Progress::Starved);
        }
        let head = head.parse()?;
        self.state = State::Data {
            kind: Kind::Part,
            fresh: true,
        };
        Ok(Progress::Told(Step::Part(head)))
    }

    /// Reads data from what is held and then from `piece`, of which `used` bytes are done with.
    fn read_data(
        &mut self,
        piece: &[u8],
        used: usize,
        kind: Kind,
        fresh: bool,
    ) -> Result<Progress, MultipartError> {
        self.held.drain(..self.told);
        self.told = 0;
        let at = self.position();
        let rest = &piece[used..];
        if rest.is_empty() && !self.is_finished {
            return Ok(Progress::Starved);
        }
        let held = self.held.len();
        // As much of the piece as decides about what is held; all else is searched where it is.
        let borrowed = match held {
            0 => 0,
            _ => rest.len().min(self.delimiter.reach()),
        };
        self.held.extend_from_slice(&rest[..borrowed]);
        let bytes = if held == 0 { rest } else { &self.held };
        let data = match self.delimiter.find(bytes, fresh, self.is_finished) {
            Found::Delimiter { data, next, tail } => {
                // One that ended among what was held would have been found before.
                self.taken += (next - held) as u64;
                self.held.truncate(data);
                match kind {
                    Kind::Preamble => self.after_delimiter(tail)?,
                    Kind::Part => self.state = State::PartEnd { then: tail },
                }
                data
            }
            Found::Nothing { .. } if self.is_finished => return Ok(Progress::Starved),
            Found::Nothing { safe } if held == 0 => {
                self.held.extend_from_slice(&rest[safe..]);
                self.taken += rest.len() as u64;
                safe
            }
            Found::Nothing { safe } if safe >= held => {
                self.held.truncate(held);
                held
            }
            Found::Nothing { safe } => {
                self.taken += borrowed as u64;
                safe
            }
        };
        if let State::Data { fresh, .. } = &mut self.state {
            *fresh &= data == 0;
        }
        let place = match held {
            0 => Place::Piece(used..used + data),
            _ => {
                self.told = data;
                Place::Held(0..data)
            }
        };
        Ok(match kind {
            Kind::Part if data > 0 => Progress::Told(Step::Data { place, at }),
            _ => Progress::Moved,
        })
    }

    fn need_data(&self) -> Result<Step, MultipartError> {
        if !self.is_finished {
            return Ok(Step::NeedData);
        }
        Err(match &self.state {
            State::Data {
                kind: Kind::Preamble,
                ..
            } => MultipartError::NoDelimiter {
                boundary: self.delimiter.boundary(),
            },
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
        self.state = State::Head(HeadReader::new(self.parts, &self.limits));
        Ok(())
    }
}

/// What came of a look at the bytes.
enum Progress {
    Told(Step),
    /// The state is another; look again.
    Moved,
    /// The bytes do not tell.
    Starved,
}
