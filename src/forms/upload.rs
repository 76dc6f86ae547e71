use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::security::secure_filename;

/// A file that came with a form.
///
/// Small ones stay in memory, larger ones lie in a temporary file that the system removes with
/// the process.
///
/// ```no_run
/// # fn view(upload: &devserve::forms::Upload) -> devserve::Result<()> {
/// let path = upload.save_in("pictures")?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Upload {
    name: String,
    filename: String,
    content_type: Option<String>,
    len: u64,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Memory(Vec<u8>),
    /// Readers share the file's position, so each seeks and reads under the lock.
    File(Mutex<File>),
}

impl Upload {
    /// An empty file, to be filled with [`append`](Self::append).
    pub(crate) fn new(name: String, filename: String, content_type: Option<String>) -> Self {
        Self {
            name,
            filename,
            content_type,
            len: 0,
            content: Content::Memory(Vec::new()),
        }
    }

    /// Adds data at the end; past `memory_bytes` everything moves to a temporary file.
    pub(crate) fn append(&mut self, data: &[u8], memory_bytes: usize) -> io::Result<()> {
        self.len += data.len() as u64;
        match &mut self.content {
            Content::Memory(held) if held.len() + data.len() <= memory_bytes => {
                held.extend_from_slice(data);
            }
            Content::Memory(held) => {
                let mut file = tempfile::tempfile()?;
                file.write_all(held)?;
                file.write_all(data)?;
                self.content = Content::File(Mutex::new(file));
            }
            Content::File(file) => {
                file.get_mut()
                    .unwrap_or_else(PoisonError::into_inner)
                    .write_all(data)?;
            }
        }
        Ok(())
    }

    /// The name of the form's field.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's name as the client says; empty where the field was left empty.
    ///
    /// Anything may stand in it, `../../etc/passwd` too. Show it; for a disk take
    /// [`safe_filename`](Self::safe_filename).
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// The file's name as a disk may see it: flat, ASCII, never empty.
    pub fn safe_filename(&self) -> String {
        let name = secure_filename(&self.filename);
        if name.is_empty() {
            "upload".to_owned()
        } else {
            name
        }
    }

    /// The media type the client claims.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The file's length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file has no bytes: also what an input left empty looks like.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the file is held in memory rather than in a temporary file.
    pub fn is_in_memory(&self) -> bool {
        matches!(self.content, Content::Memory(_))
    }

    /// Reads the file from its start. Readers do not disturb one another.
    pub fn reader(&self) -> UploadReader<'_> {
        UploadReader(match &self.content {
            Content::Memory(held) => Source::Memory(Cursor::new(held)),
            Content::File(file) => Source::File { file, position: 0 },
        })
    }

    /// The whole file.
    ///
    /// # Errors
    /// [`UploadError::Read`] where the temporary file cannot be read.
    pub fn bytes(&self) -> Result<Vec<u8>, UploadError> {
        let mut bytes = Vec::new();
        self.reader()
            .read_to_end(&mut bytes)
            .map_err(|source| UploadError::Read {
                filename: self.filename.clone(),
                source,
            })?;
        Ok(bytes)
    }

    /// Stores the file as `path`, in place of what is there.
    ///
    /// It is written beside `path` and renamed: nobody ever sees half of it.
    ///
    /// # Errors
    /// [`UploadError::Save`] where the folder does not exist or may not be written to.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), UploadError> {
        let path = path.as_ref();
        self.write_beside(path).map_err(|source| UploadError::Save {
            path: path.to_owned(),
            source,
        })
    }

    /// Stores the file in `folder` under its [`safe_filename`](Self::safe_filename), and tells
    /// where. A file of that name is replaced.
    ///
    /// # Errors
    /// [`UploadError::Save`] where the folder does not exist or may not be written to.
    pub fn save_in(&self, folder: impl AsRef<Path>) -> Result<PathBuf, UploadError> {
        let path = folder.as_ref().join(self.safe_filename());
        self.save(&path)?;
        Ok(path)
    }

    fn write_beside(&self, path: &Path) -> io::Result<()> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // `make_in` with a plain `create_new` gives the file the permissions any other new file
        // gets; a temporary file proper would be for its owner alone.
        let mut builder = tempfile::Builder::new();
        let mut file = builder
            .prefix(".upload-")
            .make_in(folder, |path| File::create_new(path))?;
        io::copy(&mut self.reader(), file.as_file_mut())?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }
}

/// Reads an [`Upload`].
#[derive(Debug)]
pub struct UploadReader<'a>(Source<'a>);

#[derive(Debug)]
enum Source<'a> {
    Memory(Cursor<&'a Vec<u8>>),
    File {
        file: &'a Mutex<File>,
        position: u64,
    },
}

impl Read for UploadReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Source::Memory(cursor) => cursor.read(buf),
            Source::File { file, position } => {
                let mut file = lock(file);
                file.seek(SeekFrom::Start(*position))?;
                let count = file.read(buf)?;
                *position += count as u64;
                Ok(count)
            }
        }
    }
}

impl Seek for UploadReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Source::Memory(cursor) => cursor.seek(to),
            Source::File { file, position } => {
                let mut file = lock(file);
                // The file's own position is another reader's.
                file.seek(SeekFrom::Start(*position))?;
                *position = file.seek(to)?;
                Ok(*position)
            }
        }
    }
}

/// A file has no state that a panic could leave half changed.
fn lock(file: &Mutex<File>) -> MutexGuard<'_, File> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why an upload could not be read or stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// Its temporary file cannot be read.
    #[error("the upload {filename:?} could not be read back from the temporary folder")]
    Read {
        /// The name it was sent under.
        filename: String,
        /// What the system says.
        source: io::Error,
    },
    /// It could not be stored.
    #[error("the upload could not be saved as {path:?}")]
    Save {
        /// Where it should have gone.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}
