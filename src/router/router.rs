use std::any::type_name;
use std::cmp::Reverse;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::exceptions::{self, HttpException};
use crate::http::{HeaderValue, Method, StatusCode, header};
use crate::request::{Answered, Request, Routed, States};
use crate::response::{IntoResponse, Response};
use crate::router::View;
use crate::router::hooks::Hooks;
use crate::routing::{Map, MapBuilder, MatchError, Params, Rule, RuleError};
use crate::wsgi::{App, Environ, Error, Reply, Result, Route};

/// An app made of views, each at its rule. The [module](crate::router) shows one.
///
/// Rules are put together by [`build`](Self::build), or by the first request; a rule that is
/// wrong is an error there.
#[derive(Default)]
pub struct Router {
    rules: Vec<Rule>,
    // One for each rule, in the same order.
    views: Vec<RoutedView>,
    mounts: Vec<Mount>,
    fallback: Option<Box<dyn App>>,
    hooks: Hooks,
    states: Arc<States>,
    settings: Option<Settings>,
    map: OnceLock<Result<Arc<Map>, RouterError>>,
}

type Settings = Box<dyn Fn(MapBuilder) -> MapBuilder + Send + Sync>;
type Answer = dyn Fn(&Request<'_>, &Params<'_>) -> Result<Reply> + Send + Sync;

struct RoutedView {
    arguments: usize,
    answer: Box<Answer>,
}

struct Mount {
    // Begins with a slash, and ends with none.
    prefix: String,
    app: Box<dyn App>,
}

impl Router {
    /// A router without a rule, which answers everything with 404.
    pub fn new() -> Self {
        Self::default()
    }

    /// `view` answers `GET` (and `HEAD`) at the paths of `rule`.
    ///
    /// The [endpoint](Rule::endpoint) is the function's name; a closure's is the rule itself.
    #[must_use]
    pub fn get<A, V: View<A>>(self, rule: &str, view: V) -> Self {
        self.at(rule, [Method::GET], view)
    }

    /// `view` answers `POST` at the paths of `rule`.
    #[must_use]
    pub fn post<A, V: View<A>>(self, rule: &str, view: V) -> Self {
        self.at(rule, [Method::POST], view)
    }

    /// `view` answers `PUT` at the paths of `rule`.
    #[must_use]
    pub fn put<A, V: View<A>>(self, rule: &str, view: V) -> Self {
        self.at(rule, [Method::PUT], view)
    }

    /// `view` answers `PATCH` at the paths of `rule`.
    #[must_use]
    pub fn patch<A, V: View<A>>(self, rule: &str, view: V) -> Self {
        self.at(rule, [Method::PATCH], view)
    }

    /// `view` answers `DELETE` at the paths of `rule`.
    #[must_use]
    pub fn delete<A, V: View<A>>(self, rule: &str, view: V) -> Self {
        self.at(rule, [Method::DELETE], view)
    }

    /// `view` answers every method at the paths of `rule`.
    #[must_use]
    pub fn any<A, V: View<A>>(self, rule: &str, view: V) -> Self {
        let endpoint = endpoint_of::<V>(rule);
        self.route(Rule::new(rule, endpoint), view)
    }

    /// `view` answers what `rule` takes: for methods, defaults, hosts, names of your own.
    #[must_use]
    pub fn route<A, V: View<A>>(mut self, rule: Rule, view: V) -> Self {
        self.rules.push(rule);
        self.views.push(RoutedView {
            arguments: V::ARGUMENTS,
            answer: Box::new(move |request, params| view.answer(request, params)),
        });
        self
    }

    fn at<A, V: View<A>>(
        self,
        rule: &str,
        methods: impl IntoIterator<Item = Method>,
        view: V,
    ) -> Self {
        let endpoint = endpoint_of::<V>(rule);
        self.route(Rule::new(rule, endpoint).methods(methods), view)
    }

