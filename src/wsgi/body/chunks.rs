use std::fmt;
use std::panic;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use bytes::Bytes;

use crate::wsgi::body::{Body, Close, Kind};
use crate::wsgi::{Error, Result};

/// A body's chunks, each made when it is asked for; none is empty.
///
/// The body is closed after the last chunk, after an error, and when this is dropped before.
/// What a [`writer`](Body::writer) makes is made on a thread of its own that stands still
/// between two chunks; a panic there is one here.
pub struct Chunks(Option<Source>);

enum Source {
    Body(Body),
    Producer(Producer),
}

impl Body {
    /// The chunks, to be asked for one at a time.
    ///
    /// ```
    /// # use devserve::wsgi::Body;
    /// let mut chunks = Body::chunks(["a", "b"].map(Ok)).into_chunks();
    /// assert_eq!(chunks.next().transpose()?.unwrap(), "a");
    /// # Ok::<(), devserve::wsgi::Error>(())
    /// ```
    pub fn into_chunks(self) -> Chunks {
        Chunks(Some(Source::Body(self)))
    }

    fn is_producer(&self) -> bool {
        self.ahead.is_empty() && matches!(self.kind, Kind::Writer(_))
    }

    fn pull(&mut self) -> Result<Option<Bytes>> {
        match self.ahead.pop_front() {
            Some(chunk) => Ok(Some(chunk)),
            None => self.kind.pull(),
        }
    }
}

impl Chunks {
    /// All that is left, in memory.
    ///
    /// # Errors
    /// What making it reports.
    pub fn into_bytes(mut self) -> Result<Bytes> {
        if let Some(Source::Body(body)) = self.0 {
            return body.collect();
        }
        let mut bytes = Vec::new();
        for chunk in &mut self {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(bytes.into())
    }

    fn pull(&mut self) -> Result<Option<Bytes>> {
        if let Some(Source::Body(body)) = self.0.take_if(|source| source.is_producer()) {
            self.0 = Some(Source::Producer(Producer::start(body)?));
        }
        match &mut self.0 {
            Some(Source::Body(body)) => body.pull(),
            Some(Source::Producer(producer)) => producer.pull(),
            None => Ok(None),
        }
    }
}

impl Iterator for Chunks {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let pulled = self.pull();
        if !matches!(pulled, Ok(Some(_))) {
            self.0 = None;
        }
        pulled.transpose()
    }
}

impl Source {
    fn is_producer(&self) -> bool {
        matches!(self, Self::Body(body) if body.is_producer())
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Some(_) => "Chunks",
            None => "Chunks(ended)",
        })
    }
}

/// A writer at work. It runs only while a chunk is waited for.
struct Producer {
    // `None` once the thread is to end, and until it has made a chunk.
    go_on: Option<SyncSender<()>>,
    chunks: Option<Receiver<Result<Bytes>>>,
    has_begun: bool,
    thread: Option<JoinHandle<()>>,
    // Dropped last, when the thread has ended.
    _close: Close,
}

impl Producer {
    fn start(mut body: Body) -> Result<Self> {
        let close = body.take_close();
        let (go_on, gone_on) = sync_channel::<()>(0);
        let (made, chunks) = sync_channel(0);
        let produce = move || {
            let sent = body.send(&mut |chunk| {
                let is_read = made.send(Ok(Bytes::copy_from_slice(chunk))).is_ok();
                match is_read && gone_on.recv().is_ok() {
                    true => Ok(()),
                    false => Err(Error::from("nobody reads the body any more")),
                }
            });
            if let Err(error) = sent {
                // Where nobody reads any more, nobody asks why.
                made.send(Err(error)).ok();
            }
        };
        let thread = thread::Builder::new()
            .name("devserve-body".into())
            .spawn(produce)?;
        Ok(Self {
            go_on: Some(go_on),
            chunks: Some(chunks),
            has_begun: false,
            thread: Some(thread),
            _close: close,
        })
    }

    fn pull(&mut self) -> Result<Option<Bytes>> {
        if self.has_begun
            && let Some(go_on) = &self.go_on
        {
            // Fails where the thread has ended, which the next line hears.
            go_on.send(()).ok();
        }
        self.has_begun = true;
        match self.chunks.as_ref().map(Receiver::recv) {
            Some(Ok(chunk)) => chunk.map(Some),
            Some(Err(_)) | None => match self.end() {
                Err(payload) => panic::resume_unwind(payload),
                Ok(()) => Ok(None),
            },
        }
    }

    fn end(&mut self) -> thread::Result<()> {
        self.go_on = None;
        self.chunks = None;
        self.thread.take().map_or(Ok(()), JoinHandle::join)
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        // A panic about a body nobody reads any more has no one to tell.
        self.end().ok();
    }
}
