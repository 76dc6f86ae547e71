use std::io::{self, BufRead, Read};

use crate::forms::multipart::{Decoder, PartHead, Step};
use crate::forms::source::Source;
use crate::forms::{FormError, FormLimits, Limit, LimitedStream};
use crate::http::{ContentType, HeaderMap};

/// The parts of a multipart form, one after the other, as they arrive.
///
/// For what is too large to wait for: each part is a reader, and what is not read of it is
/// passed over. [`Part::text`] holds a field in memory; a `Spool` puts a file aside.
///
/// ```
/// # use devserve::forms::{FormLimits, Parts};
/// # use devserve::http::ContentType;
/// # let body = b"--x\r\nContent-Disposition: form-data; name=\"log\"; filename=\"a\"\r\n\r\n1\n2\r\n--x--";
/// # let content_type = ContentType::parse("multipart/form-data; boundary=x");
/// use std::io::BufRead;
///
/// let mut parts = Parts::new(&body[..], &content_type, &FormLimits::default())?;
/// while let Some(part) = parts.next_part()? {
///     assert_eq!(part.name(), "log");
///     assert_eq!(part.lines().count(), 2);
/// }
/// # Ok::<(), devserve::forms::FormError>(())
/// ```
#[derive(Debug)]
pub struct Parts<R> {
    source: Source<R>,
    state: State,
    max_field_bytes: u64,
    field_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    BetweenParts,
    InPart,
    Ended,
}

impl<R: Read> Parts<R> {
    /// The parts of a body of this type.
    ///
    /// # Errors
    /// [`FormError`] where the type is not `multipart/form-data` or has no usable boundary.
    pub fn new(
        input: R,
        content_type: &ContentType,
        limits: &FormLimits,
    ) -> Result<Self, FormError> {
        if content_type.essence() != "multipart/form-data" {
            return Err(FormError::MediaType {
                media_type: content_type.essence().to_owned(),
            });
        }
        let decoder =
            Decoder::new(content_type, limits).map_err(|source| FormError::multipart(source, 0))?;
        let input = LimitedStream::with_maximum(input, limits.max_body_bytes);
        Ok(Self {
            source: Source::new(input, decoder),
            state: State::BetweenParts,
            max_field_bytes: limits.max_field_bytes,
            field_bytes: 0,
        })
    }

    /// The next part; `None` after the last. What follows that stays unread.
    ///
    /// # Errors
    /// [`FormError`], which says where the body is broken or which limit it passes.
    pub fn next_part(&mut self) -> Result<Option<Part<'_, R>>, FormError> {
        while self.state == State::InPart {
            self.next_data()?;
        }
        if self.state == State::Ended {
            return Ok(None);
        }
        match self.source.step()? {
            Step::Part(head) => {
                self.state = State::InPart;
                Ok(Some(Part { head, parts: self }))
            }
            _end => {
                self.state = State::Ended;
                Ok(None)
            }
        }
    }

    /// Moves on to the part's next data, or to its end.
    fn next_data(&mut self) -> Result<(), FormError> {
        if !matches!(self.source.step()?, Step::Data { .. }) {
            self.state = State::BetweenParts;
        }
        Ok(())
    }

    /// Counts a field's data, over the whole form.
    fn count_field_bytes(&mut self) -> Result<(), FormError> {
        let before = self.field_bytes;
        let max = self.max_field_bytes;
        self.field_bytes += self.source.data().len() as u64;
        match self.field_bytes > max {
            true => Err(FormError::TooLarge {
                limit: Limit::Fields,
                max,
                part: Some(self.source.parts()),
                at: Some(self.source.data_at() + (max - before)),
            }),
            false => Ok(()),
        }
    }
}

/// A part of a multipart form while it arrives: its head, and its data to be read.
///
/// The reader's errors are [`io::Error`]s around a [`FormError`] and answer as that does.
#[derive(Debug)]
pub struct Part<'a, R> {
    head: PartHead,
    parts: &'a mut Parts<R>,
}

impl<R: Read> Part<'_, R> {
    /// The field's name.
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// The file's name as sent; `None` for a field.
    ///
    /// Anything may stand in it: give it to [`secure_filename`](crate::security::secure_filename)
    /// before a disk sees it.
    pub fn filename(&self) -> Option<&str> {
        self.head.filename.as_deref()
    }

    /// The media type the client claims.
    pub fn content_type(&self) -> Option<&str> {
        self.head.content_type.as_deref()
    }

    /// All header fields of the part.
    pub fn headers(&self) -> HeaderMap {
        self.head.headers()
    }

    /// Whether the part is a file.
    pub fn is_file(&self) -> bool {
        self.head.is_file()
    }

    /// The next piece of the part's data, of the size it arrived in; `None` at its end.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn chunk(&mut self) -> Result<Option<&[u8]>, FormError> {
        Ok(match self.fill()? {
            true => Some(self.parts.source.take_data()),
            false => None,
        })
    }

    /// The rest of the part as text, decoded as its Content-Type says, else as UTF-8.
    ///
    /// # Errors
    /// [`FormError`]; the text counts towards
    /// [`max_field_bytes`](FormLimits::max_field_bytes).
    pub fn text(self) -> Result<String, FormError> {
        self.into_field().map(|(_, text)| text)
    }

    /// What the part says about itself; its data is passed over.
    pub fn into_head(self) -> PartHead {
        self.head
    }

    /// The part's name, and the rest of it as [`text`](Self::text).
    pub(super) fn into_field(mut self) -> Result<(String, String), FormError> {
        let mut bytes = Vec::new();
        while self.fill()? {
            self.parts.count_field_bytes()?;
            bytes.extend_from_slice(self.parts.source.take_data());
        }
        let text = self.head.decode_owned(bytes);
        Ok((self.head.name, text))
    }

    /// Makes sure that there is data to take; `false` at the part's end.
    fn fill(&mut self) -> Result<bool, FormError> {
        while self.parts.source.data().is_empty() && self.parts.state == State::InPart {
            self.parts.next_data()?;
        }
        Ok(!self.parts.source.data().is_empty())
    }
}

impl<R: Read> Read for Part<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Part<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fill()?;
        Ok(self.parts.source.data())
    }

    fn consume(&mut self, count: usize) {
        self.parts.source.took(count);
    }
}
