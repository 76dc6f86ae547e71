use std::fmt;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::exceptions;
use crate::http::{AcceptEncoding, HeaderValue, Method, header};
use crate::middleware::doors;
use crate::response::{self, FileError, Response};
use crate::security::safe_join;
use crate::wsgi::{App, Body, Environ, Reply, Result, Route, StartResponse};

/// An app with files beside it: from folders, single files, or compiled into the program. What
/// is not there is the app's to answer, and so is every method but `GET` and `HEAD`.
///
/// Files come with their media type, an entity tag, ranges, and answers to conditions, as from
/// [`Response::send_from_directory`]. Where `app.css.br`, `app.css.zst` or `app.css.gz` lies
/// beside `app.css`, a client that takes it gets the packed one.
///
/// ```
/// use devserve::Request;
/// use devserve::middleware::SharedData;
/// use devserve::testing::Client;
///
/// let site = SharedData::new(|_: &Request| "the app")
///     .folder("/static", "static")
///     .file("/Cargo.toml", "Cargo.toml")
///     .data("/assets", &[("app.css", b"body { color: navy }")]);
///
/// let client = Client::new(site);
/// let style = client.get("/assets/app.css").send()?;
/// assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
/// assert_eq!(client.get("/Cargo.toml").send()?.status(), 200);
/// assert_eq!(client.get("/static/missing.png").send()?.text(), "the app");
/// # Ok::<(), devserve::Error>(())
/// ```
pub struct SharedData<A> {
    app: A,
    exports: Vec<(String, Source)>,
    max_age: Option<Duration>,
    index: Option<String>,
    is_hidden: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

impl<A: App> SharedData<A> {
    /// `app`, with nothing beside it yet.
    pub fn new(app: A) -> Self {
        Self {
            app,
            exports: Vec::new(),
            max_age: None,
            index: None,
            is_hidden: Box::new(|_| false),
        }
    }

    /// What is in `folder`, below `prefix`. A path that leads out of it, also by a link, is the
    /// app's to answer.
    ///
    /// # Panics
    /// If the prefix does not begin with a slash.
    #[track_caller]
    pub fn folder(self, prefix: &str, folder: impl Into<PathBuf>) -> Self {
        self.export(prefix, Source::Folder(folder.into()))
    }

    /// One file, at `path` exactly.
    ///
    /// # Panics
    /// If the path does not begin with a slash.
    #[track_caller]
    pub fn file(self, path: &str, file: impl Into<PathBuf>) -> Self {
        self.export(path, Source::File(file.into()))
    }

    /// What was compiled into the program: names and contents, from `include_bytes!` say, below
    /// `prefix`. The packed twins are entries of their own.
    ///
    /// # Panics
    /// If the prefix does not begin with a slash.
    #[track_caller]
    pub fn data(self, prefix: &str, files: &[(&'static str, &'static [u8])]) -> Self {
        let files = files
            .iter()
            .map(|&(name, content)| Data::new(name, content));
        self.export(prefix, Source::Data(files.collect()))
    }

    /// Lets browsers and shared caches keep files so long without asking. Otherwise they ask
    /// each time whether something changed.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Answers a path that ends with a slash with the file of this name in it: `index.html`.
    pub fn index(mut self, name: &str) -> Self {
        self.index = Some(name.to_owned());
        self
    }

    /// Leaves paths to the app that `is_hidden` says. It gets the path behind the prefix,
    /// decoded, without its first slash.
    pub fn hide(mut self, is_hidden: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.is_hidden = Box::new(is_hidden);
        self
    }

    #[track_caller]
    fn export(mut self, prefix: &str, source: Source) -> Self {
        self.exports
            .push((doors::prefix(prefix).to_owned(), source));
        self
    }

