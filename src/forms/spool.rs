use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::forms::{FormError, Part, Upload};

/// Where the files of one form go: into memory as far as the limit reaches, then all into one
/// temporary file, so that a form costs one descriptor however many files it has.
///
/// [`Form::read`](crate::forms::Form::read) has its own. Who reads the
/// [`Parts`](crate::forms::Parts) takes one where a file must wait:
///
/// ```no_run
/// # fn view(request: &devserve::Request) -> devserve::Result<()> {
/// use devserve::forms::Spool;
///
/// let mut spool = Spool::new(1 << 20);
/// let mut parts = request.parts()?;
/// while let Some(part) = parts.next_part()? {
///     if part.is_file() {
///         spool.store(part)?.save_in("pictures")?;
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Spool {
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
    /// A spool that keeps so much in memory, over all files.
    pub fn new(memory_bytes: usize) -> Self {
        Self {
            memory_left: memory_bytes,
            file: None,
            end: 0,
        }
    }

    /// Puts what is left of a part aside.
    ///
    /// # Errors
    /// [`FormError`]; [`FormError::Store`] where the temporary folder takes no more.
    pub fn store(&mut self, mut part: Part<'_, impl Read>) -> Result<Upload, FormError> {
        let mut content = Content::Memory(Vec::new());
        while let Some(data) = part.chunk()? {
            if let Err(source) = self.append(&mut content, data) {
                let filename = part.filename().unwrap_or_default().to_owned();
                let source = Arc::new(source);
                return Err(FormError::Store { filename, source });
            }
        }
        if let Content::Memory(held) = &content {
            self.memory_left -= held.len();
        }
        Ok(Upload::new(part.into_head(), content))
    }

    /// Adds data at the end; past the limit everything moves to the temporary file.
    fn append(&mut self, content: &mut Content, data: &[u8]) -> io::Result<()> {
        match content {
            Content::Memory(held) if held.len() + data.len() <= self.memory_left => {
                held.extend_from_slice(data);
            }
            Content::Memory(held) => {
                let start = self.end;
                self.write(held)?;
                let file = self.write(data)?;
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

    fn write(&mut self, data: &[u8]) -> io::Result<Arc<Mutex<File>>> {
        let file = match &self.file {
            Some(file) => file.clone(),
            None => Arc::new(Mutex::new(tempfile::tempfile()?)),
        };
        let mut place = lock(&file);
        // A file of the same form may have been read meanwhile.
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
