use std::fmt;
use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use crate::http::{AcceptEncoding, HeaderValue, header};
use crate::response::{self, Response};
use crate::security::{path_of_bytes, plain_path};
use crate::wsgi::Environ;

/// A packed file beside a file.
#[derive(Debug)]
pub(super) struct Twin {
    coding: &'static str,
    /// How its name ends.
    ending: &'static str,
}

/// The smallest first.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        coding: "br",
        ending: ".br",
    },
    Twin {
        coding: "zstd",
        ending: ".zst",
    },
    Twin {
        coding: "gzip",
        ending: ".gz",
    },
];

/// The twin that the client likes best; none where it wants the file as it is, or does not say.
pub(super) fn best_twin<'t>(twins: &[&'t Twin], environ: &Environ) -> Option<&'t Twin> {
    environ.headers().get(header::ACCEPT_ENCODING)?;
    let accept = AcceptEncoding::from_headers(environ.headers());
    let codings = twins.iter().map(|twin| twin.coding);
    let offers: Vec<_> = codings.chain(["identity"]).collect();
    let best = accept.best_match(&offers)?;
    twins.iter().copied().find(|twin| twin.coding == best)
}

/// Where files are.
pub(super) enum Source {
    Folder(PathBuf),
    File(PathBuf),
    Data(Vec<Data>),
}

/// A file that was compiled into the program.
pub(super) struct Data {
    pub(super) name: &'static str,
    pub(super) content: &'static [u8],
    tag: String,
}

impl Source {
    /// Whether there is a packed twin that is no older than its file: what was edited goes out
    /// as it is until it is packed again. One that may not be sent, as it leads out of the
    /// folder, is none.
    pub(super) fn has_twin(&self, path: &[u8], twin: &Twin) -> bool {
        let name = [path, twin.ending.as_bytes()].concat();
        let (file, twin) = match self {
            Self::Data(files) => return files.iter().any(|file| file.name.as_bytes() == name),
            Self::Folder(folder) => {
                let Some(file) = join(folder, path) else {
                    return false;
                };
                let twin = with_ending(&file, twin);
                (file, twin)
            }
            Self::File(file) => (file.clone(), with_ending(file, twin)),
        };
        let changed = |path: PathBuf| {
            let facts = fs::metadata(path).ok().filter(Metadata::is_file)?;
            facts.modified().ok()
        };
        let is_fresh =
            matches!((changed(file), changed(twin)), (Some(file), Some(twin)) if twin >= file);
        is_fresh
            && match self {
                Self::Folder(folder) => response::within(folder, &name).is_ok(),
                Self::File(_) | Self::Data(_) => true,
            }
    }

    /// A file or its twin, in full. What is missing on a disk comes up when it is opened.
    pub(super) fn response(&self, path: &[u8], twin: Option<&Twin>) -> Option<Response> {
        let name = [path, twin.map_or("", |twin| twin.ending).as_bytes()].concat();
        let shown = String::from_utf8_lossy(path);
        let (response, plain) = match self {
            Self::Folder(folder) => (Response::from_directory(folder, &name), Path::new(&*shown)),
            Self::File(file) => {
                let opened = twin.map_or_else(|| file.clone(), |twin| with_ending(file, twin));
                (Response::file(opened), file.as_path())
            }
            Self::Data(files) => {
                let found = files.iter().find(|file| file.name.as_bytes() == name)?;
                (found.response(), Path::new(&*shown))
            }
        };
        Some(match twin {
            None => response,
            Some(twin) => response
                .content_type(&response::guess(plain).0)
                .header("content-encoding", HeaderValue::from_static(twin.coding)),
        })
    }

    /// Whether there is a file at `path`; the root of a source is none.
    pub(super) fn has_file(&self, path: &[u8]) -> bool {
        match self {
            Self::Folder(folder) => {
                response::within(folder, path).is_ok_and(|found| found.is_file())
            }
            Self::File(_) => false,
            Self::Data(files) => files.iter().any(|file| file.name.as_bytes() == path),
        }
    }

    /// Whether `path`, without a slash at its end, is a folder with something in it to ask for.
    pub(super) fn has_folder(&self, path: &[u8]) -> bool {
        match self {
            Self::Folder(folder) => {
                response::within(folder, path).is_ok_and(|found| found.is_dir())
            }
            Self::File(_) => false,
            Self::Data(files) => files.iter().any(|file| below(file.name, path).is_some()),
        }
    }
}

/// What of `name` is in the folder `path`, which may be the empty root.
pub(super) fn below<'n>(name: &'n str, path: &[u8]) -> Option<&'n str> {
    if path.is_empty() {
        return Some(name);
    }
    let rest = name.as_bytes().strip_prefix(path)?.strip_prefix(b"/")?;
    // Cut behind a slash, so it is text still.
    std::str::from_utf8(rest).ok()
}

fn join(folder: &Path, path: &[u8]) -> Option<PathBuf> {
    Some(folder.join(path_of_bytes(&plain_path(path)?)?))
}

impl Data {
    pub(super) fn new(name: &'static str, content: &'static [u8]) -> Self {
        let half = |seed: u8| {
            let mut hasher = DefaultHasher::new();
            hasher.write_u8(seed);
            hasher.write(content);
            hasher.finish()
        };
        Self {
            name,
            content,
            tag: format!("{:016x}{:016x}", half(0), half(1)),
        }
    }

    fn response(&self) -> Response {
        let (content_type, encoding) = response::guess(Path::new(self.name));
        let response = Response::new(&content_type, self.content)
            .header("cache-control", HeaderValue::from_static("no-cache"))
            .etag(&self.tag);
        match encoding {
            Some(coding) => response.header("content-encoding", HeaderValue::from_static(coding)),
            None => response,
        }
    }
}

fn with_ending(file: &Path, twin: &Twin) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(twin.ending);
    name.into()
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) | Self::File(path) => fmt::Debug::fmt(path, f),
            Self::Data(files) => f
                .debug_list()
                .entries(files.iter().map(|file| file.name))
                .finish(),
        }
    }
}
