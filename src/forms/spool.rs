use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::forms::Upload;
use crate::forms::multipart::PartHead;

/// Where the files of one form go: into memory as far as the limit reaches, then all into one
/// temporary file, so that a form costs one descriptor however many files it has.
#[derive(Debug)]
pub(super) struct Spool {
    memory_left: usize,
    file: Option<Arc<Mutex<File>>>,
    /// The length of `file`.
    end: u64,
}

/// The bytes of one upload.
#[derive(Debug)]
pub(super) enum Content {
    Memory(Vec<u8>),
    /// Bytes of the form's temporary file, from `start` on.
    File {
        file: Arc<Mutex<File>>,
        start: u64,
        len: u64,
    },
}

impl Spool {
    pub(super) fn new(memory_bytes: usize) -> Self {
        Self {
            memory_left: memory_bytes,
            file: None,
            end: 0,
        }
    }

    /// An empty file, to be filled with [`append`](Self::append) before the next is opened.
    pub(super) fn open(&self, head: PartHead) -> Upload {
        Upload::new(head, Content::Memory(Vec::new()))
    }

    /// Adds data at the end; past the limit everything moves to the temporary file.
    pub(super) fn append(&mut self, upload: &mut Upload, data: &[u8]) -> io::Result<()> {
        let content = upload.content_mut();
        match content {
            Content::Memory(held) if held.len() + data.len() <= self.memory_left => {
                held.extend_from_slice(data);
            }
            Content::Memory(held) => {
                let start = self.end;
                let held = std::mem::take(held);
                let file = self.write(&held)?;
                self.write(data)?;
                let len = self.end - start;
                *content = Content::File { file, start, len };
            }
            Content::File { len, .. } => {
                self.write(data)?;
                *len += data.len() as u64;
            }
        }
        Ok(())
    }

    /// The upload is whole: what it holds in memory is held for good.
    pub(super) fn close(&mut self, upload: &mut Upload) {
        if let Content::Memory(held) = upload.content_mut() {
            self.memory_left -= held.len();
        }
    }

    fn write(&mut self, data: &[u8]) -> io::Result<Arc<Mutex<File>>> {
        let file = match &self.file {
            Some(file) => file.clone(),
            None => Arc::new(Mutex::new(tempfile::tempfile()?)),
        };
        let mut place = lock(&file);
        // An upload of the same form may have been read meanwhile.
        place.seek(SeekFrom::Start(self.end))?;
        place.write_all(data)?;
        drop(place);
        self.end += data.len() as u64;
        self.file = Some(file.clone());
        Ok(file)
    }
}

impl Content {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Memory(held) => held.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    /// Reads what stands at `position`. Readers do not share a place: they seek and read under
    /// the lock.
    pub(super) fn read_at(&self, position: u64, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.len().saturating_sub(position);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        if most == 0 {
            return Ok(0);
        }
        match self {
            Self::Memory(held) => (&held[position as usize..]).read(&mut buf[..most]),
            Self::File { file, start, .. } => {
                let mut file = lock(file);
                file.seek(SeekFrom::Start(start + position))?;
                file.read(&mut buf[..most])
            }
        }
    }
}

/// A file has no state that a panic could leave half changed.
fn lock(file: &Mutex<File>) -> MutexGuard<'_, File> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}
