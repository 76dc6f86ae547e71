use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::{Bound, RangeBounds};
use std::panic::{self, AssertUnwindSafe};
use std::thread;

use bytes::Bytes;

use crate::wsgi::part::{Cut, ReadSeek, Seekable};
use crate::wsgi::{Error, Result, Upgraded};

mod chunks;

pub use chunks::Chunks;

/// What a reader, a file and a buffered writer pass on at once.
const CHUNK_BYTES: usize = 64 << 10;

/// The body of an answer: bytes at hand, or chunks that are made while they are sent.
///
/// A server sends each chunk before it asks for the next. Dropping the body is WSGI's
/// `close()`: hooks run exactly once, after the last chunk, after an error, or when the other
/// side has gone.
pub struct Body {
    // Chunks that are already there and go before what `kind` gives.
    ahead: VecDeque<Bytes>,
    // Dropped before `close`, so that a hook sees the chunks' own clean-up done.
    kind: Kind,
    close: Close,
}

enum Kind {
    Empty,
    Bytes(Bytes),
    Chunks(Box<dyn Iterator<Item = Result<Bytes>> + Send>),
    Reader {
        reader: Box<dyn Read + Send>,
        left: Option<u64>,
    },
    File {
        file: File,
        left: u64,
    },
    Part {
        source: Box<Kind>,
        cut: Cut,
    },
    Writer(Box<Produce>),
    Upgrade(Box<TakeOver>),
}

