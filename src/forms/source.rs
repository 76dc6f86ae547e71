use std::io::Read;

use crate::forms::body::read_some;
use crate::forms::multipart::{Decoder, MultipartError, Place, Step};
use crate::forms::{FormError, LimitedStream};

/// How much is read at once.
const PIECE: usize = 64 << 10;

/// A decoder with a stream before it.
#[derive(Debug)]
pub(super) struct Source<R> {
    input: LimitedStream<R>,
    decoder: Decoder,
    /// The piece that was read last.
    piece: Vec<u8>,
    /// What of it is not decoded yet.
    start: usize,
    end: usize,
    /// What was decoded as data and not taken yet.
    data: Place,
    /// Where in the body that stands.
    data_at: u64,
}

impl<R: Read> Source<R> {
    pub(super) fn new(input: LimitedStream<R>, decoder: Decoder) -> Self {
        Self {
            input,
            decoder,
            piece: Vec::new(),
            start: 0,
            end: 0,
            data: Place::Held(0..0),
            data_at: 0,
        }
    }

    /// The next thing in the stream, which is never [`Step::NeedData`]. Data that was not taken
    /// is gone.
    pub(super) fn step(&mut self) -> Result<Step, FormError> {
        self.data = Place::Held(0..0);
        loop {
            let step = self.decoder.step(&self.piece[self.start..self.end]);
            let (step, used) = step.map_err(|source| self.broken(source))?;
            let begin = self.start;
            self.start += used;
            match &step {
                Step::NeedData => self.read_piece()?,
                Step::Data { place, at } => {
                    self.data_at = *at;
                    self.data = match place.clone() {
                        Place::Piece(range) => Place::Piece(begin + range.start..begin + range.end),
                        held => held,
                    };
                    return Ok(step);
                }
                _ => return Ok(step), // without data
            }
        }
    }

    fn read_piece(&mut self) -> Result<(), FormError> {
        self.piece.resize(PIECE, 0);
        self.start = 0;
        self.end = read_some(&mut self.input, &mut self.piece)?;
        if self.end == 0 {
            self.decoder.finish();
        }
        Ok(())
    }

    /// The data that was decoded and not taken yet.
    pub(super) fn data(&self) -> &[u8] {
        self.at(&self.data)
    }

    /// All of [`data`](Self::data), which is taken.
    pub(super) fn take_data(&mut self) -> &[u8] {
        let place = std::mem::replace(&mut self.data, Place::Held(0..0));
        self.at(&place)
    }

    /// Takes the first `count` bytes of [`data`](Self::data).
    pub(super) fn took(&mut self, count: usize) {
        let (Place::Held(range) | Place::Piece(range)) = &mut self.data;
        range.start = range.end.min(range.start + count);
    }

    fn at(&self, place: &Place) -> &[u8] {
        match place {
            Place::Held(range) => &self.decoder.held()[range.clone()],
            Place::Piece(range) => &self.piece[range.clone()],
        }
    }

    /// How many parts have begun.
    pub(super) fn parts(&self) -> usize {
        self.decoder.parts()
    }

    /// Where in the body the data begins that was decoded last.
    pub(super) fn data_at(&self) -> u64 {
        self.data_at
    }

    fn broken(&self, source: MultipartError) -> FormError {
        FormError::multipart(source, self.decoder.position())
    }
}