    /// `app` answers every path at or below `prefix` that no rule takes; to it, `prefix` is
    /// where it is mounted (`SCRIPT_NAME`). Of several the longest prefix counts.
    #[must_use]
    pub fn mount(mut self, prefix: &str, app: impl App) -> Self {
        self.mounts.push(Mount {
            prefix: format!("/{}", prefix.trim_matches('/')),
            app: Box::new(app),
        });
        self
    }

    /// `app` answers what nothing else does, in place of a 404.
    #[must_use]
    pub fn fallback(mut self, app: impl App) -> Self {
        self.fallback = Some(Box::new(app));
        self
    }

    /// `view` answers WebSockets at the paths of `rule`, and no other request: it answers with
    /// 101 and a [`Body::upgrade`](crate::wsgi::Body::upgrade), as `examples/websocket.rs` does.
    #[must_use]
    pub fn websocket<A, V: View<A>>(self, rule: &str, view: V) -> Self {
        let endpoint = endpoint_of::<V>(rule);
        self.route(
            Rule::new(rule, endpoint).methods([Method::GET]).websocket(),
            view,
        )
    }

    /// Runs before every answer, and may answer in its place: before views, mounted apps and
    /// the fallback, and also, as in Flask, where the router itself has the answer: a redirect,
    /// a 404, a 405, `OPTIONS`. [`Request::endpoint`] says whether a rule takes the request.
    #[must_use]
    pub fn before<H>(mut self, hook: H) -> Self
    where
        H: Fn(&Request<'_>) -> Result<Option<Response>> + Send + Sync + 'static,
    {
        self.hooks.before(hook);
        self
    }

    /// Runs after every answer, also one to an error, and may change it; the last one given
    /// runs first. A failure, which the debugger or the server answers, does not come here.
    #[must_use]
    pub fn after<H>(mut self, hook: H) -> Self
    where
        H: Fn(&Request<'_>, Reply) -> Result<Reply> + Send + Sync + 'static,
    {
        self.hooks.after(hook);
        self
    }

    /// Answers errors of a type of yours; the last handler given for a type counts.
    ///
    /// ```
    /// # use devserve::http::StatusCode;
    /// # use devserve::router::Router;
    /// # use devserve::Request;
    /// #[derive(Debug, thiserror::Error)]
    /// #[error("sold out")]
    /// struct SoldOut;
    ///
    /// let app = Router::new()
    ///     .get("/buy", |_: &Request| -> devserve::Result<&str> { Err(SoldOut)? })
    ///     .on_error(|_, error: &SoldOut| (StatusCode::CONFLICT, error.to_string()));
    /// # let answer = devserve::testing::Client::new(app).get("/buy").send()?;
    /// # assert_eq!((answer.status().as_u16(), &*answer.text()), (409, "sold out"));
    /// # Ok::<(), devserve::Error>(())
    /// ```
    #[must_use]
    pub fn on_error<E, H, R>(mut self, handler: H) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
        H: Fn(&Request<'_>, &E) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        self.hooks.on_error(handler);
        self
    }

    /// Answers the exceptions of a status, among them the router's own 404 and 405. The answer
    /// has that status, and the fields it needs, unless the handler says otherwise.
    #[must_use]
    pub fn on_status<H, R>(mut self, status: StatusCode, handler: H) -> Self
    where
        H: Fn(&Request<'_>, &HttpException) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        self.hooks.on_status(status, handler);
        self
    }

    /// Shares a value with all views: [`Request::state`] has it, by its type. One of each type.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        match Arc::get_mut(&mut self.states) {
            Some(states) => states.insert(state),
            None => unreachable!("nobody has the states before a request, which needs the router"),
        }
        self
    }

    /// Changes how rules are put together: converters of your own, slashes, hosts.
    #[must_use]
    pub fn settings(
        mut self,
        settings: impl Fn(MapBuilder) -> MapBuilder + Send + Sync + 'static,
    ) -> Self {
        self.settings = Some(Box::new(settings));
        self
    }

