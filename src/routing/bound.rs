use std::sync::Arc;

use crate::http::Method;
use crate::routing::converter::Converters;
use crate::routing::error::{RuleError, RuleProblem};
use crate::routing::pattern::{self, Slashes};
use crate::routing::rule::RedirectTo;
use crate::routing::segment::{Element, Segment, Variable};
use crate::routing::template::Template;
use crate::routing::{Rule, Value};
use crate::text::percent;

/// A rule that belongs to a map: read, checked, and with the map's settings where it has none.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) rule: Rule,
    pub(super) domain: Segment,
    pub(super) path: Vec<Segment>,
    pub(super) variables: Vec<Arc<Variable>>,
    /// How many of the variables are the domain's; they come first.
    pub(super) domain_variables: usize,
    pub(super) merge_slashes: bool,
    pub(super) strict_slashes: bool,
    pub(super) domain_recipe: Recipe,
    pub(super) path_recipe: Recipe,
    pub(super) redirect_to: Option<Template>,
    /// The rules to which this one's requests are sent where the values are those rules'
    /// defaults.
    pub(super) shorter: Vec<usize>,
    /// Nothing is to be done after it has matched.
    pub(super) is_plain: bool,
}

/// How a part of a URL is written: text, with variables in it.
#[derive(Debug)]
pub(super) struct Recipe {
    /// All of the text, encoded.
    text: Box<str>,
    /// Where in the text the variables stand, and which of the rule's is the first.
    places: Box<[u32]>,
    first: usize,
}

impl Recipe {
    /// A part that begins with `text`, then the segments, from the rule's variable `first` on.
    fn new<'s>(text: &str, segments: impl IntoIterator<Item = &'s Segment>, first: usize) -> Self {
        let (mut text, mut places) = (text.to_owned(), Vec::new());
        for (place, segment) in segments.into_iter().enumerate() {
            if place > 0 {
                text.push('/');
            }
            for element in &segment.elements {
                match element {
                    Element::Literal(literal) => text.push_str(&percent::encode_path(literal)),
                    Element::Variable(_) => places.push(text.len() as u32),
                }
            }
        }
        Self {
            text: text.into(),
            places: places.into(),
            first,
        }
    }

    /// Writes the text, and calls `write` for each variable in its place.
    #[inline]
    pub(super) fn fill<E>(
        &self,
        url: &mut String,
        mut write: impl FnMut(usize, &mut String) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut written = 0;
        for (variable, place) in (self.first..).zip(&self.places) {
            let place = *place as usize;
            url.push_str(&self.text[written..place]);
            write(variable, url)?;
            written = place;
        }
        if written < self.text.len() {
            url.push_str(&self.text[written..]);
        }
        Ok(())
    }
}

/// What a map says for rules that do not say it themselves.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) default_subdomain: String,
    pub(super) host_matching: bool,
    pub(super) strict_slashes: bool,
    pub(super) merge_slashes: bool,
    pub(super) redirect_defaults: bool,
    pub(super) sort_parameters: bool,
}

impl Bound {
    pub(super) fn new(
        rule: Rule,
        settings: &Settings,
        converters: &Converters,
    ) -> Result<Self, RuleError> {
        check_methods(&rule)?;
        let merge_slashes = rule.merge_slashes.unwrap_or(settings.merge_slashes);
        let slashes = match merge_slashes {
            true => Slashes::Merged,
            false => Slashes::Kept,
        };
        let path = pattern::parse_path(&rule.path, slashes, converters)?;
        let domain = pattern::parse_domain(domain_of(&rule, settings)?, converters)?;

        let segments = [&domain].into_iter().chain(&path);
        let variables: Vec<_> = segments
            .flat_map(Segment::variables)
            .map(|variable| Arc::new(variable.clone()))
            .collect();
        let domain_variables = domain.variables().count();
        check_names(&rule, &variables)?;

        let domain_recipe = Recipe::new("", [&domain], 0);
        let path_recipe = Recipe::new("/", &path, domain_variables);

        let redirect_to = match &rule.redirect_to {
            Some(RedirectTo::Template(target)) => Some(Template::new(target, |name| {
                let known = variables.iter().any(|variable| variable.name == name)
                    || rule.defaults.iter().any(|(default, _)| default == name);
                known.then_some(()).ok_or_else(|| {
                    let (target, name) = (target.clone(), name.to_owned());
                    RuleError::whole(&rule, RuleProblem::RedirectTo { target, name })
                })
            })?),
            Some(RedirectTo::Function(_)) | None => None,
        };
        Ok(Self {
            is_plain: rule.redirect_to.is_none() && !rule.is_alias,
            strict_slashes: rule.strict_slashes.unwrap_or(settings.strict_slashes),
            merge_slashes,
            rule,
            domain,
            path,
            variables,
            domain_variables,
            domain_recipe,
            path_recipe,
            redirect_to,
            shorter: Vec::new(),
        })
    }