type TakeOver = dyn FnOnce(Upgraded) + Send;
type Produce = dyn FnOnce(&mut BodyWriter<'_>) -> Result<()> + Send;

/// Takes one chunk, which is never empty.
pub(crate) type Sink<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

impl Body {
    /// No bytes.
    pub fn empty() -> Self {
        Kind::Empty.into()
    }

    /// Chunks of unknown number, each on the wire before the next is asked for. An `Err`
    /// before the first byte makes a clean 500; a later one ends the connection, so that the
    /// other side notices.
    pub fn chunks<C>(chunks: impl IntoIterator<Item = Result<C>, IntoIter: Send + 'static>) -> Self
    where
        C: Into<Bytes> + 'static,
    {
        Kind::Chunks(Box::new(
            chunks.into_iter().map(|chunk| chunk.map(Into::into)),
        ))
        .into()
    }

    /// All that `reader` gives, in chunks as it gives them (64 KiB at most).
    pub fn reader(reader: impl Read + Send + 'static) -> Self {
        Kind::Reader {
            reader: Box::new(reader),
            left: None,
        }
        .into()
    }

    /// The next `len` bytes of `reader`; an error if it ends before.
    pub fn sized_reader(reader: impl Read + Send + 'static, len: u64) -> Self {
        Kind::Reader {
            reader: Box::new(reader),
            left: Some(len),
        }
        .into()
    }

    /// The rest of `file` from where it stands: `wsgi.file_wrapper`.
    ///
    /// # Errors
    /// What the system says when asked for the file's length or place.
    pub fn file(mut file: File) -> io::Result<Self> {
        let left = file
            .metadata()?
            .len()
            .saturating_sub(file.stream_position()?);
        Ok(Kind::File { file, left }.into())
    }

    /// What `produce` writes: a chunk at each flush, or at 64 KiB.
    ///
    /// ```
    /// # use devserve::wsgi::Body;
    /// # use std::io::Write;
    /// let body = Body::writer(|out| {
    ///     for step in 1..=3 {
    ///         writeln!(out, "step {step}")?;
    ///         out.flush()?;
    ///     }
    ///     Ok(())
    /// });
    /// # assert_eq!(body.collect()?, "step 1\nstep 2\nstep 3\n");
    /// # Ok::<(), devserve::wsgi::Error>(())
    /// ```
    pub fn writer(
        produce: impl FnOnce(&mut BodyWriter<'_>) -> Result<()> + Send + 'static,
    ) -> Self {
        Kind::Writer(Box::new(produce)).into()
    }

    /// No bytes: behind a 101 head the connection leaves HTTP, and `take_over` gets it, on the
    /// request's own thread. It ends when that returns.
    ///
    /// The head is the app's: 101, with the `Upgrade` field. Where the client has not asked to
    /// leave HTTP (RFC 9110 §7.8), that is an error of the app.
    pub fn upgrade(take_over: impl FnOnce(Upgraded) + Send + 'static) -> Self {
        Kind::Upgrade(Box::new(take_over)).into()
    }

    /// Who takes the connection over, if this body is that.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "servers ask"))]
    pub(crate) fn take_upgrade(&mut self) -> Option<Box<TakeOver>> {
        match std::mem::replace(&mut self.kind, Kind::Empty) {
            Kind::Upgrade(take_over) => Some(take_over),
            other => {
                self.kind = other;
                None
            }
        }
    }

    /// Runs `hook` once, when the body is done with, however it ends.
    #[must_use]
    pub fn on_close(mut self, hook: impl FnOnce() + Send + 'static) -> Self {
        self.close.0.push(Box::new(hook));
        self
    }

    /// Takes the hooks out; they run when what is returned is dropped. For whoever has to end
    /// something first that outlives the chunks.
    pub(crate) fn take_close(&mut self) -> Close {
        std::mem::take(&mut self.close)
    }

    /// With another body's hooks, for a body that stands in for it.
    pub(crate) fn with_close(self, close: Close) -> Self {
        Self { close, ..self }
    }

    /// Passes every chunk through `change`. The length is no longer known.
    #[must_use]
    pub fn map_chunks(
        mut self,
        mut change: impl FnMut(&[u8]) -> Result<Bytes> + Send + 'static,
    ) -> Self {
        let close = self.take_close();
        let changed = Self::writer(move |out| {
            self.send(&mut |chunk| {
                out.write_all(&change(chunk)?)?;
                out.flush()?;
                Ok(())
            })
        });
        changed.with_close(close)
    }

    /// Makes every chunk while what `enter` returns is held, on the thread that asks for it. Bytes
    /// and files are there already and stay as they are; of others the length is no longer known.
    ///
    /// ```
    /// # use devserve::wsgi::Body;
    /// # use std::sync::Mutex;
    /// static DATABASE: Mutex<u8> = Mutex::new(0);
    /// let body = Body::chunks(["a", "b"].map(Ok)).within(|| DATABASE.lock());
    /// # assert_eq!(body.collect()?, "ab");
    /// # Ok::<(), devserve::wsgi::Error>(())
    /// ```
    #[must_use]
    pub fn within<G>(mut self, enter: impl Fn() -> G + Send + 'static) -> Self {
        self.kind = match self.kind {
            kind @ (Kind::Empty | Kind::Bytes(_) | Kind::File { .. }) => kind,
            Kind::Writer(produce) => Kind::Writer(Box::new(move |out| {
                let _held = enter();
                produce(out)
            })),
            Kind::Upgrade(take_over) => Kind::Upgrade(Box::new(move |connection| {
                let _held = enter();
                take_over(connection);
            })),
            mut kind @ (Kind::Chunks(_) | Kind::Reader { .. } | Kind::Part { .. }) => {
                Kind::Chunks(Box::new(std::iter::from_fn(move || {
                    let _held = enter();
                    kind.pull().transpose()
                })))
            }
        };
        self
    }

    /// The part of these bytes that is in `range`; less where there is less. Bytes and files go
    /// there at once; of what is made on the way the rest is made and left out, and nothing is
    /// made beyond the end. Only a [`writer`](Self::writer) cannot be stopped.
    ///
    /// ```
    /// # use devserve::wsgi::Body;
    /// let body = Body::chunks(["Hello", " ", "World"].map(Ok));
    /// assert_eq!(body.range(3..8)?.collect()?, "lo Wo");
    /// # Ok::<(), devserve::wsgi::Error>(())
    /// ```
    ///
    /// # Errors
    /// What the system says when a file cannot be read from there.
    pub fn range(mut self, range: impl RangeBounds<u64>) -> io::Result<Self> {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(last) => last.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => u64::MAX,
        };
        let mut cut = Cut {
            skip: start,
            left: end.saturating_sub(start),
        };
        self.ahead = std::mem::take(&mut self.ahead)
            .into_iter()
            .map(|chunk| cut.apply(chunk))
            .filter(|chunk| !chunk.is_empty())
            .collect();
        self.kind = self.kind.part(cut)?;
        Ok(self)
    }

    /// The bytes or the file this body is, to be read from any place, its beginning at 0.
    /// Anything else is given back.
    pub(crate) fn into_seekable(mut self) -> Result<Seekable, Self> {
        if !self.ahead.is_empty() {
            return Err(self);
        }
        let (source, base, len): (Box<dyn ReadSeek>, _, _) =
            match std::mem::replace(&mut self.kind, Kind::Empty) {
                Kind::Bytes(bytes) => {
                    let len = bytes.len() as u64;
                    (Box::new(io::Cursor::new(bytes)), 0, len)
                }
                Kind::File { mut file, left } => match file.stream_position() {
                    Ok(base) => (Box::new(file), base, left),
                    Err(_) => {
                        self.kind = Kind::File { file, left };
                        return Err(self);
                    }
                },
                other => {
                    self.kind = other;
                    return Err(self);
                }
            };
        Ok(Seekable::new(source, base, len, self.take_close()))
    }

    /// How many bytes there will be, where that is known.
    pub fn len(&self) -> Option<u64> {
        let ahead: u64 = self.ahead.iter().map(|chunk| chunk.len() as u64).sum();
        self.kind.len().map(|rest| ahead + rest)
    }

    /// Whether it is known that there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// All bytes, where they are at hand in one piece.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Empty if self.ahead.is_empty() => Some(&[]),
            Kind::Bytes(bytes) if self.ahead.is_empty() => Some(bytes),
            _ => None, // made on the way, or in several pieces
        }
    }

    /// The file this body is, and how much of it is to come, for a server that can send it
    /// without reading it: it takes off what it has sent.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "servers ask"))]
    pub(crate) fn as_file(&mut self) -> Option<(&File, &mut u64)> {
        match &mut self.kind {
            Kind::File { file, left } if self.ahead.is_empty() => Some((file, left)),
            _ => None, // made on the way, or begun already
        }
    }

    /// Makes the first chunk now, so that what fails at once fails before the head is sent.
    /// A [`writer`](Self::writer) cannot be stopped half-way and is left as it is, and so is a
    /// [`file`](Self::file), which is there.
    ///
    /// # Errors
    /// What making the first chunk reports.
    pub fn prime(&mut self) -> Result<()> {
        if !self.ahead.is_empty() || matches!(self.kind, Kind::Writer(_) | Kind::File { .. }) {
            return Ok(());
        }
        if self.as_bytes().is_none()
            && let Some(chunk) = self.kind.pull()?
        {
            self.ahead.push_back(chunk);
        }
        Ok(())
    }

    /// Gives every chunk to `sink`, in order, each before the next is made. No chunk is empty.
    ///
    /// # Errors
    /// The first error of the body or of `sink`.
    pub fn send(mut self, sink: &mut (dyn FnMut(&[u8]) -> Result<()> + '_)) -> Result<()> {
        for chunk in std::mem::take(&mut self.ahead) {
            sink(&chunk)?;
        }
        if let Kind::Writer(_) = self.kind {
            let Kind::Writer(produce) = std::mem::replace(&mut self.kind, Kind::Empty) else {
                unreachable!("it was a writer a line above");
            };
            let mut writer = BodyWriter {
                sink,
                buffer: Vec::new(),
                failed: None,
            };
            return match produce(&mut writer) {
                // What the sink reported says more than what the producer made of it, or that it
                // made nothing of it.
                Err(error) => Err(writer.failed.take().unwrap_or(error)),
                Ok(()) => writer
                    .failed
                    .take()
                    .map_or_else(|| writer.send_buffer(), Err),
            };
        }
        while let Some(chunk) = self.kind.pull()? {
            sink(&chunk)?;
        }
        Ok(())
    }

    /// All bytes in memory.
    ///
    /// # Errors
    /// What making them reports.
    pub fn collect(self) -> Result<Bytes> {
        let mut bytes = Vec::new();
        self.send(&mut |chunk| {
            bytes.extend_from_slice(chunk);
            Ok(())
        })?;
        Ok(bytes.into())
    }

    /// These chunks, then this body.
    pub(crate) fn after(mut self, written: Vec<Bytes>) -> Self {
        for chunk in written.into_iter().rev() {
            self.ahead.push_front(chunk);
        }
        self
    }
}

impl Kind {
    fn len(&self) -> Option<u64> {
        match self {
            Self::Empty | Self::Upgrade(_) => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Reader { left, .. } => *left,
            Self::File { left, .. } => Some(*left),
            Self::Part { source, cut } => source.len().map(|len| cut.len_of(len)),
            Self::Chunks(_) | Self::Writer(_) => None,
        }
    }

    /// What is in `cut`.
    fn part(self, mut cut: Cut) -> io::Result<Self> {
        Ok(match self {
            Self::Empty | Self::Upgrade(_) => self,
            Self::Bytes(bytes) => Self::Bytes(cut.apply(bytes)),
            Self::File { mut file, left } => {
                let part = cut.len_of(left);
                if part > 0 {
                    // From the file's start, as a step from where it stands has one bit less.
                    let start = file.stream_position()?.saturating_add(cut.skip);
                    file.seek(SeekFrom::Start(start))?;
                }
                Self::File { file, left: part }
            }
            Self::Writer(produce) => Self::Writer(Box::new(move |out| {
                Body::from(Self::Writer(produce)).send(&mut |chunk| {
                    out.write_all(&cut.apply(Bytes::copy_from_slice(chunk)))?;
                    Ok(out.flush()?)
                })
            })),
            Self::Chunks(_) | Self::Reader { .. } | Self::Part { .. } => Self::Part {
                source: Box::new(self),
                cut,
            },
        })
    }

    /// The next chunk that is not empty.
    fn pull(&mut self) -> Result<Option<Bytes>> {
        match self {
            Self::Empty | Self::Writer(_) | Self::Upgrade(_) => Ok(None),
            Self::Bytes(_) => {
                let Self::Bytes(bytes) = std::mem::replace(self, Self::Empty) else {
                    unreachable!("it was bytes a line above");
                };
                Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
            }
            Self::Chunks(chunks) => chunks
                .find(|chunk| !chunk.as_ref().is_ok_and(Bytes::is_empty))
                .transpose(),
            Self::Reader { reader, left: None } => {
                let chunk = read_chunk(reader, CHUNK_BYTES as u64)?;
                Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
            }
            Self::Reader {
                reader,
                left: Some(left),
            } => read_on(reader, left),
            Self::File { file, left } => read_on(file, left),
            Self::Part { source, cut } => {
                while cut.left > 0
                    && let Some(chunk) = source.pull()?
                {
                    let chunk = cut.apply(chunk);
                    if !chunk.is_empty() {
                        return Ok(Some(chunk));
                    }
                }
                Ok(None)
            }
        }
    }
}

/// The next chunk of a source that has to bring so many bytes more.
fn read_on(reader: &mut dyn Read, left: &mut u64) -> Result<Option<Bytes>> {
    if *left == 0 {
        return Ok(None);
    }
    let chunk = read_chunk(reader, *left)?;
    if chunk.is_empty() {
        let cut = format!("the body's source ended {left} bytes early");
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, cut).into());
    }
    *left -= chunk.len() as u64;
    Ok(Some(chunk))
}

