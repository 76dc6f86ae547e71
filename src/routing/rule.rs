use std::fmt;
use std::iter;
use std::sync::Arc;

use crate::http::Method;
use crate::routing::methods::MethodSet;
use crate::routing::{Adapter, Params, Value};

/// One pattern of paths, and the endpoint that answers them.
///
/// ```text
/// /                        nothing but the root
/// /user/<name>             one segment, whatever is in it
/// /user/<int:id>/          digits; a request without the slash is sent to the one with it
/// /files/<path:file>       everything below
/// /<a>-<b>.<any(png, jpg):ext>   several variables in one segment
/// ```
///
/// | converter | takes | value |
/// |---|---|---|
/// | `string(minlength=1, maxlength, length)`, or none | anything but `/` | text |
/// | `int(fixed_digits, min, max, signed=False)` | ASCII digits | `i128` |
/// | `float(min, max, signed=False)` | digits, a point, digits | `f64` |
/// | `uuid` | a UUID with its hyphens | [`Uuid`](crate::routing::Uuid) |
/// | `any(one, "or another")` | one of the words | text |
/// | `path` | anything that does not begin with `/` | text |
///
/// The setters check nothing; the [`Map`](crate::routing::Map) does when it is made.
#[derive(Clone)]
pub struct Rule {
    pub(super) path: String,
    pub(super) endpoint: String,
    pub(super) methods: Option<Vec<Method>>,
    pub(super) defaults: Vec<(String, Value<'static>)>,
    pub(super) subdomain: Option<String>,
    pub(super) host: Option<String>,
    pub(super) strict_slashes: Option<bool>,
    pub(super) merge_slashes: Option<bool>,
    pub(super) redirect_to: Option<RedirectTo>,
    pub(super) is_alias: bool,
    pub(super) is_build_only: bool,
    pub(super) is_websocket: bool,
}

/// Where a rule sends its requests.
#[derive(Clone)]
pub(super) enum RedirectTo {
    Template(String),
    Function(RedirectFn),
}

pub(super) type RedirectFn = Arc<dyn Fn(&Adapter<'_>, &Params<'_>) -> String + Send + Sync>;

impl Rule {
    /// A rule for requests of any method.
    pub fn new(path: impl Into<String>, endpoint: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            endpoint: endpoint.into(),
            methods: None,
            defaults: Vec::new(),
            subdomain: None,
            host: None,
            strict_slashes: None,
            merge_slashes: None,
            redirect_to: None,
            is_alias: false,
            is_build_only: false,
            is_websocket: false,
        }
    }

    /// Only requests of these methods. `GET` brings `HEAD` with it; nothing brings `OPTIONS`.
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.methods = Some(methods.into_iter().collect());
        self
    }

    /// A value that the path does not say. Of two rules of one endpoint the one that says more
    /// sends its requests to the one with the default, where they mean the same.
    #[must_use]
    pub fn default(mut self, name: impl Into<String>, value: impl Into<Value<'static>>) -> Self {
        let name = name.into();
        self.defaults.retain(|(known, _)| *known != name);
        self.defaults.push((name, value.into()));
        self
    }

    /// Only requests to this subdomain of the server's name; it may have variables.
    #[must_use]
    pub fn subdomain(mut self, subdomain: impl Into<String>) -> Self {
        self.subdomain = Some(subdomain.into());
        self
    }

    /// Only requests to this host, with its port if that is not the scheme's own; it may have
    /// variables. For maps that match hosts.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Whether `/a` is sent to `/a/`, where the rule has the slash. Without it the rule takes
    /// both, as a rule without the slash then does. By default what the map says.
    #[must_use]
    pub fn strict_slashes(mut self, strict: bool) -> Self {
        self.strict_slashes = Some(strict);
        self
    }

    /// Whether `/a//b` is sent to `/a/b`. By default what the map says.
    #[must_use]
    pub fn merge_slashes(mut self, merge: bool) -> Self {
        self.merge_slashes = Some(merge);
        self
    }

    /// Sends its requests elsewhere: to a path below the script root, as `new/<slug>`, to one
    /// of the host, as `/new/<slug>`, or to a URL. Variables are the rule's own.
    #[must_use]
    pub fn redirect_to(mut self, target: impl Into<String>) -> Self {
        self.redirect_to = Some(RedirectTo::Template(target.into()));
        self
    }

    /// Sends its requests to where the function says, in the words of
    /// [`redirect_to`](Self::redirect_to), encoded.
    #[must_use]
    pub fn redirect_with(
        mut self,
        target: impl Fn(&Adapter<'_>, &Params<'_>) -> String + Send + Sync + 'static,
    ) -> Self {
        self.redirect_to = Some(RedirectTo::Function(Arc::new(target)));
        self
    }

    /// Another path of an endpoint, whose requests are sent to the first.
    #[must_use]
    pub fn alias(mut self) -> Self {
        self.is_alias = true;
        self
    }

    /// Only for building: of files that another server has, say.
    #[must_use]
    pub fn build_only(mut self) -> Self {
        self.is_build_only = true;
        self
    }

    /// Only requests for a WebSocket, which other rules do not get.
    #[must_use]
    pub fn websocket(mut self) -> Self {
        self.is_websocket = true;
        self
    }

    /// The path as it was written.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The endpoint's name.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The methods it takes, in the order of the alphabet, with the `HEAD` that comes with
    /// `GET`; `None` where it takes every method.
    pub fn allowed_methods(&self) -> Option<Vec<Method>> {
        self.methods.as_ref()?;
        Some(self.method_set().iter().collect())
    }

    /// The names and values of its defaults.
    pub fn defaults(&self) -> impl Iterator<Item = (&str, &Value<'static>)> {
        self.defaults.iter().map(|(name, value)| (&**name, value))
    }

    /// The subdomain or host it is for, as it was written.
    pub fn domain(&self) -> Option<&str> {
        self.host.as_deref().or(self.subdomain.as_deref())
    }

    /// Whether it is [another path](Self::alias) of its endpoint.
    pub fn is_alias(&self) -> bool {
        self.is_alias
    }

    /// Whether it is [only for building](Self::build_only).
    pub fn is_build_only(&self) -> bool {
        self.is_build_only
    }

    /// Whether it is [for WebSockets](Self::websocket).
    pub fn is_websocket(&self) -> bool {
        self.is_websocket
    }

    pub(super) fn takes(&self, method: &Method) -> bool {
        let Some(methods) = &self.methods else {
            return true;
        };
        let head = *method == Method::HEAD && methods.contains(&Method::GET);
        head || methods.contains(method)
    }

    pub(super) fn method_set(&self) -> MethodSet {
        let Some(methods) = &self.methods else {
            return MethodSet::ALL;
        };
        let mut set: MethodSet = methods.iter().collect();
        if set.contains(&Method::GET) {
            set.insert(&Method::HEAD);
        }
        set
    }
}

/// The path as it was written.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Rule {}{:?}", self.domain().unwrap_or(""), self.path)?;
        if self.methods.is_some() {
            let methods: Vec<_> = self.method_set().iter().collect();
            write!(f, " {methods:?}")?;
        }
        write!(f, " -> {}>", self.endpoint)
    }
}

/// One rule can stand where several are wanted.
impl IntoIterator for Rule {
    type Item = Self;
    type IntoIter = iter::Once<Self>;

    fn into_iter(self) -> Self::IntoIter {
        iter::once(self)
    }
}
