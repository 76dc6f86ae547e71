use std::fmt;

use bytes::Bytes;

use crate::middleware::doors;
use crate::wsgi::{App, Body, Environ, Reply, Result, Route, StartResponse};

/// Several apps as one: each below a path of its own, and one for all other paths.
///
/// The longest prefix wins, whatever the order they were given in; `/api` covers `/api` and
/// `/api/users`, not `/apis`. An app sees the path below its own: the prefix goes from
/// `PATH_INFO` to the end of `SCRIPT_NAME`, so that the URLs it makes are right, and comes back
/// when the app has returned.
///
/// ```
/// use devserve::middleware::Dispatcher;
/// use devserve::testing::Client;
/// use devserve::{Request, app};
///
/// let api = app(|request| format!("{} below {}", request.path(), request.script_root()));
/// let site = Dispatcher::new(|_: &Request| "the shop").mount("/api/v1", api);
///
/// let client = Client::new(site);
/// assert_eq!(client.get("/api/v1/carts").send()?.text(), "/carts below /api/v1");
/// assert_eq!(client.get("/api").send()?.text(), "the shop");
/// # Ok::<(), devserve::Error>(())
/// ```
pub struct Dispatcher {
    app: Box<dyn App>,
    // Invariant: the longest prefix first; none is empty or ends with a slash.
    mounts: Vec<(String, Box<dyn App>)>,
}

impl Dispatcher {
    /// `app` for every path.
    pub fn new(app: impl App) -> Self {
        Self {
            app: Box::new(app),
            mounts: Vec::new(),
        }
    }

    /// `app` for `prefix` and all below it. The prefix is a decoded path, such as `/café`; a
    /// slash at its end means nothing.
    ///
    /// # Panics
    /// If the prefix does not begin with a slash, is the root, or has an app already.
    #[track_caller]
    pub fn mount(mut self, prefix: &str, app: impl App) -> Self {
        let place = doors::prefix(prefix);
        assert!(
            !place.is_empty(),
            "the app for every other path is given to Dispatcher::new; mount others below, as \"/api\""
        );
        assert!(
            !self.mounts.iter().any(|(known, _)| known == place),
            "two apps are mounted at {place:?}; give each a path of its own"
        );
        let shorter = |(known, _): &(String, _)| known.len() < place.len();
        let position = self.mounts.iter().position(shorter);
        let position = position.unwrap_or(self.mounts.len());
        self.mounts
            .insert(position, (place.to_owned(), Box::new(app)));
        self
    }

    /// Calls the app that a request is for, with the border of the two paths where it belongs.
    fn dispatch<T>(
        &self,
        environ: &mut Environ,
        call: impl FnOnce(&dyn App, &mut Environ) -> T,
    ) -> T {
        let covers =
            |(prefix, _): &&(String, _)| doors::below(prefix, environ.path_info()).is_some();
        match self.mounts.iter().find(covers) {
            Some((prefix, app)) => call(&**app, Mounted::at(prefix.len(), environ).0),
            None => call(&*self.app, environ),
        }
    }
}

impl App for Dispatcher {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        self.dispatch(environ, |app, environ| app.call(environ))
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        self.dispatch(environ, |app, environ| app.wsgi(environ, start_response))
    }

    fn routes(&self) -> Result<Vec<Route>> {
        let mut routes = Vec::new();
        for (prefix, app) in &self.mounts {
            let below = app.routes()?.into_iter();
            routes.extend(below.map(|route| route.below(prefix)));
        }
        routes.extend(self.app.routes()?);
        Ok(routes)
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefixes: Vec<_> = self.mounts.iter().map(|(prefix, _)| prefix).collect();
        f.debug_struct("Dispatcher")
            .field("prefixes", &prefixes)
            .finish_non_exhaustive()
    }
}

/// An environ whose border has moved, until this is dropped: also when the app panics, as who
/// reports that shows the environ.
struct Mounted<'a>(&'a mut Environ, [Bytes; 2]);

impl<'a> Mounted<'a> {
    fn at(length: usize, environ: &'a mut Environ) -> Self {
        let script_root = Bytes::copy_from_slice(environ.script_root());
        let path_info = Bytes::copy_from_slice(environ.path_info());
        let moved = [&script_root[..], &path_info[..length]].concat();
        environ.set_mount(moved, path_info.slice(length..));
        Self(environ, [script_root, path_info])
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let [script_root, path_info] = std::mem::take(&mut self.1);
        self.0.set_mount(script_root, path_info);
    }
}
