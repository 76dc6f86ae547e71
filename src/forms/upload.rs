use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::forms::multipart::PartHead;
use crate::forms::spool::Content;
use crate::http::HeaderMap;
use crate::security::secure_filename;

/// A file that came with a form.
///
/// Small ones stay in memory; larger ones lie, with the others of their form, in a temporary
/// file that has no name and is gone when the last of them is dropped.
///
/// ```no_run
/// # fn view(upload: &devserve::forms::Upload) -> devserve::Result<()> {
/// let path = upload.save_in("pictures")?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Upload {
    head: PartHead,
    content: Content,
}

impl Upload {
    pub(super) fn new(head: PartHead, content: Content) -> Self {
        Self { head, content }
    }

    /// The name of the form's field.
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// The file's name as the client says; empty where the field was left empty.
    ///
    /// Anything may stand in it, `../../etc/passwd` too. Show it; for a disk take
    /// [`safe_filename`](Self::safe_filename).
    pub fn filename(&self) -> &str {
        self.head.filename.as_deref().unwrap_or_default()
    }

    /// The file's name as a disk may see it: flat, ASCII, never empty.
    pub fn safe_filename(&self) -> String {
        let name = secure_filename(self.filename());
        if name.is_empty() {
            "upload".to_owned()
        } else {
            name
        }
    }

    /// The media type the client claims.
    pub fn content_type(&self) -> Option<&str> {
        self.head.content_type.as_deref()
    }

    /// All header fields of the part it came in.
    pub fn headers(&self) -> HeaderMap {
        self.head.headers()
    }

    /// The file's length in bytes.
    pub fn len(&self) -> u64 {
        self.content.len()
    }

    /// Whether the file has no bytes: also what an input left empty looks like.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the file is held in memory rather than in a temporary file.
    pub fn is_in_memory(&self) -> bool {
        matches!(self.content, Content::Memory(_))
    }

    /// Reads the file from its start. Readers do not disturb one another.
    pub fn reader(&self) -> UploadReader<'_> {
        UploadReader {
            content: &self.content,
            position: 0,
        }
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
                filename: self.filename().to_owned(),
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
#[derive(Clone, Debug)]
pub struct UploadReader<'a> {
    content: &'a Content,
    position: u64,
}

impl Read for UploadReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read_at(self.position, buf)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for UploadReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.content.len().checked_add_signed(by),
        };
        self.position = place.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "a seek to before the upload's start",
            )
        })?;
        Ok(self.position)
    }
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
