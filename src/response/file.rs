use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use mime_guess::mime;

use crate::http::{ETag, HeaderValue, date, header, with_default_charset};
use crate::response::Response;
use crate::security::{path_of_bytes, plain_path};
use crate::wsgi::{Body, Environ};

impl Response {
    /// A file, its media type told by its name, with an entity tag and the time of its last
    /// change. Caches ask each time whether it changed, unless [`max_age`](Self::max_age) says
    /// otherwise.
    ///
    /// A path that holds what a stranger sent goes through
    /// [`send_from_directory`](Self::send_from_directory). A file that does not exist, and
    /// whatever is no file, answers 404; one that this process may not read, 403.
    ///
    /// This answers in full. [`make_conditional`](Self::make_conditional) at the end of the
    /// chain sends ranges, and nothing to those who have the file:
    ///
    /// ```
    /// use std::time::Duration;
    /// use devserve::{Request, Response};
    ///
    /// fn invoice(request: &Request) -> Response {
    ///     Response::file("invoices/2026-0017.pdf")
    ///         .attachment("Rechnung März.pdf")
    ///         .max_age(Duration::from_secs(3600))
    ///         .make_conditional(request)
    /// }
    /// # let _ = invoice;
    /// ```
    pub fn file(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        Self::opened(path, path)
    }

    /// [`file`](Self::file), as the request's conditions and range ask.
    ///
    /// ```
    /// use devserve::testing::Client;
    /// use devserve::{Request, Response};
    ///
    /// let client = Client::new(|request: &Request| Response::send_file("Cargo.toml", request));
    /// let start = client.get("/").header("range", "bytes=0-8").send()?;
    /// assert_eq!((start.status().as_u16(), start.text().as_ref()), (206, "[package]"));
    ///
    /// let tag = start.header("etag").unwrap_or("");
    /// let again = client.get("/").header("if-none-match", tag).send()?;
    /// assert_eq!(again.status(), 304);
    /// # Ok::<(), devserve::Error>(())
    /// ```
    pub fn send_file(path: impl AsRef<Path>, request: impl AsRef<Environ>) -> Self {
        Self::file(path).make_conditional(request)
    }

    /// [`send_file`](Self::send_file) for a path below `folder` that a stranger sent, decoded:
    /// `/static/<path>`.
    ///
    /// A path that leads out of the folder, also by a symbolic link, answers 404. The folder
    /// itself may be a link.
    pub fn send_from_directory(
        folder: impl AsRef<Path>,
        path: &str,
        request: impl AsRef<Environ>,
    ) -> Self {
        Self::from_directory(folder.as_ref(), path.as_bytes()).make_conditional(request)
    }

    /// [`send_from_directory`](Self::send_from_directory), in full, for a path of any bytes.
    pub(crate) fn from_directory(folder: &Path, path: &[u8]) -> Self {
        match within(folder, path) {
            // The name asked for tells the type, not that of what a link leads to.
            Ok(real) => Self::opened(Path::new(&*String::from_utf8_lossy(path)), &real),
            Err(error) => Self::empty().attempt(|_| Err(error.into())),
        }
    }

    /// The file at `path`, its type told by `name`.
    fn opened(name: &Path, path: &Path) -> Self {
        let (content_type, encoding) = guess(name);
        Self::new(&content_type, Body::empty()).attempt(|response| {
            let failed = |source| FileError::new(path, source);
            let (file, facts) = open(path).map_err(failed)?;
            response.set_body(Body::file(file).map_err(failed)?);
            let headers = response.headers_mut();
            if let Some(encoding) = encoding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            // Not every file system keeps the time; then a client gets the whole each time.
            if let Ok(modified) = facts.modified() {
                let tag = ETag::strong(file_tag(modified, facts.len()))?;
                headers.insert(header::ETAG, tag.to_header());
                let told = date::format(modified.min(SystemTime::now()));
                headers.insert(header::LAST_MODIFIED, told.try_into()?);
            }
            Ok(())
        })
    }
}

/// Where `path` below `folder` really is, links followed.
///
/// Whoever can change links in the folder while this runs is trusted with it anyway.
pub(crate) fn within(folder: &Path, path: &[u8]) -> Result<PathBuf, FileError> {
    let outside = || FileError::Outside {
        path: String::from_utf8_lossy(path).into_owned(),
    };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let plain = plain_path(path).ok_or_else(outside)?;
    let asked = folder.join(path_of_bytes(&plain).ok_or_else(outside)?);
    let real = |path: &Path| fs::canonicalize(path).map_err(|source| FileError::new(path, source));
    let (folder, found) = (real(folder)?, real(&asked)?);
    if found.starts_with(&folder) {
        Ok(found)
    } else {
        Err(outside())
    }
}

fn open(path: &Path) -> io::Result<(File, Metadata)> {
    // Looked at before it is opened: opening a pipe waits for somebody to write to it.
    check_kind(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    let facts = file.metadata()?;
    check_kind(&facts)?;
    Ok((file, facts))
}

/// A folder opens like a file and fails when it is read, after the head is gone; a device has
/// no length.
fn check_kind(facts: &Metadata) -> io::Result<()> {
    if facts.is_file() {
        return Ok(());
    }
    let kind = match facts.is_dir() {
        true => io::ErrorKind::IsADirectory,
        false => io::ErrorKind::NotFound,
    };
    Err(kind.into())
}

/// Time, to the nanosecond, and length name a state of a file well enough for a strong tag.
fn file_tag(modified: SystemTime, length: u64) -> String {
    let (sign, distance) = match modified.duration_since(UNIX_EPOCH) {
        Ok(after) => ("", after),
        Err(before) => ("-", before.duration()),
    };
    let (seconds, nanos) = (distance.as_secs(), distance.subsec_nanos());
    format!("{sign}{seconds:x}.{nanos:x}-{length:x}")
}

/// Media type and encoding: `logo.svgz` is an image that was packed.
pub(crate) fn guess(path: &Path) -> (String, Option<&'static str>) {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or("");
    let (inner, encoding) = match extension.to_ascii_lowercase().as_str() {
        "gz" => (path.with_extension(""), Some("gzip")),
        "svgz" => (path.with_extension("svg"), Some("gzip")),
        "tgz" => (path.with_extension("tar"), Some("gzip")),
        "br" => (path.with_extension(""), Some("br")),
        _ => (path.to_owned(), None),
    };
    match mime_guess::from_path(inner).first() {
        Some(guess) => (with_default_charset(guess.as_ref()), encoding),
        None if encoding == Some("gzip") => ("application/gzip".to_owned(), None),
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
    /// The path leads out of the folder it should be in. Answered as 404.
    #[error("{path:?} leads out of the folder it is asked of")]
    Outside {
        /// The path asked for.
        path: String,
    },
    /// The system does not let this process read it. Answered as 403.
    #[error("the file {path:?} may not be read by this user")]
    Denied {
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
    /// What the system said, as what it means for whoever asked.
    pub(crate) fn new(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::InvalidFilename => Self::Missing { path, source },
            io::ErrorKind::PermissionDenied => Self::Denied { path, source },
            // What is left is a fault of the machine.
            _ => Self::Unreadable { path, source },
        }
    }
}