/// What one read brings, of `most` bytes at most; empty at the end.
fn read_chunk(reader: &mut dyn Read, most: u64) -> io::Result<Bytes> {
    let mut chunk = vec![0; most.min(CHUNK_BYTES as u64) as usize];
    let read = read_some(reader, &mut chunk)?;
    chunk.truncate(read);
    Ok(chunk.into())
}

pub(super) fn read_some(reader: &mut dyn Read, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Where the producer of [`Body::writer`] writes. `flush` sends what was written as one chunk.
pub struct BodyWriter<'a> {
    sink: &'a mut Sink<'a>,
    buffer: Vec<u8>,
    failed: Option<Error>,
}

impl BodyWriter<'_> {
    fn send_buffer(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let sent = (self.sink)(&self.buffer);
        self.buffer.clear();
        sent
    }
}

impl Write for BodyWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send_buffer().map_err(|error| {
            let brief = io::Error::new(io::ErrorKind::BrokenPipe, error.to_string());
            self.failed = Some(error);
            brief
        })
    }
}

impl fmt::Debug for BodyWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BodyWriter({} bytes waiting)", self.buffer.len())
    }
}

/// What to run when a body is done with.
#[derive(Default)]
pub(crate) struct Close(Vec<Box<dyn FnOnce() + Send>>);

impl Drop for Close {
    fn drop(&mut self) {
        let mut panicked = None;
        for hook in self.0.drain(..) {
            // One that panics must not cost the others; and where the chunks panicked already,
            // a second panic let out of here would end the process.
            if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(hook)) {
                panicked.get_or_insert(payload);
            }
        }
        if let Some(payload) = panicked
            && !thread::panicking()
        {
            panic::resume_unwind(payload);
        }
    }
}

impl From<Kind> for Body {
    fn from(kind: Kind) -> Self {
        Self {
            ahead: VecDeque::new(),
            kind,
            close: Close::default(),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Kind::Bytes(bytes).into()
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.len() {
            Some(len) => write!(f, "Body({len} bytes)"),
            None => f.write_str("Body(of unknown length)"),
        }
    }
}

#[cfg(test)]
mod tests;
