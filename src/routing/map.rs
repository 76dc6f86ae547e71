use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::routing::bound::{Bound, Settings};
use crate::routing::converter::Converters;
use crate::routing::error::{RuleError, RuleProblem};
use crate::routing::labels::{Key, Labels};
use crate::routing::matcher::{End, Matcher, Tree};
use crate::routing::segment::Variable;
use crate::routing::{Adapter, Arguments, Converter, Rule};

/// Rules, read and checked, to find the one for a request and to build URLs from.
///
/// A map does not change. Bind it to a request, or to a host, to use it.
///
/// ```
/// use devserve::http::Method;
/// use devserve::routing::{Map, MatchError, Rule};
///
/// let map = Map::new([
///     Rule::new("/", "index"),
///     Rule::new("/downloads/", "downloads.index"),
///     Rule::new("/downloads/<int:id>", "downloads.show").methods([Method::GET]),
/// ])?;
/// let urls = map.bind("example.test");
///
/// let found = urls.match_path("/downloads/42")?;
/// assert_eq!(found.endpoint(), "downloads.show");
/// assert_eq!(found.params().get::<u32>("id")?, 42);
///
/// let url = "http://example.test/downloads/".to_owned();
/// assert_eq!(urls.match_path("/downloads").unwrap_err(), MatchError::RequestRedirect { url });
///
/// assert_eq!(urls.build("downloads.show").value("id", 42).url()?, "/downloads/42");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Map {
    pub(super) bounds: Vec<Bound>,
    pub(super) matcher: Matcher,
    pub(super) settings: Settings,
    /// From an endpoint's name to its place in `endpoint_rules`.
    endpoints: Labels,
    /// Which of the `by_endpoint` are an endpoint's.
    endpoint_rules: Vec<Range<u32>>,
    /// The rules of one endpoint after the other, in the order they are tried for building.
    by_endpoint: Vec<usize>,
}

impl Map {
    /// A map of these rules, with the usual settings.
    ///
    /// # Errors
    /// [`RuleError`] for the first rule that is wrong, or that says the same as another.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Result<Self, RuleError> {
        Self::builder().rules(rules).build()
    }

    /// A map in the making, to give settings and converters.
    pub fn builder() -> MapBuilder {
        MapBuilder::default()
    }

    /// Binds the map to a server's name, with the port if it is not the scheme's own.
    ///
    /// The name is compared in lower case. One that is not ASCII is brought into its `xn--`
    /// form by feature `idna`.
    pub fn bind<'a>(&'a self, server_name: impl Into<Cow<'a, str>>) -> Adapter<'a> {
        Adapter::new(self, server_name.into())
    }

    /// All rules, in the order given.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.bounds.iter().map(|bound| &bound.rule)
    }

    /// The rule at this place.
    pub(crate) fn rule(&self, index: usize) -> &Rule {
        &self.bounds[index].rule
    }

    /// The names of what a rule finds: its variables, then its defaults.
    pub(crate) fn arguments(&self, index: usize) -> impl Iterator<Item = &str> {
        self.bounds[index].arguments()
    }

    /// The rules of an endpoint, in the order they are tried for building.
    pub fn rules_of(&self, endpoint: &str) -> impl Iterator<Item = &Rule> {
        let places = self.places_of(endpoint).unwrap_or_default();
        places.iter().map(|place| &self.bounds[*place].rule)
    }

    /// Whether a rule of the endpoint has all these variables or defaults: whether it makes
    /// sense to give them to every URL that is built.
    pub fn is_endpoint_expecting(&self, endpoint: &str, arguments: &[&str]) -> bool {
        let places = self.places_of(endpoint).unwrap_or_default();
        places.iter().any(|place| {
            let bound = &self.bounds[*place];
            arguments.iter().all(|name| bound.has_argument(name))
        })
    }

    pub(super) fn places_of(&self, endpoint: &str) -> Option<&[usize]> {
        let place = self.endpoints.get(0, &Key::of(endpoint))?;
        let Range { start, end } = self.endpoint_rules[place as usize];
        Some(&self.by_endpoint[start as usize..end as usize])
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rules()).finish()
    }
}

/// A [`Map`] in the making.
#[derive(Debug)]
#[must_use]
pub struct MapBuilder {
    rules: Vec<Rule>,
    settings: Settings,
    converters: Converters,
}

impl Default for MapBuilder {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            settings: Settings {
                default_subdomain: String::new(),
                host_matching: false,
                strict_slashes: true,
                merge_slashes: true,
                redirect_defaults: true,
                sort_parameters: false,
            },
            converters: Converters::default(),
        }
    }
}

