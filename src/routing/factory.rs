//! What makes rules of rules. Each is an iterator over rules, so they nest, and stand wherever
//! rules are wanted.

use crate::routing::error::{RuleError, RuleProblem};
use crate::routing::{Rule, Value};

/// Rules below a path: `Submount::new("/blog", [Rule::new("/", "blog.index")])` has `/blog/`.
#[derive(Clone, Debug)]
pub struct Submount {
    rules: Vec<Rule>,
}

impl Submount {
    /// These rules, each with `path` before its own.
    pub fn new(path: impl AsRef<str>, rules: impl IntoIterator<Item = Rule>) -> Self {
        let path = path.as_ref().trim_end_matches('/');
        Self {
            rules: changed(rules, |rule| rule.path.insert_str(0, path)),
        }
    }
}

/// Rules of one subdomain, which may have variables.
#[derive(Clone, Debug)]
pub struct Subdomain {
    rules: Vec<Rule>,
}

impl Subdomain {
    /// These rules, each for `subdomain`.
    pub fn new(subdomain: impl AsRef<str>, rules: impl IntoIterator<Item = Rule>) -> Self {
        let subdomain = subdomain.as_ref();
        Self {
            rules: changed(rules, |rule| rule.subdomain = Some(subdomain.to_owned())),
        }
    }
}

/// Rules whose endpoints begin alike: `EndpointPrefix::new("blog.", …)`.
#[derive(Clone, Debug)]
pub struct EndpointPrefix {
    rules: Vec<Rule>,
}

impl EndpointPrefix {
    /// These rules, each with `prefix` before its endpoint.
    pub fn new(prefix: impl AsRef<str>, rules: impl IntoIterator<Item = Rule>) -> Self {
        let prefix = prefix.as_ref();
        Self {
            rules: changed(rules, |rule| rule.endpoint.insert_str(0, prefix)),
        }
    }
}

fn changed(rules: impl IntoIterator<Item = Rule>, change: impl Fn(&mut Rule)) -> Vec<Rule> {
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.iter_mut().for_each(change);
    rules
}

macro_rules! iterators {
    ($($factory:ident)*) => {$(
        impl IntoIterator for $factory {
            type Item = Rule;
            type IntoIter = std::vec::IntoIter<Rule>;

            fn into_iter(self) -> Self::IntoIter {
                self.rules.into_iter()
            }
        }
    )*};
}

iterators! { Submount Subdomain EndpointPrefix }

/// Rules with placeholders, to be filled several times: in the path, the endpoint, the host or
/// subdomain, the target of a redirect, and defaults that are text.
///
/// ```
/// # use devserve::routing::{Map, Rule, RuleTemplate};
/// let resource = RuleTemplate::new([
///     Rule::new("/$name/", "$name.list"),
///     Rule::new("/$name/<int:id>", "$name.show"),
/// ]);
/// let map = Map::builder()
///     .rules(resource.expand([("name", "user")])?)
///     .rules(resource.expand([("name", "page")])?)
///     .build()?;
/// let urls = map.bind("example.test");
/// assert_eq!(urls.build("page.show").value("id", 3).url()?, "/page/3");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RuleTemplate {
    rules: Vec<Rule>,
}

impl RuleTemplate {
    /// These rules, with `$name` or `${name}` where something is to be filled in and `$$` for
    /// a dollar sign.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self {
            rules: rules.into_iter().collect(),
        }
    }

    /// The rules, filled in.
    ///
    /// # Errors
    /// [`RuleProblem::Placeholder`] where one has no value.
    pub fn expand<'c>(
        &self,
        context: impl IntoIterator<Item = (&'c str, &'c str)>,
    ) -> Result<Vec<Rule>, RuleError> {
        let context: Vec<_> = context.into_iter().collect();
        let fill = |text: &str| substitute(text, &context);
        self.rules
            .iter()
            .map(|rule| {
                let mut rule = rule.clone();
                rule.path = fill(&rule.path)?;
                rule.endpoint = fill(&rule.endpoint)?;
                rule.subdomain = rule.subdomain.as_deref().map(fill).transpose()?;
                rule.host = rule.host.as_deref().map(fill).transpose()?;
                if let Some(crate::routing::rule::RedirectTo::Template(target)) =
                    &mut rule.redirect_to
                {
                    *target = fill(target)?;
                }
                for (_, value) in &mut rule.defaults {
                    if let Value::Text(text) = value {
                        *text = fill(text)?.into();
                    }
                }
                Ok(rule)
            })
            .collect()
    }
}

fn substitute(text: &str, context: &[(&str, &str)]) -> Result<String, RuleError> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            filled.push('$');
            rest = after;
            continue;
        }
        let braced = after
            .strip_prefix('{')
            .and_then(|after| after.split_once('}'));
        let (name, after) = braced.unwrap_or_else(|| {
            let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            after.split_at(end.unwrap_or(after.len()))
        });
        let Some((_, value)) = context.iter().find(|(known, _)| *known == name) else {
            let at = text.len() - rest.len() + before.len();
            let name = name.to_owned();
            return Err(RuleError::at(text, at, RuleProblem::Placeholder { name }));
        };
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}
