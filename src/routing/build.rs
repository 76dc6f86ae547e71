use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::http::Method;
use crate::routing::bound::{Bound, Piece};
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
    values: Vec<(&'b str, Value<'b>)>,
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
            values: Vec::new(),
            method: None,
            is_external: false,
            scheme: None,
            anchor: None,
            unknown: Unknown::Query,
            wanted: Wanted::Any,
        }
    }

    /// With a value. Of several by one name a variable takes the first; a query has them all.
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
        let values = values.into_iter().map(|(name, value)| (name, value.into()));
        self.values.extend(values);
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
            if !wanted || self.unsuitable(bound, method).is_some() {
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

    /// Why a rule is not for these values and this method.
    fn unsuitable(&self, bound: &Bound, method: Option<&Method>) -> Option<BuildError> {
        let refuses = |method: &&Method| !bound.rule.takes(method);
        if let Some(method) = method.filter(refuses) {
            return Some(BuildError::Method {
                endpoint: self.endpoint.to_owned(),
                rule: bound.rule.path().to_owned(),
                method: method.clone(),
            });
        }
        let missing = |name: &&str| self.given(name).is_none();
        let names = bound.variables.iter().map(|variable| &*variable.name);
        if names.clone().any(|name| missing(&name)) {
            return Some(BuildError::Missing {
                endpoint: self.endpoint.to_owned(),
                rule: bound.rule.path().to_owned(),
                missing: names.filter(missing).map(str::to_owned).collect(),
            });
        }
        let mut defaults = bound.rule.defaults();
        defaults.find_map(|(name, default)| {
            let value = self.given(name).filter(|value| *value != default)?;
            Some(BuildError::Default {
                endpoint: self.endpoint.to_owned(),
                rule: bound.rule.path().to_owned(),
                name: name.to_owned(),
                value: value.to_string(),
            })
        })
    }

    fn given(&self, name: &str) -> Option<&Value<'b>> {
        let mut values = self.values.iter();
        values.find_map(|(known, value)| (*known == name).then_some(value))
    }

    /// The URL by one rule, and whether it is one of those to prefer.
    fn url_of(&self, bound: &Bound) -> Result<(String, bool), BuildError> {
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
        if self.unknown == Unknown::Query {
            self.write_query(bound, &mut url);
        }
        if let Some(anchor) = self.anchor {
            url.push('#');
            url.push_str(&percent::encode_reference(anchor));
        }
        Ok((url, is_here || !settings.host_matching))
    }

    fn write(&self, bound: &Bound, recipe: &[Piece], url: &mut String) -> Result<(), BuildError> {
        for piece in recipe {
            let variable = match piece {
                Piece::Text(text) => {
                    url.push_str(text);
                    continue;
                }
                Piece::Variable(place) => &bound.variables[*place],
            };
            let Some(value) = self.given(&variable.name) else {
                continue; // cannot be: the rule is suitable
            };
            let start = url.len();
            let written = variable.converter.write(value, url);
            if written.is_err() || !variable.takes(&url[start..]) {
                return Err(BuildError::Value {
                    endpoint: self.endpoint.to_owned(),
                    rule: bound.rule.path().to_owned(),
                    name: variable.name.clone(),
                    value: value.to_string(),
                });
            }
            // Most values are plain, and a look is cheaper than the encoder.
            if url.as_bytes()[start..]
                .iter()
                .all(u8::is_ascii_alphanumeric)
            {
                continue;
            }
            let encoded = percent::encode_path(&url[start..]).into_owned();
            url.truncate(start);
            url.push_str(&encoded);
        }
        Ok(())
    }

    fn write_query(&self, bound: &Bound, url: &mut String) {
        let unknown = |(name, _): &&(&str, Value<'_>)| !bound.has_argument(name);
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

    /// What is wrong with the rule that came nearest.
    fn explain(&self, places: &[usize]) -> BuildError {
        let bounds = places.iter().map(|place| &self.adapter.map.bounds[*place]);
        let nearest = bounds
            .filter_map(|bound| {
                let unsuitable = self.unsuitable(bound, self.method.as_ref());
                unsuitable.or_else(|| self.url_of(bound).err())
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
