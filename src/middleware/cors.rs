use std::time::Duration;

use crate::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use crate::middleware::doors::{self, EditedHead};
use crate::response::Response;
use crate::wsgi::{App, Body, Environ, Reply, Result, Route, StartResponse};

/// An app that pages of other origins may call (CORS; Fetch §3.3).
///
/// No origin may until it is named. The browser's question before a request that could do harm,
/// the preflight, is answered here; every other request reaches the app, and its answer says who
/// may read it.
///
/// ```
/// use devserve::Request;
/// use devserve::http::Method;
/// use devserve::middleware::Cors;
/// use devserve::testing::Client;
///
/// let api = Cors::new(|_: &Request| "carts")
///     .allow_origin("http://localhost:5173")
///     .allow_methods([Method::GET, Method::DELETE])
///     .allow_headers(["content-type"]);
///
/// let client = Client::new(api);
/// let answer = client.get("/").header("origin", "http://localhost:5173").send()?;
/// assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:5173"));
/// # Ok::<(), devserve::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cors<A> {
    app: A,
    policy: Policy,
}

#[derive(Clone, Debug)]
struct Policy {
    origins: Origins,
    methods: Vec<Method>,
    headers: Vec<HeaderName>,
    exposed: Vec<HeaderName>,
    // Invariant: false where any origin may.
    allows_credentials: bool,
    max_age: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Origins {
    Any,
    These(Vec<HeaderValue>),
}

impl<A: App> Cors<A> {
    /// `app`, which no other origin may call yet. What is allowed then are `GET`, `HEAD` and
    /// `POST`, without cookies.
    pub fn new(app: A) -> Self {
        Self {
            app,
            policy: Policy {
                origins: Origins::These(Vec::new()),
                methods: vec![Method::GET, Method::HEAD, Method::POST],
                headers: Vec::new(),
                exposed: Vec::new(),
                allows_credentials: false,
                max_age: None,
            },
        }
    }

    /// Pages of this origin may: scheme, host, and the port where it is not the scheme's own, as
    /// in `https://shop.example`. `null` would be every sandboxed page.
    ///
    /// # Panics
    /// If it is no origin as browsers send them.
    #[track_caller]
    pub fn allow_origin(mut self, origin: &str) -> Self {
        let host = origin.split_once("://").map(|(_, host)| host);
        let is_origin = host
            .is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@']))
            && !origin.bytes().any(|byte| byte.is_ascii_uppercase());
        let value = HeaderValue::from_str(origin).ok().filter(|_| is_origin);
        let Some(value) = value else {
            panic!(
                "{origin:?} is no origin; write scheme and host in lower case, as \"https://shop.example\""
            );
        };
        match &mut self.policy.origins {
            Origins::Any => {}
            Origins::These(origins) => origins.push(value),
        }
        self
    }

    /// Pages of every origin may.
    ///
    /// # Panics
    /// If credentials are allowed, too: every page of the web could act as the user.
    #[track_caller]
    pub fn allow_any_origin(mut self) -> Self {
        self.policy.origins = Origins::Any;
        self.checked()
    }

    /// They may use these methods, and no others.
    pub fn allow_methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.policy.methods = methods.into_iter().collect();
        self
    }

    /// They may send these fields besides the usual ones.
    ///
    /// # Panics
    /// If one is no field name.
    #[track_caller]
    pub fn allow_headers<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.policy.headers = field_names(names);
        self
    }

    /// They may read these fields of the answer besides the usual ones.
    ///
    /// # Panics
    /// If one is no field name.
    #[track_caller]
    pub fn expose_headers<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.policy.exposed = field_names(names);
        self
    }

    /// They may send the user's cookies, and so act as the user.
    ///
    /// # Panics
    /// If every origin may: name those that you trust with that.
    #[track_caller]
    pub fn allow_credentials(mut self) -> Self {
        self.policy.allows_credentials = true;
        self.checked()
    }

    /// A browser need not ask again for so long; how long it keeps that it was allowed.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.policy.max_age = Some(age);
        self
    }

    #[track_caller]
    fn checked(self) -> Self {
        let is_open = self.policy.allows_credentials && matches!(self.policy.origins, Origins::Any);
        assert!(
            !is_open,
            "with credentials any origin could act as the user; name origins with allow_origin"
        );
        self
    }
}

impl<A: App> App for Cors<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        if is_preflight(environ) {
            return self.policy.preflight(environ);
        }
        let origin = self.policy.allowed(environ);
        let mut reply = self.app.call(environ)?;
        self.policy.mark(origin.as_ref(), reply.headers_mut());
        Ok(reply)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        if is_preflight(environ) {
            return doors::start(self.policy.preflight(environ)?, start_response);
        }
        let origin = self.policy.allowed(environ);
        let mut start = EditedHead {
            start_response,
            edit: |_, headers: &mut HeaderMap| self.policy.mark(origin.as_ref(), headers),
        };
        self.app.wsgi(environ, &mut start)
    }

    fn routes(&self) -> Result<Vec<Route>> {
        self.app.routes()
    }
}

impl Policy {
    /// What `Access-Control-Allow-Origin` says to this request.
    fn allowed(&self, environ: &Environ) -> Option<HeaderValue> {
        match &self.origins {
            Origins::Any => Some(HeaderValue::from_static("*")),
            Origins::These(origins) => {
                let origin = environ.headers().get(header::ORIGIN)?;
                origins.iter().find(|known| *known == origin).cloned()
            }
        }
    }

    /// Says who may read an answer, also to those who may not and to caches between.
    fn mark(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        if matches!(self.origins, Origins::These(_)) {
            doors::vary(headers, &header::ORIGIN);
        }
        let Some(origin) = origin else {
            return;
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if self.allows_credentials {
            let value = HeaderValue::from_static("true");
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, value);
        }
        let names: Vec<_> = self.exposed.iter().map(HeaderName::as_str).collect();
        if let Ok(names) = HeaderValue::try_from(names.join(", "))
            && !names.is_empty()
        {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, names);
        }
    }

    /// The answer to a preflight. Where something is not allowed it says less, and the browser
    /// tells the page's author what was missing.
    fn preflight(&self, environ: &Environ) -> Result<Reply> {
        let origin = self.allowed(environ);
        let mut response = Response::empty();
        if origin.is_some() {
            response = response.access_control_allow_methods(self.methods.iter().cloned());
            if !self.headers.is_empty() {
                response = response
                    .access_control_allow_headers(self.headers.iter().map(HeaderName::as_str));
            }
            if let Some(age) = self.max_age {
                response = response.access_control_max_age(age);
            }
        }
        let mut reply = response.into_reply()?;
        self.mark(origin.as_ref(), reply.headers_mut());
        reply
            .headers_mut()
            .remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        Ok(reply)
    }
}

/// Whether a browser asks if it may ask (Fetch §4.8).
fn is_preflight(environ: &Environ) -> bool {
    let has = |name| environ.headers().contains_key(name);
    *environ.method() == Method::OPTIONS
        && has(header::ORIGIN)
        && has(header::ACCESS_CONTROL_REQUEST_METHOD)
}

#[track_caller]
fn field_names<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Vec<HeaderName> {
    let mut fields = Vec::new();
    for name in names {
        let name = name.as_ref();
        match name.parse() {
            Ok(field) => fields.push(field),
            Err(_) => panic!("{name:?} is no field name"),
        }
    }
    fields
}
