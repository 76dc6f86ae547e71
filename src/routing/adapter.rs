use std::borrow::Cow;

use crate::http::{self, Method};
use crate::routing::build::{Unknown, Wanted};
use crate::routing::error::MatchError;
use crate::routing::matcher::{Asked, Found, Missed};
use crate::routing::rule::RedirectTo;
use crate::routing::spans::Spans;
use crate::routing::template::Template;
use crate::routing::{Build, Map, Matched, Params};
use crate::text::{domain, percent};

/// A map bound to what a request says of where it went: finds its rule, and builds URLs.
///
/// Paths are decoded, as WSGI's `PATH_INFO` is. A `%2F` has become `/` there, and parts
/// segments as any other does; a value with a slash needs the converter `path`.
#[derive(Clone, Debug)]
pub struct Adapter<'a> {
    pub(super) map: &'a Map,
    server_name: Cow<'a, str>,
    // Invariant: no slash at its end.
    script_root: Cow<'a, str>,
    subdomain: Cow<'a, str>,
    scheme: Cow<'a, str>,
    path: Cow<'a, str>,
    query: Cow<'a, str>,
    method: Method,
}

impl<'a> Adapter<'a> {
    pub(super) fn new(map: &'a Map, server_name: Cow<'a, str>) -> Self {
        Self {
            map,
            server_name: canonical(server_name),
            script_root: Cow::Borrowed(""),
            subdomain: Cow::Borrowed(&map.settings.default_subdomain),
            scheme: Cow::Borrowed("http"),
            path: Cow::Borrowed("/"),
            query: Cow::Borrowed(""),
            method: Method::GET,
        }
    }

    /// With this place to which the app is mounted, decoded.
    #[must_use]
    pub fn with_script_root(mut self, script_root: impl Into<Cow<'a, str>>) -> Self {
        self.script_root = match script_root.into() {
            Cow::Borrowed(root) => Cow::Borrowed(root.trim_end_matches('/')),
            Cow::Owned(root) => Cow::Owned(root.trim_end_matches('/').to_owned()),
        };
        self
    }

    /// With this subdomain of the server's name, in place of the map's default. Maps that match
    /// hosts do not look at it.
    #[must_use]
    pub fn with_subdomain(mut self, subdomain: impl Into<Cow<'a, str>>) -> Self {
        self.subdomain = canonical(subdomain.into());
        self
    }

    /// With this scheme in place of `http`. By `ws` and `wss` only rules for WebSockets match.
    #[must_use]
    pub fn with_scheme(mut self, scheme: impl Into<Cow<'a, str>>) -> Self {
        self.scheme = scheme.into();
        let port = if self.is_secure() { ":443" } else { ":80" };
        if self.server_name.ends_with(port) {
            let end = self.server_name.len() - port.len();
            self.server_name = Cow::Owned(self.server_name[..end].to_owned());
        }
        self
    }

    /// With this path within the app, decoded, for [`match_request`](Self::match_request).
    #[must_use]
    pub fn with_path(mut self, path: impl Into<Cow<'a, str>>) -> Self {
        self.path = path.into();
        self
    }

    /// With this method, in place of `GET`.
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// With this query, which redirects keep; encoded, and without the question mark.
    #[must_use]
    pub fn with_query(mut self, query: impl Into<Cow<'a, str>>) -> Self {
        self.query = query.into();
        self
    }

    /// The server's name in lower case, with its port if it is not the scheme's own.
    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    /// Where the app is mounted; no slash at its end.
    pub fn script_root(&self) -> &str {
        &self.script_root
    }

    /// The subdomain.
    pub fn subdomain(&self) -> &str {
        &self.subdomain
    }

    /// The scheme.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The path within the app.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Whether a WebSocket is asked for.
    pub fn is_websocket(&self) -> bool {
        matches!(&*self.scheme, "ws" | "wss")
    }

