//! Several variables in one segment: where does each end?

use crate::routing::segment::Element;
use crate::routing::shape::Shape;
use crate::routing::spans::Spans;
use crate::routing::uuid;

/// Divides the whole text among the elements, and pushes what each variable gets.
///
/// Each shape takes as much as it can while the rest still fits; a path takes as little. A
/// backtracking matcher would find the same by trial. Here the first pass goes from the end
/// and notes for each element from where on it and its followers fit, so that the second never
/// turns back: both take time in proportion to the text.
pub(super) fn split(elements: &[Element], text: &str, start: usize, spans: &mut Spans) -> bool {
    let text = Marked::new(text);
    let mut fits = vec![Vec::new(); elements.len()];
    let mut after = vec![false; text.len() + 1];
    after[text.len()] = true;
    for (element, fits) in elements.iter().zip(&mut fits).rev() {
        let fit = text.fitting(element, &after);
        *fits = std::mem::replace(&mut after, fit);
    }
    if !after[0] {
        return false;
    }
    let mut at = 0;
    for (element, fits) in elements.iter().zip(&fits) {
        let Some(end) = text.end(element, at, fits) else {
            return false; // cannot be: the first pass went this way
        };
        if let Element::Variable(variable) = element {
            if !variable.converter.accepts(text.slice(at, end)) {
                return false;
            }
            spans.push(start + text.bounds[at], start + text.bounds[end]);
        }
        at = end;
    }
    true
}

/// A text by its characters, with what shapes ask of them.
struct Marked<'t> {
    text: &'t str,
    /// Where each character begins, and the end of all.
    bounds: Vec<usize>,
    /// For each character where the run of digits ends that it begins, if only an empty one.
    digits_end: Vec<usize>,
    /// The same for anything but slashes.
    segment_end: Vec<usize>,
}

/// Where a shape may end that begins at some place.
enum Ends<'s> {
    Nowhere,
    /// At any of these, rather at the last; closed.
    Greedy(usize, usize),
    /// At any of these, rather at the first; closed.
    Lazy(usize, usize),
    /// After one of these words, rather the first.
    Words(&'s [String]),
}

impl<'t> Marked<'t> {
    fn new(text: &'t str) -> Self {
        let mut bounds: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
        bounds.push(text.len());
        let run_ends = |belongs: fn(u8) -> bool| {
            let mut ends = vec![bounds.len() - 1; bounds.len()];
            for at in (0..bounds.len() - 1).rev() {
                let byte = text.as_bytes()[bounds[at]];
                ends[at] = if belongs(byte) { ends[at + 1] } else { at };
            }
            ends
        };
        let digits_end = run_ends(|byte| byte.is_ascii_digit());
        let segment_end = run_ends(|byte| byte != b'/');
        Self {
            text,
            bounds,
            digits_end,
            segment_end,
        }
    }

    fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    fn slice(&self, from: usize, to: usize) -> &'t str {
        &self.text[self.bounds[from]..self.bounds[to]]
    }

    /// The first byte of a character: enough to know ASCII by.
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(self.bounds[at]).copied()
    }

    /// From where on the element fits, if what follows it fits at `after`.
    fn fitting(&self, element: &Element, after: &[bool]) -> Vec<bool> {
        // How many places before each one fit what follows.
        let mut counts = Vec::with_capacity(after.len() + 1);
        counts.push(0);
        for fits in after {
            counts.push(counts[counts.len() - 1] + usize::from(*fits));
        }
        let any_of = |first: usize, last: usize| first <= last && counts[last + 1] > counts[first];
        (0..after.len())
            .map(|at| match element {
                Element::Literal(literal) => self
                    .after_literal(literal, at)
                    .is_some_and(|end| after[end]),
                Element::Variable(variable) => match self.ends(&variable.shape, at) {
                    Ends::Nowhere => false,
                    Ends::Greedy(first, last) | Ends::Lazy(first, last) => any_of(first, last),
                    Ends::Words(words) => self.after_word(words, at, after).is_some(),
                },
            })
            .collect()
    }

    /// Where the element ends that begins at `at`.
    fn end(&self, element: &Element, at: usize, after: &[bool]) -> Option<usize> {
        let variable = match element {
            Element::Literal(literal) => return self.after_literal(literal, at),
            Element::Variable(variable) => variable,
        };
        match self.ends(&variable.shape, at) {
            Ends::Nowhere => None,
            Ends::Greedy(first, last) => (first..=last).rev().find(|end| after[*end]),
            Ends::Lazy(first, last) => (first..=last).find(|end| after[*end]),
            Ends::Words(words) => self.after_word(words, at, after),
        }
    }

    fn after_literal(&self, literal: &str, at: usize) -> Option<usize> {
        let begins = self.text[self.bounds[at]..].starts_with(literal);
        begins.then(|| at + literal.chars().count())
    }

    fn after_word(&self, words: &[String], at: usize, after: &[bool]) -> Option<usize> {
        let ends = words.iter().filter_map(|word| self.after_literal(word, at));
        ends.into_iter().find(|end| after[*end])
    }

    fn ends<'s>(&self, shape: &'s Shape, at: usize) -> Ends<'s> {
        let len = self.len();
        let unsigned = |signed: bool| at + usize::from(signed && self.byte(at) == Some(b'-'));
        match shape {
            Shape::Text { min, max } => Ends::Greedy(
                at.saturating_add(*min),
                at.saturating_add(*max).min(self.segment_end[at]),
            ),
            Shape::Digits { signed } => {
                let first = unsigned(*signed);
                Ends::Greedy(first + 1, self.digits_end[first])
            }
            Shape::Decimal { signed } => {
                let first = unsigned(*signed);
                let point = self.digits_end[first];
                if point == first || self.byte(point) != Some(b'.') {
                    return Ends::Nowhere;
                }
                Ends::Greedy(point + 2, self.digits_end[point + 1])
            }
            Shape::Uuid => {
                let end = at + uuid::LEN;
                if end <= len && uuid::is_uuid(self.slice(at, end).as_bytes()) {
                    Ends::Greedy(end, end)
                } else {
                    Ends::Nowhere
                }
            }
            Shape::Words(words) => Ends::Words(words),
            Shape::Path if self.byte(at) == Some(b'/') => Ends::Nowhere,
            Shape::Path => Ends::Lazy(at + 1, len),
        }
    }
}
