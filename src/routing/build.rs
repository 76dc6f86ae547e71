use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::http::Method;
use crate::routing::bound::{Bound, Recipe};
use crate::routing::given::{Given, Pair};
use crate::routing::segment::Variable;
use crate::routing::{Adapter, BuildError, Value};
use crate::text::percent;

/// A URL in the making: [`Adapter::build`].
///
/// The endpoint's rules are tried in turn, those that say most first. What a rule has no
/// variable for becomes the query.
///
/// ```
/// # use devserve::routing::{Map, Rule};
/// let map = Map::new(Rule::new("/user/<int:id>", "user"))?;
/// let urls = map.bind("example.test").with_script_root("/app");
/// let url = urls.build("user").value("id", 7).value("tag", "a b").value("tag", "c").url()?;
/// assert_eq!(url, "/app/user/7?tag=a+b&tag=c");
/// let url = urls.build("user").value("id", 7).anchor("top").external().url()?;
/// assert_eq!(url, "http://example.test/app/user/7#top");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Build<'b> {
    adapter: &'b Adapter<'b>,
    endpoint: &'b str,
    values: Given<'b>,
    method: Option<Method>,
    is_external: bool,
    scheme: Option<&'b str>,
    anchor: Option<&'b str>,
    pub(super) unknown: Unknown,
    pub(super) wanted: Wanted,
}

/// What becomes of values that a rule has no variable for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    Query,
    Ignored,
}

/// Which of an endpoint's rules will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Any,
    /// No alias.
    Canonical,
    /// This one.
    Rule(usize),
}

// What stands bare in a query, as in Werkzeug; a space becomes `+`.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b'-')
    .remove(b'.')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'?')
    .remove(b'@')
    .remove(b'_')
    .remove(b'~');

impl<'b> Build<'b> {
    pub(super) fn new(adapter: &'b Adapter<'b>, endpoint: &'b str) -> Self {
        Self {
            adapter,
            endpoint,
            values: Given::default(),
            method: None,
            is_external: false,
            scheme: None,
            anchor: None,
            unknown: Unknown::Query,
            wanted: Wanted::Any,
        }
    }