    /// The file that a request is for; `None` where it is the app's.
    fn find(&self, environ: &Environ) -> Result<Option<Reply>> {
        if !matches!(*environ.method(), Method::GET | Method::HEAD) {
            return Ok(None);
        }
        for (prefix, source) in &self.exports {
            let rest = doors::below(prefix, environ.path_info());
            // A name that is no UTF-8 is none of ours.
            let Some(rest) = rest.and_then(|rest| std::str::from_utf8(rest).ok()) else {
                continue;
            };
            let Some(path) = self.path_in(source, rest) else {
                continue;
            };
            if (self.is_hidden)(&path) {
                continue;
            }
            if let Some(reply) = self.answer(source, &path, environ)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    /// A path below a prefix as the source knows it.
    fn path_in(&self, source: &Source, rest: &str) -> Option<String> {
        if matches!(source, Source::File(_)) {
            return rest.is_empty().then(String::new);
        }
        // Without its slash, a folder is nothing.
        let path = rest.strip_prefix('/')?;
        match &self.index {
            Some(index) if path.is_empty() || path.ends_with('/') => Some(format!("{path}{index}")),
            _ => Some(path.to_owned()),
        }
    }

    fn answer(&self, source: &Source, path: &str, environ: &Environ) -> Result<Option<Reply>> {
        let twins: Vec<_> = TWINS
            .iter()
            .filter(|twin| source.has_twin(path, twin))
            .collect();
        let Some(mut response) = source.response(path, best_twin(&twins, environ)) else {
            return Ok(None);
        };
        if let Some(age) = self.max_age {
            let age = format!("public, max-age={}", age.as_secs());
            response = response.header("cache-control", age);
        }
        match response.make_conditional(environ).into_reply() {
            Ok(mut reply) => {
                if !twins.is_empty() {
                    doors::vary(reply.headers_mut(), &header::ACCEPT_ENCODING);
                }
                Ok(Some(reply))
            }
            Err(error) => match error.downcast_ref() {
                Some(FileError::Missing { .. } | FileError::Outside { .. }) => Ok(None),
                // 412 and 416 are answers; a file that cannot be read is a fault of ours.
                _ => exceptions::answer(&error, environ).map(Some).ok_or(error),
            },
        }
    }
}

impl<A: App> App for SharedData<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        match self.find(environ)? {
            Some(reply) => Ok(reply),
            None => self.app.call(environ),
        }
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        match self.find(environ)? {
            Some(reply) => doors::start(reply, start_response),
            None => self.app.wsgi(environ, start_response),
        }
    }

    fn routes(&self) -> Result<Vec<Route>> {
        let exports = self.exports.iter().map(|(prefix, source)| match source {
            Source::File(_) => {
                let mut file = Route::unknown("a file");
                file.rule.clone_from(prefix);
                file
            }
            Source::Folder(_) | Source::Data(_) => Route::unknown("files").below(prefix),
        });
        let mut routes: Vec<_> = exports.collect();
        routes.extend(self.app.routes()?);
        Ok(routes)
    }
}

impl<A: fmt::Debug> fmt::Debug for SharedData<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedData")
            .field("app", &self.app)
            .field("exports", &self.exports)
            .field("max_age", &self.max_age)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// A packed file beside a file.
#[derive(Debug)]
struct Twin {
    coding: &'static str,
    /// How its name ends.
    ending: &'static str,
}

/// The smallest first.
const TWINS: &[Twin] = &[
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
fn best_twin<'t>(twins: &[&'t Twin], environ: &Environ) -> Option<&'t Twin> {
    environ.headers().get(header::ACCEPT_ENCODING)?;
    let accept = AcceptEncoding::from_headers(environ.headers());
    let codings = twins.iter().map(|twin| twin.coding);
    let offers: Vec<_> = codings.chain(["identity"]).collect();
    let best = accept.best_match(&offers)?;
    twins.iter().copied().find(|twin| twin.coding == best)
}

/// Where files are.
enum Source {
    Folder(PathBuf),
    File(PathBuf),
    Data(Vec<Data>),
}

/// A file that was compiled into the program.
struct Data {
    name: &'static str,
    content: &'static [u8],
    tag: String,
}

impl Source {
    /// Whether there is a packed twin that is no older than its file: what was edited goes out
    /// as it is until it is packed again.
    fn has_twin(&self, path: &str, twin: &Twin) -> bool {
        let (file, twin) = match self {
            Self::Data(files) => {
                let name = format!("{path}{}", twin.ending);
                return files.iter().any(|file| file.name == name);
            }
            Self::Folder(folder) => {
                let Some(file) = safe_join(folder, [path]) else {
                    return false;
                };
                let twin = with_ending(&file, twin);
                (file, twin)
            }
            Self::File(file) => (file.clone(), with_ending(file, twin)),
        };
        let changed = |path: PathBuf| fs::metadata(path).and_then(|facts| facts.modified()).ok();
        matches!((changed(file), changed(twin)), (Some(file), Some(twin)) if twin >= file)
    }

    /// A file or its twin, in full. What is missing on a disk comes up when it is opened.
    fn response(&self, path: &str, twin: Option<&Twin>) -> Option<Response> {
        let name = format!("{path}{}", twin.map_or("", |twin| twin.ending));
        let (response, plain) = match self {
            Self::Folder(folder) => (Response::from_directory(folder, &name), Path::new(path)),
            Self::File(file) => {
                let opened = twin.map_or_else(|| file.clone(), |twin| with_ending(file, twin));
                (Response::file(opened), file.as_path())
            }
            Self::Data(files) => match files.iter().find(|file| file.name == name) {
                Some(file) => (file.response(), Path::new(path)),
                None => return None,
            },
        };
        Some(match twin {
            None => response,
            Some(twin) => response
                .content_type(&response::guess(plain).0)
                .header("content-encoding", HeaderValue::from_static(twin.coding)),
        })
    }
}

impl Data {
    fn new(name: &'static str, content: &'static [u8]) -> Self {
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