    /// Puts the rules together.
    ///
    /// # Errors
    /// [`RouterError`] for the first rule that is wrong, says the same as another, or has fewer
    /// variables than its view wants.
    pub fn build(self) -> Result<Self, RouterError> {
        match self.map() {
            Ok(_) => Ok(self),
            Err(error) => Err(error.clone()),
        }
    }

    /// The rules in the order they were given.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.rules.iter()
    }

    fn map(&self) -> Result<&Arc<Map>, &RouterError> {
        self.map.get_or_init(|| self.make_map()).as_ref()
    }

    fn make_map(&self) -> Result<Arc<Map>, RouterError> {
        let builder = match &self.settings {
            Some(settings) => settings(Map::builder()),
            None => Map::builder(),
        };
        let map = builder.rules(self.rules.iter().cloned()).build()?;
        for (index, view) in self.views.iter().enumerate() {
            let variables: Vec<_> = map.arguments(index).map(str::to_owned).collect();
            if variables.len() < view.arguments {
                return Err(RouterError::Arguments {
                    rule: self.rules[index].path().to_owned(),
                    endpoint: self.rules[index].endpoint().to_owned(),
                    wanted: view.arguments,
                    variables,
                });
            }
        }
        Ok(Arc::new(map))
    }

    /// Answers with a rule's view, or a hook; `None` where no rule takes the path.
    fn route_request(&self, map: &Map, environ: &Environ) -> Result<Option<Reply>> {
        let adapter = map.bind_to_environ(environ)?;
        let request = Request::new(environ);
        let matched = adapter.match_request();
        if let (Ok(matched), Some(routed)) = (&matched, environ.extensions().get::<Routed>()) {
            routed.matched(matched.index());
        }
        if let Some(reply) = self.hooks.run_before(&request)? {
            return Ok(Some(reply));
        }
        match matched {
            Ok(matched) => {
                let view = &self.views[matched.index()];
                (view.answer)(&request, matched.params()).map(Some)
            }
            Err(MatchError::NotFound { .. }) => Ok(None),
            // No error handler sees it: it is the router's own business.
            Err(MatchError::RequestRedirect { url }) => {
                let response = Response::redirect_with(StatusCode::PERMANENT_REDIRECT, &url);
                response.into_reply().map(Some)
            }
            Err(MatchError::MethodNotAllowed { allowed, .. }) => {
                not_allowed(environ.method(), allowed).map(Some)
            }
            Err(error) => Err(HttpException::from(error).into()),
        }
    }

    fn answer(&self, environ: &mut Environ) -> Result<Reply> {
        let map = self.map().map_err(Clone::clone)?;
        let answered = match self.route_request(map, environ) {
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => self.elsewhere(environ),
            Err(error) => Err(error),
        };
        let reply = match answered {
            Ok(reply) => reply,
            Err(error) => self.explain(error, environ)?,
        };
        self.hooks.run_after(&Request::new(environ), reply)
    }

    /// The answer of a mounted app or the fallback to what no rule takes.
    fn elsewhere(&self, environ: &mut Environ) -> Result<Reply> {
        let path = environ.path_info();
        let mounts = self.mounts.iter().filter(|mount| mount.takes(path));
        if let Some(mount) = mounts.max_by_key(|mount| mount.prefix.len()) {
            return mount.call(environ);
        }
        match &self.fallback {
            Some(fallback) => fallback.call(environ),
            None => Err(HttpException::not_found().into()),
        }
    }

    /// The answer to an error: a handler's, else the exception's own. A failure goes on up.
    fn explain(&self, error: Error, environ: &Environ) -> Result<Reply> {
        match self.hooks.handle(&Request::new(environ), &error) {
            Some(reply) => reply,
            None => exceptions::answer(&error, environ).ok_or(error),
        }
    }
}

