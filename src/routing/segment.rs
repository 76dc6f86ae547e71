use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use crate::routing::converter::{Arguments, Converter, Factory};
use crate::routing::shape::Shape;
use crate::routing::spans::Spans;
use crate::routing::split;

/// What stands between two slashes of a rule; or all that follows, once a variable takes
/// slashes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Segment {
    /// Invariant: no two literals stand side by side, and none is empty.
    pub(super) elements: Vec<Element>,
    /// It takes in the rest of the path, slashes and all.
    pub(super) takes_rest: bool,
    /// A rest that may or must end in a slash, which no element mentions.
    pub(super) ends_in_slash: bool,
    /// The lengths of its literals, slashes aside, as they count in its weight.
    pub(super) literal_lengths: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Element {
    Literal(String),
    Variable(Variable),
}

/// `<int(min=1):id>`.
#[derive(Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    /// The converter with its arguments, as it stands in the rule; `default` where none does.
    pub(super) written: String,
    pub(super) factory: Factory,
    pub(super) arguments: Arguments,
    pub(super) converter: Arc<dyn Converter>,
    pub(super) shape: Shape,
    pub(super) weight: i32,
}

/// Two variables that take the same, whatever their names.
impl PartialEq for Variable {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.factory, &other.factory) && self.arguments == other.arguments
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}: {:?}>", self.name, self.shape)
    }
}

impl Variable {
    /// What is the same for equal variables, and for few others.
    pub(super) fn pattern(&self) -> String {
        format!("<{:?}{:?}>", self.shape, self.arguments)
    }

    pub(super) fn takes(&self, text: &str) -> bool {
        self.shape.fits(text) && self.converter.accepts(text)
    }
}

/// Which of two segments is tried first: the lower.
pub(super) type Weight = (
    Reverse<usize>,
    Vec<Reverse<usize>>,
    Reverse<usize>,
    Vec<i32>,
    Reverse<isize>,
);

impl Segment {
    pub(super) fn push_literal(&mut self, text: &str) {
        match self.elements.last_mut() {
            Some(Element::Literal(literal)) => literal.push_str(text),
            _ => self.elements.push(Element::Literal(text.to_owned())),
        }
    }

    pub(super) fn push_variable(&mut self, variable: Variable) {
        self.takes_rest |= variable.shape.spans_segments();
        self.elements.push(Element::Variable(variable));
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.elements.iter().filter_map(|element| match element {
            Element::Variable(variable) => Some(variable),
            Element::Literal(_) => None,
        })
    }

    /// What is the same for equal segments, and for few others.
    pub(super) fn pattern(&self) -> String {
        let elements = self.elements.iter().map(|element| match element {
            Element::Literal(text) => format!("{text:?}"),
            Element::Variable(variable) => variable.pattern(),
        });
        elements.collect()
    }

    /// Its text, where it is nothing but text.
    pub(super) fn as_static(&self) -> Option<&str> {
        match &*self.elements {
            [] => Some(""),
            [Element::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// As Werkzeug weighs: more literals first, then longer ones, then more variables, then
    /// lighter converters. Last, and ours alone: more that converters demand, so that
    /// `<int(min=9):n>` comes before `<int:n>`.
    pub(super) fn weight(&self) -> Weight {
        let lengths = self.literal_lengths.iter().copied().map(Reverse);
        (
            Reverse(self.literal_lengths.len()),
            lengths.collect(),
            Reverse(self.variables().count()),
            self.variables().map(|variable| variable.weight).collect(),
            Reverse(self.variables().map(|v| v.arguments.demands()).sum()),
        )
    }

    /// Takes the whole text, which begins at `start` of the one the spans are for.
    pub(super) fn take(&self, text: &str, start: usize, spans: &mut Spans) -> bool {
        // No empty texts are compared: what is behind their address makes that slow.
        let (prefix_len, variable, middle) = match &*self.elements {
            [Element::Variable(variable)] => (0, variable, Some(text)),
            [Element::Literal(prefix), Element::Variable(variable)] => {
                (prefix.len(), variable, text.strip_prefix(&**prefix))
            }
            [Element::Variable(variable), Element::Literal(suffix)] => {
                (0, variable, text.strip_suffix(&**suffix))
            }
            [
                Element::Literal(prefix),
                Element::Variable(variable),
                Element::Literal(suffix),
            ] => {
                let rest = text.strip_prefix(&**prefix);
                let middle = rest.and_then(|rest| rest.strip_suffix(&**suffix));
                (prefix.len(), variable, middle)
            }
            elements => return split::split(elements, text, start, spans),
        };
        match middle {
            Some(middle) if self.fits(variable, middle) => {
                let from = start + prefix_len;
                spans.push(from, from + middle.len());
                true
            }
            _ => false, // another text around it, or no value
        }
    }

    fn fits(&self, variable: &Variable, text: &str) -> bool {
        match (self.takes_rest, &variable.shape) {
            // One segment has no slash to look for.
            (false, &Shape::TEXT) => !text.is_empty() && variable.converter.accepts(text),
            _ => variable.takes(text), // other shapes, other texts
        }
    }
}
