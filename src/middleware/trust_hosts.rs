use crate::exceptions;
use crate::http::TrustedHosts;
use crate::middleware::doors;
use crate::request::Request;
use crate::wsgi::{App, Body, Environ, Error, Reply, Result, Route, StartResponse};

/// An app that answers to some hosts only; a request for another is a 400.
///
/// ```
/// use devserve::Request;
/// use devserve::http::StatusCode;
/// use devserve::middleware::TrustHosts;
/// use devserve::wsgi::{self, Environ};
///
/// let shop = |request: &Request| Ok::<_, wsgi::Error>(request.root_url()?);
/// let shop = TrustHosts::new(shop, ["shop.example"]);
/// let mut environ = Environ::new(http::Method::GET, "http://shop.example.evil.test/");
/// assert_eq!(wsgi::call(&shop, &mut environ)?.status(), StatusCode::BAD_REQUEST);
/// # Ok::<(), wsgi::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrustHosts<A> {
    app: A,
    hosts: TrustedHosts,
}

impl<A: App> TrustHosts<A> {
    /// `app`, under these hosts; see [`TrustedHosts`] for what an entry may be.
    pub fn new<S: AsRef<str>>(app: A, hosts: impl IntoIterator<Item = S>) -> Self {
        Self {
            app,
            hosts: TrustedHosts::new(hosts),
        }
    }

    /// The answer in the app's place, to a request for another host.
    fn refusal(&self, environ: &mut Environ) -> Result<Option<Reply>> {
        environ.extensions_mut().insert(self.hosts.clone());
        let host = Request::new(environ).host();
        let Err(error) = host.map_err(Error::from) else {
            return Ok(None);
        };
        exceptions::answer(&error, environ).map(Some).ok_or(error)
    }
}

impl<A: App> App for TrustHosts<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        doors::call(self.refusal(environ)?, &self.app, environ)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        doors::wsgi(self.refusal(environ)?, &self.app, environ, start_response)
    }

    fn routes(&self) -> Result<Vec<Route>> {
        self.app.routes()
    }
}