    /// With a value. Of several by one name a variable takes the first; a query has them all.
    #[inline]
    pub fn value(mut self, name: &'b str, value: impl Into<Value<'b>>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// With a value if there is one.
    pub fn maybe(self, name: &'b str, value: Option<impl Into<Value<'b>>>) -> Self {
        match value {
            Some(value) => self.value(name, value),
            None => self,
        }
    }

    /// With all these values.
    pub fn values<V: Into<Value<'b>>>(
        mut self,
        values: impl IntoIterator<Item = (&'b str, V)>,
    ) -> Self {
        for (name, value) in values {
            self.values.push((name, value.into()));
        }
        self
    }

    /// By a rule that takes this method. Without, rules that take the request's method come
    /// first.
    pub fn method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// With scheme and host, as for a mail. Without, they are there only where they differ from
    /// the request's.
    pub fn external(mut self) -> Self {
        self.is_external = true;
        self
    }

    /// With this scheme in place of the request's, if the URL has one. A rule for WebSockets
    /// makes it `ws` or `wss`. An empty one leaves `//host/path`.
    pub fn scheme(mut self, scheme: &'b str) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// With what follows the `#`.
    pub fn anchor(mut self, anchor: &'b str) -> Self {
        self.anchor = Some(anchor);
        self
    }

    /// Without a query: values that the rule has no variable for are left out.
    pub fn without_unknown(mut self) -> Self {
        self.unknown = Unknown::Ignored;
        self
    }

    /// The URL, encoded.
    ///
    /// # Errors
    /// [`BuildError`] where no rule of the endpoint can be built from these values.
    pub fn url(self) -> Result<String, BuildError> {
        let map = self.adapter.map;
        let Some(places) = map.places_of(self.endpoint) else {
            return Err(self.unknown_endpoint());
        };
        let own = self.adapter.method();
        let found = match &self.method {
            Some(method) => self.first(places, Some(method)),
            None => self
                .first(places, Some(own))
                .or_else(|| self.first(places, None)),
        };
        found.ok_or_else(|| self.explain(places))
    }

    /// The URL of the first rule that can be built; where hosts are matched, of the first that
    /// is on this host.
    fn first(&self, places: &[usize], method: Option<&Method>) -> Option<String> {
        let map = self.adapter.map;
        let mut elsewhere = None;
        for place in places {
            let bound = &map.bounds[*place];
            let wanted = match self.wanted {
                Wanted::Any => true,
                Wanted::Canonical => !bound.rule.is_alias,
                Wanted::Rule(rule) => rule == *place,
            };
            if !wanted || self.obstacle(bound, method).is_some() {
                continue;
            }
            match self.url_of(bound) {
                Ok((url, true)) => return Some(url),
                Ok((url, false)) => elsewhere = elsewhere.or(Some(url)),
                Err(_) => {}
            }
        }
        elsewhere
    }

    /// Why a rule is not for these values and this method, as far as is seen before writing.
    fn obstacle<'s>(&'s self, bound: &'s Bound, method: Option<&Method>) -> Option<Obstacle<'s>> {
        if method.is_some_and(|method| !bound.rule.takes(method)) {
            return Some(Obstacle::Method);
        }
        // Where there are enough values, writing finds out which are missing.
        let misses = || {
            let mut variables = bound.variables.iter();
            variables.any(|variable| self.values.get(&variable.name).is_none())
        };
        let has_defaults = !bound.rule.defaults.is_empty();
        if self.values.len() < bound.variables.len() || has_defaults && misses() {
            return Some(Obstacle::Missing);
        }
        let mut defaults = bound.rule.defaults();
        defaults.find_map(|(name, default)| {
            let value = self.values.get(name).filter(|value| *value != default)?;
            Some(Obstacle::Default { name, value })
        })
    }

    /// The URL by one rule, and whether it is one of those to prefer.
    fn url_of<'s>(&'s self, bound: &'s Bound) -> Result<(String, bool), Obstacle<'s>> {
        let adapter = self.adapter;
        let settings = &adapter.map.settings;
        let mut domain = String::new();
        self.write(bound, &bound.domain_recipe, &mut domain)?;
        let is_here = match (settings.host_matching, domain.as_str()) {
            (true, domain) => adapter.host(domain) == adapter.server_name(),
            (false, "") => adapter.subdomain().is_empty(),
            (false, domain) => domain == adapter.subdomain(),
        };
        let mut url = String::with_capacity(64);
        if self.is_external || bound.rule.is_websocket || !is_here {
            let scheme = self.scheme.unwrap_or(adapter.scheme());
            let secure = matches!(scheme, "https" | "wss");
            url.push_str(match (bound.rule.is_websocket, secure) {
                (true, true) => "wss:",
                (true, false) => "ws:",
                (false, _) if scheme.is_empty() => "",
                (false, true) => "https:",
                (false, false) => "http:",
            });
            url.push_str("//");
            url.push_str(&adapter.host(&domain));
        }
        if !adapter.script_root().is_empty() {
            url.push_str(&percent::encode_path(adapter.script_root()));
        }
        self.write(bound, &bound.path_recipe, &mut url)?;
        // As many values as variables, and each variable has one: none is left over.
        if self.unknown == Unknown::Query && self.values.len() > bound.variables.len() {
            self.write_query(bound, &mut url);
        }
        if let Some(anchor) = self.anchor {
            url.push('#');
            url.push_str(&percent::encode_reference(anchor));
        }
        Ok((url, is_here || !settings.host_matching))
    }

    fn write<'s>(
        &'s self,
        bound: &'s Bound,
        recipe: &Recipe,
        url: &mut String,
    ) -> Result<(), Obstacle<'s>> {
        recipe.fill(url, |place, url| {
            let variable = &*bound.variables[place];
            let value = self.values.get(&variable.name);
            let value = value.ok_or(Obstacle::Missing)?;
            let start = url.len();
            let written = variable.converter.write(value, url);
            if written.is_err() || !variable.takes(&url[start..]) {
                return Err(Obstacle::Value { variable, value });
            }
            // Most values are plain, and a look is cheaper than the encoder.
            let mut written = url.as_bytes()[start..].iter();
            if !written.all(u8::is_ascii_alphanumeric) {
                let encoded = percent::encode_path(&url[start..]).into_owned();
                url.truncate(start);
                url.push_str(&encoded);
            }
            Ok(())
        })
    }

