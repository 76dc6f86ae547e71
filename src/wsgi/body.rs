use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::thread;

use bytes::Bytes;

use crate::wsgi::{Error, Result, Upgraded};

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
            .saturating_sub(io::Seek::stream_position(&mut file)?);
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

    /// How many bytes there will be, where that is known.
    pub fn len(&self) -> Option<u64> {
        let ahead: u64 = self.ahead.iter().map(|chunk| chunk.len() as u64).sum();
        let rest = match &self.kind {
            Kind::Empty | Kind::Upgrade(_) => Some(0),
            Kind::Bytes(bytes) => Some(bytes.len() as u64),
            Kind::Reader { left, .. } => *left,
            Kind::File { left, .. } => Some(*left),
            Kind::Chunks(_) | Kind::Writer(_) => None,
        };
        rest.map(|rest| ahead + rest)
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

fn read_some(reader: &mut dyn Read, buf: &mut [u8]) -> io::Result<usize> {
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
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[track_caller]
    fn check(body: Body, len: Option<u64>, want: &[&str]) {
        assert_eq!(body.len(), len);
        let mut chunks = Vec::new();
        let sent = body.send(&mut |chunk| {
            chunks.push(String::from_utf8(chunk.to_vec()).unwrap());
            Ok(())
        });
        assert!(sent.is_ok(), "{sent:?}");
        assert_eq!(chunks, want);
    }

    #[test]
    fn every_kind_gives_its_chunks_and_none_that_is_empty() {
        check(Body::empty(), Some(0), &[]);
        check("tea".into(), Some(3), &["tea"]);
        check(String::new().into(), Some(0), &[]);
        check(Body::chunks(["a", "", "b"].map(Ok)), None, &["a", "b"]);
        check(Body::reader(&b"abc"[..]), None, &["abc"]);
        check(Body::sized_reader(&b"abcdef"[..], 4), Some(4), &["abcd"]);
        let written = Body::writer(|out| {
            write!(out, "p{}", 1)?;
            out.flush()?;
            out.flush()?;
            Ok(write!(out, "rest")?)
        });
        check(written, None, &["p1", "rest"]);
        check(
            Body::from("b").after(vec!["a".into()]),
            Some(2),
            &["a", "b"],
        );
        check(
            Body::from("tea").map_chunks(|chunk| Ok(chunk.to_ascii_uppercase().into())),
            None,
            &["TEA"],
        );
    }

    #[test]
    fn priming_makes_the_first_chunk_and_loses_nothing() {
        let mut body = Body::chunks(["", "a", "b"].map(Ok));
        body.prime().unwrap();
        body.prime().unwrap();
        check(body, None, &["a", "b"]);
        let mut failing = Body::chunks::<Bytes>([Err("no rows".into())]);
        assert_eq!(failing.prime().unwrap_err().to_string(), "no rows");
    }

    #[test]
    fn a_source_that_ends_early_is_an_error() {
        let error = Body::sized_reader(&b"ab"[..], 5).collect().unwrap_err();
        assert_eq!(error.to_string(), "the body's source ended 3 bytes early");
    }

    #[test]
    fn hooks_run_once_however_the_body_ends() {
        let runs = Arc::new(AtomicUsize::new(0));
        let body = || {
            let runs = Arc::clone(&runs);
            Body::chunks(["a", "b"].map(Ok)).on_close(move || {
                runs.fetch_add(1, Ordering::Relaxed);
            })
        };
        drop(body());
        assert_eq!(runs.load(Ordering::Relaxed), 1, "dropped unsent");
        body().collect().unwrap();
        assert_eq!(runs.load(Ordering::Relaxed), 2, "sent to the end");
        assert!(body().send(&mut |_| Err("peer has gone".into())).is_err());
        assert_eq!(runs.load(Ordering::Relaxed), 3, "cut");
    }

    #[test]
    fn every_hook_runs_whatever_panics() {
        let runs = Arc::new(AtomicUsize::new(0));
        let body = |chunks: Body| {
            let runs = Arc::clone(&runs);
            chunks.on_close(|| panic!("in a hook")).on_close(move || {
                runs.fetch_add(1, Ordering::Relaxed);
            })
        };
        let fine = body("tea".into());
        assert!(panic::catch_unwind(AssertUnwindSafe(|| fine.collect())).is_err());
        let panics = body(Body::chunks::<Bytes>(std::iter::from_fn(|| {
            panic!("in a chunk")
        })));
        assert!(panic::catch_unwind(AssertUnwindSafe(|| panics.collect())).is_err());
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_producer_cannot_hide_that_the_other_side_has_gone() {
        let body = Body::writer(|out| {
            out.write_all(b"a")?;
            out.flush().ok();
            Ok(())
        });
        assert!(body.send(&mut |_| Err("reset".into())).is_err());
    }

    #[test]
    fn a_writer_hears_that_the_other_side_has_gone() {
        let body = Body::writer(|out| {
            out.write_all(b"a")?;
            out.flush()?;
            unreachable!("the flush failed");
        });
        assert_eq!(
            body.send(&mut |_| Err("reset".into()))
                .unwrap_err()
                .to_string(),
            "reset"
        );
    }
}
