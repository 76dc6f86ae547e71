use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use mime_guess::mime;

use crate::http::{HeaderValue, date, header, with_default_charset};
use crate::response::Response;
use crate::wsgi::Body;

impl Response {
    /// A file, its media type told by its name.
    ///
    /// A path that holds what a stranger sent goes through
    /// [`safe_join`](crate::security::safe_join) first. A file that does not exist answers 404.
    pub fn file(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let (content_type, encoding) = guess(path);
        Self::new(&content_type, Body::empty()).attempt(|response| {
            let (file, modified) = open(path).map_err(|source| FileError::new(path, source))?;
            let body = Body::file(file).map_err(|source| FileError::new(path, source))?;
            response.set_body(body);
            let headers = response.headers_mut();
            if let Some(encoding) = encoding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
            if let Some(modified) = modified {
                headers.insert(header::LAST_MODIFIED, date::format(modified).try_into()?);
            }
            Ok(())
        })
    }
}

fn open(path: &Path) -> io::Result<(File, Option<std::time::SystemTime>)> {
    let file = File::open(path)?;
    let facts = file.metadata()?;
    if facts.is_dir() {
        // A folder opens like a file and fails when it is read, after the head is gone.
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    // Not every file system keeps the time; then the field is left out.
    Ok((file, facts.modified().ok()))
}

/// Media type and encoding: `logo.svgz` is an image that was packed.
fn guess(path: &Path) -> (String, Option<&'static str>) {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or("");
    let (inner, encoding) = match extension.to_ascii_lowercase().as_str() {
        "gz" => (path.with_extension(""), Some("gzip")),
        "svgz" => (path.with_extension("svg"), Some("gzip")),
        _ => (path.to_owned(), None),
    };
    match mime_guess::from_path(inner).first() {
        Some(guess) => (with_default_charset(guess.as_ref()), encoding),
        None if encoding.is_some() => ("application/gzip".to_owned(), None),
        None => (mime::APPLICATION_OCTET_STREAM.to_string(), None),
    }
}

/// Why a file cannot be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is no file of that name, or it is a folder. Answered as 404.
    #[error("there is no file {path:?}")]
    Missing {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file exists and cannot be read.
    #[error("the file {path:?} cannot be read")]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl FileError {
    fn new(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::InvalidFilename => Self::Missing { path, source },
            // What is left is a fault of the machine or of permissions.
            _ => Self::Unreadable { path, source },
        }
    }
}