    fn write_query(&self, bound: &Bound, url: &mut String) {
        let unknown = |(name, _): &&Pair<'_>| !bound.has_argument(name);
        if !self.adapter.map.settings.sort_parameters {
            let unknown = self.values.iter().filter(unknown);
            return unknown.zip(separators()).for_each(|((name, value), mark)| {
                write_parameter(name, value, mark, url);
            });
        }
        let mut sorted: Vec<_> = self.values.iter().filter(unknown).collect();
        sorted.sort_by_key(|(name, _)| *name);
        for ((name, value), mark) in sorted.into_iter().zip(separators()) {
            write_parameter(name, value, mark, url);
        }
    }

    fn unknown_endpoint(&self) -> BuildError {
        let rules = self.adapter.map.rules();
        let nearest = rules
            .map(|rule| (distance(rule.endpoint(), self.endpoint), rule.endpoint()))
            .min()
            .filter(|(distance, name)| *distance * 2 <= name.len().max(self.endpoint.len()));
        BuildError::UnknownEndpoint {
            endpoint: self.endpoint.to_owned(),
            nearest: nearest.map(|(_, name)| name.to_owned()),
        }
    }

    fn error(&self, bound: &Bound, obstacle: Obstacle<'_>) -> BuildError {
        let endpoint = self.endpoint.to_owned();
        let rule = bound.rule.path().to_owned();
        match obstacle {
            Obstacle::Method => BuildError::Method {
                endpoint,
                rule,
                method: self.method.clone().unwrap_or_default(),
            },
            Obstacle::Missing => {
                let names = bound.variables.iter().map(|variable| &*variable.name);
                let missing = names.filter(|name| self.values.get(name).is_none());
                BuildError::Missing {
                    endpoint,
                    rule,
                    missing: missing.map(str::to_owned).collect(),
                }
            }
            Obstacle::Default { name, value } => BuildError::Default {
                endpoint,
                rule,
                name: name.to_owned(),
                value: value.to_string(),
            },
            Obstacle::Value { variable, value } => BuildError::Value {
                endpoint,
                rule,
                name: variable.name.clone(),
                value: value.to_string(),
            },
        }
    }

    /// What is wrong with the rule that came nearest.
    fn explain(&self, places: &[usize]) -> BuildError {
        let bounds = places.iter().map(|place| &self.adapter.map.bounds[*place]);
        let nearest = bounds
            .filter_map(|bound| {
                let obstacle = self.obstacle(bound, self.method.as_ref());
                let obstacle = obstacle.or_else(|| self.url_of(bound).err())?;
                Some(self.error(bound, obstacle))
            })
            .min_by_key(|error| match error {
                BuildError::Value { .. } => 0,
                BuildError::Default { .. } => 1,
                BuildError::Missing { missing, .. } => 1 + missing.len(),
                BuildError::Method { .. } | BuildError::UnknownEndpoint { .. } => usize::MAX,
            });
        nearest.unwrap_or_else(|| self.unknown_endpoint())
    }
}

/// What is in the way of building by a rule.
#[derive(Debug)]
enum Obstacle<'s> {
    Method,
    Missing,
    Default {
        name: &'s str,
        value: &'s Value<'s>,
    },
    Value {
        variable: &'s Variable,
        value: &'s Value<'s>,
    },
}

fn separators() -> impl Iterator<Item = char> {
    std::iter::once('?').chain(std::iter::repeat('&'))
}

fn write_parameter(name: &str, value: &Value<'_>, mark: char, url: &mut String) {
    url.push(mark);
    push_encoded(name, url);
    url.push('=');
    match value {
        Value::Text(text) => push_encoded(text, url),
        other => push_encoded(&other.to_string(), url),
    }
}

fn push_encoded(text: &str, url: &mut String) {
    for (place, word) in text.split(' ').enumerate() {
        if place > 0 {
            url.push('+');
        }
        url.extend(utf8_percent_encode(word, QUERY));
    }
}

/// How many characters to add, leave out or change to make one word the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, a) in one.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], line + 1);
        for (column, b) in other.chars().enumerate() {
            let changed = before + usize::from(a != b);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