impl App for Router {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        let map = self.map().map_err(Clone::clone)?;
        let root = Bytes::copy_from_slice(environ.script_root());
        let outer = environ.extensions().get::<Routed>().cloned();
        let routed = Routed::new(Arc::clone(map), Arc::clone(&self.states), root, outer);
        environ.extensions_mut().insert(routed.clone());
        environ.extensions_mut().remove::<Answered>();
        let reply = self.answer(environ);
        if routed.rule().is_some() {
            environ.extensions_mut().insert(Answered(routed.clone()));
        }
        // What stands around this router is of the outer one again.
        match routed.outer() {
            Some(outer) => environ.extensions_mut().insert(outer.clone()),
            None => environ.extensions_mut().remove::<Routed>(),
        };
        reply
    }

    fn routes(&self) -> Result<Vec<Route>> {
        let mut routes = self.map().map_err(Clone::clone)?.routes();
        let methods = routes.iter_mut().filter_map(|route| route.methods.as_mut());
        methods.for_each(add_options);
        let mut mounts: Vec<_> = self.mounts.iter().collect();
        // Of those with one length the last counts, as in `elsewhere`.
        mounts.reverse();
        mounts.sort_by_key(|mount| Reverse(mount.prefix.len()));
        for mount in mounts {
            let below = mount.app.routes()?.into_iter();
            routes.extend(below.map(|route| route.below(&mount.prefix)));
        }
        if let Some(fallback) = &self.fallback {
            routes.extend(fallback.routes()?);
        }
        Ok(routes)
    }
}

impl Mount {
    fn takes(&self, path: &[u8]) -> bool {
        let prefix = self.prefix.trim_end_matches('/').as_bytes();
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    }

    /// Calls the app where it stands, and leaves the environ as it was.
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        let prefix = self.prefix.trim_end_matches('/');
        let root = Bytes::copy_from_slice(environ.script_root());
        let path = Bytes::copy_from_slice(environ.path_info());
        let below = [&*root, prefix.as_bytes()].concat();
        environ.set_mount(below, path.slice(prefix.len()..));
        let reply = self.app.call(environ);
        environ.set_mount(root, path);
        reply
    }
}

/// `OPTIONS` is answered for every path there is (RFC 9110 §9.3.7); all else is a 405.
fn not_allowed(method: &Method, mut allowed: Vec<Method>) -> Result<Reply> {
    add_options(&mut allowed);
    if method != Method::OPTIONS {
        return Err(HttpException::method_not_allowed()
            .with_allow(allowed)
            .into());
    }
    let names: Vec<_> = allowed.iter().map(Method::as_str).collect();
    let mut reply = Response::empty().into_reply()?;
    let allow = HeaderValue::try_from(names.join(", "))?;
    reply.headers_mut().insert(header::ALLOW, allow);
    Ok(reply)
}

/// Adds the method that the router answers for every rule.
fn add_options(methods: &mut Vec<Method>) {
    if !methods.contains(&Method::OPTIONS) {
        methods.push(Method::OPTIONS);
    }
    methods.sort_by(|a, b| a.as_str().cmp(b.as_str()));
}

/// A function's name without its path; the rule where it has none.
fn endpoint_of<V>(rule: &str) -> String {
    let path = type_name::<V>();
    let name = path.rsplit("::").next().unwrap_or(path);
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    match !name.is_empty() && name.chars().all(is_name) {
        true => name.to_owned(),
        false => rule.to_owned(),
    }
}

/// The rules, a line each.
impl fmt::Display for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in &self.rules {
            writeln!(f, "{rule}")?;
        }
        for mount in &self.mounts {
            writeln!(f, "{}/…", mount.prefix.trim_end_matches('/'))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("rules", &self.rules)
            .field("hooks", &self.hooks)
            .finish_non_exhaustive()
    }
}

/// Why a router could not be put together.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RouterError {
    /// A rule is wrong.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// A view wants more than its rule has.
    #[error(
        "the view {endpoint:?} wants {wanted} arguments besides the request, and its rule {rule:?} has {}: {variables:?}; give the rule a variable for each",
        .variables.len()
    )]
    Arguments {
        /// The rule.
        rule: String,
        /// The view.
        endpoint: String,
        /// How many the view wants.
        wanted: usize,
        /// What the rule has.
        variables: Vec<String>,
    },
}
