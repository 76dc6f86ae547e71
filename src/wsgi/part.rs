use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;

use crate::wsgi::body::{Close, read_some};

/// How far a range is: what to leave out before it, and what to let through.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) skip: u64,
    pub(super) left: u64,
}

impl Cut {
    /// What of the next chunk is in the range.
    pub(super) fn apply(&mut self, mut chunk: Bytes) -> Bytes {
        let skipped = self.skip.min(chunk.len() as u64);
        let mut part = chunk.split_off(skipped as usize);
        part.truncate(self.left.min(part.len() as u64) as usize);
        self.skip -= skipped;
        self.left -= part.len() as u64;
        part
    }

    /// How much of so many bytes is in the range.
    pub(super) fn len_of(self, len: u64) -> u64 {
        len.saturating_sub(self.skip).min(self.left)
    }
}

/// A body that can be read from any place.
pub(crate) struct Seekable {
    source: Box<dyn ReadSeek>,
    base: u64,
    len: u64,
    close: Close,
}

pub(super) trait ReadSeek: Read + Seek + Send {}
impl<S: Read + Seek + Send> ReadSeek for S {}

impl Seekable {
    /// `len` bytes of `source`, from `base` on.
    pub(super) fn new(source: Box<dyn ReadSeek>, base: u64, len: u64, close: Close) -> Self {
        Self {
            source,
            base,
            len,
            close,
        }
    }

    /// What reading at `place` gives; 0 at the end.
    pub(crate) fn read_at(&mut self, place: u64, buf: &mut [u8]) -> io::Result<usize> {
        let most = self.len.saturating_sub(place).min(buf.len() as u64) as usize;
        self.source
            .seek(SeekFrom::Start(self.base.saturating_add(place)))?;
        read_some(&mut self.source, &mut buf[..most])
    }

    /// The body's hooks, for the one that is made of this.
    pub(crate) fn take_close(&mut self) -> Close {
        std::mem::take(&mut self.close)
    }
}
