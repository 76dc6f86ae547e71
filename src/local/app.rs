use crate::local::Context;
use crate::request::Request;
use crate::wsgi::{App, Body, Environ, Reply, Result, Route, StartResponse};

/// An app each of whose calls has a [`Context`] of its own.
///
/// Helpers see the environ as it is here. So put it inside of what changes that, such as mounts
/// and sessions. The context is among the environ's extensions too.
#[derive(Clone, Debug)]
pub struct InContext<A>(A);

impl<A: App> InContext<A> {
    /// `app`, called in a context for each request.
    pub fn new(app: A) -> Self {
        Self(app)
    }

    fn enter<R>(environ: &mut Environ, call: impl FnOnce(&mut Environ) -> R) -> R {
        let context = Context::of(environ);
        environ.extensions_mut().insert(context.clone());
        context.run(|| call(environ))
    }
}

impl<A: App> App for InContext<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        Self::enter(environ, |environ| self.0.call(environ))
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        Self::enter(environ, |environ| self.0.wsgi(environ, start_response))
    }

    fn routes(&self) -> Result<Vec<Route>> {
        self.0.routes()
    }
}

/// What `f` makes of the request this thread answers; `None` where it answers none.
///
/// It has the whole head, and no body: the view has that, or has read it.
pub fn with_request<R>(f: impl FnOnce(&Request<'_>) -> R) -> Option<R> {
    let context = Context::current()?;
    context.environ().map(|environ| f(&Request::new(environ)))
}

/// A body whose chunks are made in the context of now, though they are made when the app is
/// done. Outside of a context it stays as it is.
///
/// ```
/// use devserve::local::{InContext, stream_with_context, with_request};
/// use devserve::testing::Client;
/// use devserve::wsgi::Body;
/// use devserve::{Request, Response};
///
/// fn app(_: &Request) -> Response {
///     let path = || with_request(|request| request.path().into_owned());
///     let chunks = std::iter::once_with(move || Ok(path().unwrap_or_default()));
///     Response::new("text/plain", stream_with_context(Body::chunks(chunks)))
/// }
///
/// let client = Client::new(InContext::new(app));
/// assert_eq!(client.get("/late").send()?.text(), "/late");
/// # Ok::<(), devserve::Error>(())
/// ```
pub fn stream_with_context(body: impl Into<Body>) -> Body {
    let body = body.into();
    match Context::current() {
        Some(context) => body.within(move || context.enter()),
        None => body,
    }
}