impl MapBuilder {
    /// Adds rules: one, a list, or what makes rules of rules.
    pub fn rules(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// Adds a converter under the name that rules call it by, in the place of any of that
    /// name. `default` is that of variables which name none.
    ///
    /// The function gets what stands in the parentheses, takes out what it knows, and says in
    /// a sentence what is wrong with the rest.
    pub fn converter<C: Converter>(
        mut self,
        name: impl AsRef<str>,
        converter: impl Fn(&mut Arguments) -> Result<C, String> + Send + Sync + 'static,
    ) -> Self {
        self.converters.add(name.as_ref(), converter);
        self
    }

    /// The subdomain of rules that name none; empty by default.
    pub fn default_subdomain(mut self, subdomain: impl Into<String>) -> Self {
        self.settings.default_subdomain = subdomain.into();
        self
    }

    /// Matches whole hosts, and no subdomains. A rule without a host is for every host.
    pub fn host_matching(mut self) -> Self {
        self.settings.host_matching = true;
        self
    }

    /// Whether `/a` is sent to `/a/` where a rule has the slash. On by default.
    pub fn strict_slashes(mut self, strict: bool) -> Self {
        self.settings.strict_slashes = strict;
        self
    }

    /// Whether `/a//b` is sent to `/a/b` where no rule has both slashes. On by default.
    pub fn merge_slashes(mut self, merge: bool) -> Self {
        self.settings.merge_slashes = merge;
        self
    }

    /// Whether requests are sent to the rule that says the same by defaults, and from an alias
    /// to its endpoint's first rule. On by default.
    pub fn redirect_defaults(mut self, redirect: bool) -> Self {
        self.settings.redirect_defaults = redirect;
        self
    }

    /// Whether queries of built URLs are in the order of their names. Off by default.
    pub fn sort_parameters(mut self, sort: bool) -> Self {
        self.settings.sort_parameters = sort;
        self
    }

    /// The map.
    ///
    /// # Errors
    /// [`RuleError`] for the first rule that is wrong, or that says the same as another.
    pub fn build(self) -> Result<Map, RuleError> {
        let (settings, converters) = (&self.settings, &self.converters);
        let bounds = self.rules.into_iter();
        let mut bounds = bounds
            .map(|rule| Bound::new(rule, settings, converters))
            .collect::<Result<Vec<_>, _>>()?;
        share_variables(&mut bounds);
        let by_endpoint = by_endpoint(&bounds);
        for places in by_endpoint.values() {
            check_aliases(&bounds, places)?;
            find_shorter(&mut bounds, places, settings);
        }
        let tree = tree_of(&bounds)?;
        let names = (0..).zip(by_endpoint.keys());
        let names: Vec<_> = names
            .map(|(place, name)| (0, name.as_str(), place))
            .collect();
        let mut endpoint_rules = Vec::with_capacity(by_endpoint.len());
        let mut start = 0;
        for places in by_endpoint.values() {
            let end = start + places.len() as u32;
            endpoint_rules.push(start..end);
            start = end;
        }
        Ok(Map {
            matcher: tree.compile(settings.host_matching),
            endpoints: Labels::new(names.into_iter()),
            endpoint_rules,
            by_endpoint: by_endpoint.into_values().flatten().collect(),
            bounds,
            settings: self.settings,
        })
    }
}

/// Most rules have the same few variables. A map that has each of them once finds them in the
/// processor's cache.
fn share_variables(bounds: &mut [Bound]) {
    let mut known: HashMap<(String, String), Vec<Arc<Variable>>> = HashMap::new();
    for variable in bounds.iter_mut().flat_map(|bound| &mut bound.variables) {
        // As they are written, too: that is what the map tells of them.
        let key = (variable.name.clone(), variable.written.clone());
        let alike = known.entry(key).or_default();
        match alike.iter().find(|other| *other == variable) {
            Some(other) => *variable = Arc::clone(other),
            None => alike.push(Arc::clone(variable)),
        }
    }
}

fn by_endpoint(bounds: &[Bound]) -> BTreeMap<String, Vec<usize>> {
    let mut endpoints: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, bound) in bounds.iter().enumerate() {
        let endpoint = bound.rule.endpoint.clone();
        endpoints.entry(endpoint).or_default().push(place);
    }
    for places in endpoints.values_mut() {
        places.sort_by_cached_key(|place| bounds[*place].build_order());
    }
    endpoints
}

fn check_aliases(bounds: &[Bound], places: &[usize]) -> Result<(), RuleError> {
    let rules = || places.iter().map(|place| &bounds[*place]);
    for alias in rules().filter(|bound| bound.rule.is_alias) {
        let mut canonical = rules().filter(|bound| !bound.rule.is_alias);
        let buildable = canonical.any(|bound| {
            let mut variables = bound.variables.iter();
            variables.all(|variable| alias.has_argument(&variable.name))
        });
        if !buildable {
            let endpoint = alias.rule.endpoint.clone();
            let problem = RuleProblem::Alias { endpoint };
            return Err(RuleError::whole(&alias.rule, problem));
        }
    }
    Ok(())
}

fn find_shorter(bounds: &mut [Bound], places: &[usize], settings: &Settings) {
    if !settings.redirect_defaults {
        for place in places {
            bounds[*place].is_plain = bounds[*place].rule.redirect_to.is_none();
        }
        return;
    }
    for (order, place) in places.iter().enumerate() {
        let shorter = places[..order].iter().copied();
        let shorter: Vec<_> = shorter
            .filter(|other| bounds[*other].is_shorter_than(&bounds[*place]))
            .collect();
        let bound = &mut bounds[*place];
        bound.is_plain &= shorter.is_empty();
        bound.shorter = shorter;
    }
}

fn tree_of(bounds: &[Bound]) -> Result<Tree, RuleError> {
    let mut tree = Tree::new();
    for (place, bound) in bounds.iter().enumerate() {
        if bound.rule.is_build_only {
            continue;
        }
        let methods = bound.rule.method_set();
        let end = End {
            rule: place,
            methods: methods.clone(),
            is_websocket: bound.rule.is_websocket,
            strict_slashes: bound.strict_slashes,
            is_plain: bound.is_plain,
        };
        tree.add(&bound.domain, &bound.path, end).map_err(|other| {
            let other = &bounds[other].rule;
            let method = methods.shared_with(&other.method_set());
            let method = match (methods.is_all(), method) {
                (false, Some(method)) => method.to_string(),
                (false, None) => "the same methods".to_owned(),
                (true, _) => "every method".to_owned(),
            };
            let other = other.endpoint.clone();
            RuleError::whole(&bound.rule, RuleProblem::Conflict { other, method })
        })?;
    }
    Ok(tree)
}
