use std::any::type_name;
use std::borrow::Cow;
use std::fmt;

use crate::routing::bound::Bound;
use crate::routing::spans::Spans;
use crate::routing::{FromValue, ParamError, Rule, Value};

/// A rule that takes a request, and the values it found.
#[derive(Clone, Debug)]
pub struct Matched<'m> {
    pub(super) index: usize,
    pub(super) params: Params<'m>,
}

impl<'m> Matched<'m> {
    /// The rule.
    pub fn rule(&self) -> &'m Rule {
        &self.params.bound.rule
    }

    /// The rule's place among [`Map::rules`](crate::routing::Map::rules).
    pub fn index(&self) -> usize {
        self.index
    }

    /// The rule's endpoint.
    pub fn endpoint(&self) -> &'m str {
        self.rule().endpoint()
    }

    /// The values.
    pub fn params(&self) -> &Params<'m> {
        &self.params
    }
}

/// What a matched path says, by the names of the rule's variables, and the rule's defaults.
///
/// Values are read when they are asked for; text borrows from the path.
#[derive(Clone)]
pub struct Params<'m> {
    pub(super) bound: &'m Bound,
    pub(super) domain: &'m str,
    pub(super) path: &'m str,
    pub(super) spans: Spans,
}

impl<'m> Params<'m> {
    /// The value of `name` as the type that is wanted.
    ///
    /// # Errors
    /// [`ParamError`] where the rule has no such variable, or its value does not fit the type.
    pub fn get<T: FromValue<'m>>(&self, name: &str) -> Result<T, ParamError> {
        let rule = || self.bound.rule.path().to_owned();
        let Some(value) = self.value(name) else {
            let (rule, name) = (rule(), name.to_owned());
            return Err(ParamError::Missing { rule, name });
        };
        T::from_value(value).ok_or_else(|| ParamError::Unfit {
            rule: rule(),
            name: name.to_owned(),
            value: self.value(name).map_or_else(String::new, |v| v.to_string()),
            wanted: type_name::<T>(),
        })
    }

    /// The values in the order of the rule's variables, then its defaults.
    pub fn iter(&self) -> impl Iterator<Item = (&'m str, Value<'m>)> {
        let names = self.bound.arguments();
        names.filter_map(|name| Some((name, self.value(name)?)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bound.variables.len() + self.bound.rule.defaults.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn value(&self, name: &str) -> Option<Value<'m>> {
        let mut variables = self.bound.variables.iter();
        match variables.position(|variable| variable.name == name) {
            Some(place) => self.bound.variables[place].converter.read(self.text(place)),
            None => self.bound.default(name).map(Value::borrowed),
        }
    }

    fn text(&self, place: usize) -> &'m str {
        let text = match place < self.bound.domain_variables {
            true => self.domain,
            false => self.path,
        };
        self.spans.text(place, text)
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.iter() {
            // As it is in a rule's defaults, not with the kind it is of.
            let value: Cow<'_, str> = Cow::Owned(value.to_string());
            map.entry(&name, &value);
        }
        map.finish()
    }
}