    /// The rule for the request that this is bound to.
    ///
    /// # Errors
    /// [`MatchError`], which says how to answer.
    pub fn match_request(&self) -> Result<Matched<'_>, MatchError> {
        self.match_with(&self.path, &self.method)
    }

    /// The rule for another path, and the same method.
    ///
    /// # Errors
    /// [`MatchError`], which says how to answer.
    pub fn match_path<'s>(&'s self, path: &'s str) -> Result<Matched<'s>, MatchError> {
        self.match_with(path, &self.method)
    }

    /// The rule for another path and method.
    ///
    /// # Errors
    /// [`MatchError`], which says how to answer.
    pub fn match_with<'s>(
        &'s self,
        path: &'s str,
        method: &'s Method,
    ) -> Result<Matched<'s>, MatchError> {
        let asked = self.asked(path, Some(method));
        let mut spans = Spans::new();
        match self.map.matcher.search(asked, &mut spans) {
            Found::Rule { rule, is_plain } => {
                let bound = &self.map.bounds[rule];
                let params = Params {
                    bound,
                    domain: asked.domain,
                    path: asked.path.unwrap_or_default(),
                    spans,
                };
                let elsewhere = match is_plain {
                    true => None,
                    false => self.elsewhere(&params, method),
                };
                match elsewhere {
                    None => Ok(Matched {
                        index: rule,
                        params,
                    }),
                    Some(url) => Err(MatchError::RequestRedirect { url }),
                }
            }
            Found::Slash => Err(self.redirect(&with_slash(asked.path))),
            Found::Nothing(missed) => Err(self.without_merging(path, method, asked, missed)),
        }
    }

    /// Whether a rule takes the path by this method, if need be after a redirect.
    pub fn test(&self, path: &str, method: &Method) -> bool {
        matches!(
            self.match_with(path, method),
            Ok(_) | Err(MatchError::RequestRedirect { .. })
        )
    }

    /// The methods that rules have for a path, in the order of the alphabet: what an `OPTIONS`
    /// is answered with. Empty where no rule matches; all that RFCs know where a rule takes
    /// every method.
    pub fn allowed_methods(&self, path: &str) -> Vec<Method> {
        match self
            .map
            .matcher
            .search(self.asked(path, None), &mut Spans::new())
        {
            Found::Nothing(missed) => missed.methods.iter().collect(),
            // Not without a method.
            Found::Rule { .. } | Found::Slash => Vec::new(),
        }
    }

    /// Begins a URL for an endpoint.
    pub fn build<'s>(&'s self, endpoint: &'s str) -> Build<'s> {
        Build::new(self, endpoint)
    }

    fn asked<'s>(&'s self, path: &'s str, method: Option<&'s Method>) -> Asked<'s> {
        let domain = match self.map.settings.host_matching {
            true => &self.server_name,
            false => &self.subdomain,
        };
        Asked {
            domain,
            path: (!path.is_empty()).then(|| path.trim_start_matches('/')),
            method,
            websocket: self.is_websocket(),
        }
    }

    /// No rule matches the path as it is; but perhaps with fewer slashes.
    fn without_merging(
        &self,
        path: &str,
        method: &Method,
        asked: Asked<'_>,
        mut missed: Missed,
    ) -> MatchError {
        let several = asked.path.filter(|path| path.contains("//"));
        if let Some(several) = several.filter(|_| self.map.settings.merge_slashes) {
            let merged = merge(several);
            let asked = Asked {
                path: Some(&merged),
                ..asked
            };
            match self.map.matcher.search(asked, &mut Spans::new()) {
                Found::Rule { rule, .. } if self.map.bounds[rule].merge_slashes => {
                    return self.redirect(&merged);
                }
                Found::Rule { .. } => {}
                Found::Slash => return self.redirect(&with_slash(asked.path)),
                Found::Nothing(more) => {
                    missed.methods.extend(&more.methods);
                    missed.websocket |= more.websocket;
                }
            }
        }
        let path = path.to_owned();
        if !missed.methods.is_empty() {
            return MatchError::MethodNotAllowed {
                path,
                method: method.clone(),
                allowed: missed.methods.iter().collect(),
            };
        }
        match missed.websocket {
            true => MatchError::WebsocketMismatch {
                path,
                websocket: self.is_websocket(),
            },
            false => MatchError::NotFound { path },
        }
    }

    /// Where a rule that matches sends the request, if it does not take it itself.
    fn elsewhere(&self, params: &Params<'_>, method: &Method) -> Option<String> {
        let bound = params.bound;
        if self.map.settings.redirect_defaults {
            if bound.rule.is_alias
                && let Some(url) = self.canonical(params, method)
            {
                return Some(self.with_own_query(url));
            }
            if let Some(url) = self.by_defaults(params, method) {
                return Some(self.with_own_query(url));
            }
        }
        match (&bound.rule.redirect_to, &bound.redirect_to) {
            (Some(RedirectTo::Function(function)), _) => {
                let target = function(self, params);
                Some(self.join(&target))
            }
            (_, Some(template)) => Some(self.fill(template, params)),
            (_, None) => None,
        }
    }

    /// The URL of the rule that a matched alias stands for.
    fn canonical(&self, params: &Params<'_>, method: &Method) -> Option<String> {
        let endpoint = params.bound.rule.endpoint();
        let mut build = self.build(endpoint);
        build.wanted = Wanted::Canonical;
        build.unknown = Unknown::Ignored;
        let build = build.values(params.iter()).method(method.clone());
        build.external().url().ok()
    }

    /// The URL of a rule whose defaults are what a matched path says.
    fn by_defaults(&self, params: &Params<'_>, method: &Method) -> Option<String> {
        let shorter = params.bound.shorter.iter();
        shorter.copied().find_map(|rule| {
            let mut build = self.build(params.bound.rule.endpoint());
            build.wanted = Wanted::Rule(rule);
            let build = build.values(params.iter()).method(method.clone());
            build.external().url().ok()
        })
    }

    fn fill(&self, template: &Template, params: &Params<'_>) -> String {
        let target = template.fill(|name, target| {
            let mut variables = params.bound.variables.iter();
            let variable = variables.find(|variable| variable.name == name);
            let Some(value) = params.value(name) else {
                return; // cannot be: the template was checked
            };
            let mut text = String::new();
            let written = variable.map(|variable| variable.converter.write(&value, &mut text));
            if !matches!(written, Some(Ok(()))) {
                text = value.to_string();
            }
            target.push_str(&percent::encode_path(&text));
        });
        self.join(&target)
    }

    /// A redirect's target, seen from the script root.
    fn join(&self, target: &str) -> String {
        let base = format!(
            "{}://{}{}/",
            self.scheme_or_http(),
            self.host_of_subdomain(&self.subdomain),
            percent::encode_path(&*self.script_root)
        );
        http::join(&base, &percent::encode_reference(target))
    }

    /// To the same place by another path, which is decoded and lacks its first slash.
    fn redirect(&self, path: &str) -> MatchError {
        let url = format!(
            "{}://{}{}/{}",
            self.scheme_or_http(),
            self.host_of_subdomain(&self.subdomain),
            percent::encode_path(&*self.script_root),
            percent::encode_path(path)
        );
        let url = self.with_own_query(url);
        MatchError::RequestRedirect { url }
    }

    fn with_own_query(&self, mut url: String) -> String {
        if !self.query.is_empty() {
            url.push('?');
            url.push_str(&percent::encode_reference(&*self.query));
        }
        url
    }

    pub(super) fn is_secure(&self) -> bool {
        matches!(&*self.scheme, "https" | "wss")
    }

    fn scheme_or_http(&self) -> &str {
        match &*self.scheme {
            "" => "http",
            scheme => scheme,
        }
    }

    /// The host that a rule's domain stands for.
    pub(super) fn host<'s>(&'s self, domain: &'s str) -> Cow<'s, str> {
        match (self.map.settings.host_matching, domain) {
            (true, "") => Cow::Borrowed(&self.server_name),
            (true, host) => Cow::Borrowed(host),
            (false, subdomain) => self.host_of_subdomain(subdomain),
        }
    }

    fn host_of_subdomain<'s>(&'s self, subdomain: &str) -> Cow<'s, str> {
        if subdomain.is_empty() || self.map.settings.host_matching {
            return Cow::Borrowed(&self.server_name);
        }
        Cow::Owned(format!("{subdomain}.{}", self.server_name))
    }
}

/// A name as names are compared: in lower case, and in ASCII where it has such a form.
fn canonical(name: Cow<'_, str>) -> Cow<'_, str> {
    if !name.is_ascii() {
        let (host, port) = name.split_at(name.rfind(':').unwrap_or(name.len()));
        if let Some(host) = domain::to_ascii(host) {
            return Cow::Owned(format!("{host}{port}"));
        }
    }
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => name,
    }
}

/// A path that lacks its first slash, with one at its end.
fn with_slash(path: Option<&str>) -> String {
    match path {
        Some(path) => format!("{path}/"),
        None => String::new(),
    }
}

/// Several slashes in a row as one.
fn merge(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for c in path.chars() {
        if !(c == '/' && merged.ends_with('/')) {
            merged.push(c);
        }
    }
    merged
}