    /// The names of all it knows or wants to be told: variables, then defaults.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> + Clone {
        let variables = self.variables.iter().map(|variable| &*variable.name);
        variables.chain(self.rule.defaults.iter().map(|(name, _)| &**name))
    }

    pub(super) fn default(&self, name: &str) -> Option<&Value<'static>> {
        let mut defaults = self.rule.defaults.iter();
        defaults.find_map(|(known, value)| (known == name).then_some(value))
    }

    pub(super) fn has_argument(&self, name: &str) -> bool {
        self.arguments().any(|argument| argument == name)
    }

    /// Whether it says the same as `other`, and some of it by defaults (Werkzeug's
    /// `provides_defaults_for`).
    pub(super) fn is_shorter_than(&self, other: &Self) -> bool {
        !self.rule.is_build_only
            && !self.rule.defaults.is_empty()
            && self.arguments().all(|name| other.has_argument(name))
            && other.arguments().all(|name| self.has_argument(name))
    }

    /// The order in which an endpoint's rules are tried for building: canonical ones first,
    /// then those that say more.
    pub(super) fn build_order(&self) -> impl Ord + use<> {
        let arguments = self.arguments().count();
        (
            self.rule.is_alias,
            std::cmp::Reverse(arguments),
            std::cmp::Reverse(self.rule.defaults.len()),
        )
    }
}

fn check_methods(rule: &Rule) -> Result<(), RuleError> {
    let whole = |problem| Err(RuleError::whole(rule, problem));
    let methods = rule.method_set();
    if methods.is_empty() {
        return whole(RuleProblem::NoMethods);
    }
    let fitting = [Method::GET, Method::HEAD, Method::OPTIONS];
    let mut named = rule.methods.iter().flatten();
    match named.find(|method| !fitting.contains(method)) {
        Some(method) if rule.is_websocket => whole(RuleProblem::WebsocketMethod {
            method: method.clone(),
        }),
        _ => Ok(()), // no WebSocket, or nothing it could not have
    }
}

fn domain_of<'r>(rule: &'r Rule, settings: &'r Settings) -> Result<&'r str, RuleError> {
    let whole = |problem| Err(RuleError::whole(rule, problem));
    match (&rule.host, &rule.subdomain, settings.host_matching) {
        (Some(_), _, false) => whole(RuleProblem::NoHostMatching),
        (_, Some(_), true) => whole(RuleProblem::Subdomain),
        (host, None, true) => Ok(host.as_deref().unwrap_or("")),
        (None, Some(subdomain), false) => Ok(subdomain),
        (None, None, false) => Ok(&settings.default_subdomain),
    }
}

fn check_names(rule: &Rule, variables: &[Arc<Variable>]) -> Result<(), RuleError> {
    for (place, variable) in variables.iter().enumerate() {
        let name = variable.name.clone();
        if variables[..place].iter().any(|other| other.name == name) {
            return Err(RuleError::whole(rule, RuleProblem::Twice { name }));
        }
        if rule.defaults.iter().any(|(default, _)| *default == name) {
            return Err(RuleError::whole(rule, RuleProblem::Default { name }));
        }
    }
    Ok(())
}
