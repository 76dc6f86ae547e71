use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::exceptions;
use crate::http::{Method, header};
use crate::middleware::doors;
use crate::middleware::shared_data::listing::Listing;
use crate::middleware::shared_data::source::{Data, Source, TWINS, best_twin};
use crate::response::{FileError, Response};
use crate::security::plain_path;
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
    pub(super) listing: Listing,
    is_hidden: Box<IsHidden>,
}

/// Whether a path below a prefix is left to the app.
pub(super) type IsHidden = dyn Fn(&str) -> bool + Send + Sync;

impl<A: App> SharedData<A> {
    /// `app`, with nothing beside it yet.
    pub fn new(app: A) -> Self {
        Self {
            app,
            exports: Vec::new(),
            max_age: None,
            index: None,
            listing: Listing::default(),
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

    /// Answers a path that ends with a slash with the file of this name in it: `index.html`. A
    /// folder that has one and is asked for without its slash sends the browser to the path with
    /// it, or the links of that page would lead elsewhere.
    pub fn index(mut self, name: &str) -> Self {
        self.index = Some(name.to_owned());
        self
    }

    /// Leaves paths to the app that `is_hidden` says. It gets the path behind the prefix,
    /// decoded, without its first slash and without `..`; that of a folder ends with a slash.
    /// Bytes that are no UTF-8 appear as U+FFFD.
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
            let Some(rest) = doors::below(prefix, environ.path_info()) else {
                continue;
            };
            // 403, 412 and 416 are answers; a file that cannot be read is a fault of ours.
            let found = self
                .find_in(source, prefix, rest, environ)
                .or_else(|error| exceptions::answer(&error, environ).map(Some).ok_or(error));
            if let Some(reply) = found? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    /// What a source has for `rest` of a path: a file, a folder's index or listing, or the way to
    /// these.
    fn find_in(
        &self,
        source: &Source,
        prefix: &str,
        rest: &[u8],
        environ: &Environ,
    ) -> Result<Option<Reply>> {
        if let Source::File(_) = source {
            return match rest {
                b"" => self.answer(source, b"", environ),
                _ => Ok(None),
            };
        }
        // Without its slash, the root of a source is a folder like any other.
        let Some(path) = plain_path(rest.strip_prefix(b"/").unwrap_or(rest)) else {
            return Ok(None);
        };
        if !rest.ends_with(b"/") {
            let names_file = !path.is_empty() && !self.hides(&path);
            if names_file && let Some(reply) = self.answer(source, &path, environ)? {
                return Ok(Some(reply));
            }
            return match !self.hides(&in_folder(&path, "")) && self.shows(source, &path) {
                true => Ok(Some(Response::append_slash_redirect(environ).into_reply()?)),
                false => Ok(None),
            };
        }
        if self.hides(&in_folder(&path, "")) {
            return Ok(None);
        }
        if let Some(index) = &self.index {
            let file = in_folder(&path, index);
            if !self.hides(&file)
                && let Some(reply) = self.answer(source, &file, environ)?
            {
                return Ok(Some(reply));
            }
        }
        self.listing
            .reply(source, prefix, &path, &self.is_hidden, environ)
    }

    /// Whether there is something to see in a folder, at its path with a slash.
    fn shows(&self, source: &Source, path: &[u8]) -> bool {
        let has_index = |index: &String| {
            let file = in_folder(path, index);
            source.has_file(&file) && !self.hides(&file)
        };
        self.index.as_ref().is_some_and(has_index)
            || self.listing.is_on() && source.has_folder(path)
    }

    fn hides(&self, path: &[u8]) -> bool {
        // The root is never hidden: it was exported.
        !path.is_empty() && (self.is_hidden)(&String::from_utf8_lossy(path))
    }

    fn answer(&self, source: &Source, path: &[u8], environ: &Environ) -> Result<Option<Reply>> {
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
                _ => Err(error),
            },
        }
    }
}

impl<A: App> App for SharedData<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        doors::call(self.find(environ)?, &self.app, environ)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        doors::wsgi(self.find(environ)?, &self.app, environ, start_response)
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

/// The path of `name` in a folder; the root's is empty.
fn in_folder(path: &[u8], name: &str) -> Vec<u8> {
    match path {
        b"" => name.as_bytes().to_vec(),
        _ => [path, b"/", name.as_bytes()].concat(),
    }
}
