//! A rule's text, read into segments.

use crate::routing::converter::{Arguments, Converters};
use crate::routing::error::{RuleError, RuleProblem};
use crate::routing::segment::{Element, Segment, Variable};

/// Which slashes of a rule's text count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slashes {
    /// Several in a row are one.
    Merged,
    /// Each for itself.
    Kept,
}

/// The segments of a path, of which the empty one before its first slash is left out.
pub(super) fn parse_path(
    text: &str,
    slashes: Slashes,
    converters: &Converters,
) -> Result<Vec<Segment>, RuleError> {
    if !text.starts_with('/') {
        let mend = format!("/{text}");
        return Err(RuleError::at(text, 0, RuleProblem::NoSlash { mend }));
    }
    let mut segments = Vec::new();
    let mut segment = Segment::default();
    let mut at = 1;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'/' => {
                let again = text.as_bytes()[at - 1] == b'/';
                match (again, segment.takes_rest) {
                    (true, _) if slashes == Slashes::Merged => {}
                    (_, true) => segment.push_literal("/"),
                    (_, false) => segments.push(std::mem::take(&mut segment)),
                }
                at += 1;
            }
            _ => at = parse_element(text, at, converters, &mut segment)?,
        }
    }
    // A rest that ends in a slash may be asked for without it, and is then redirected: the
    // slash becomes an empty segment of its own, as it is after every other segment.
    let slash = match segment.elements.last_mut() {
        Some(Element::Literal(literal)) if segment.takes_rest => literal.pop_if_slash(),
        _ => false,
    };
    if slash {
        segment
            .elements
            .retain(|element| *element != Element::Literal(String::new()));
        segment.ends_in_slash = true;
    }
    segments.push(segment);
    if slash {
        segments.push(Segment::default());
    }
    Ok(segments)
}

/// A host or subdomain, in lower case as hosts are compared.
pub(super) fn parse_domain(text: &str, converters: &Converters) -> Result<Segment, RuleError> {
    let mut segment = Segment::default();
    let mut at = 0;
    while at < text.len() {
        if text.as_bytes()[at] == b'/' {
            return Err(RuleError::at(text, at, RuleProblem::Host));
        }
        let start = at;
        at = parse_element(text, at, converters, &mut segment)?;
        if segment.takes_rest {
            return Err(RuleError::at(text, start, RuleProblem::Host));
        }
    }
    for element in &mut segment.elements {
        if let Element::Literal(literal) = element {
            literal.make_ascii_lowercase();
        }
    }
    Ok(segment)
}

trait PopSlash {
    fn pop_if_slash(&mut self) -> bool;
}

impl PopSlash for String {
    fn pop_if_slash(&mut self) -> bool {
        let slash = self.ends_with('/');
        if slash {
            self.pop();
        }
        slash
    }
}

/// Reads a variable or a literal, and returns where it ends.
fn parse_element(
    text: &str,
    at: usize,
    converters: &Converters,
    segment: &mut Segment,
) -> Result<usize, RuleError> {
    if text.as_bytes()[at] == b'<' {
        let (variable, end) = parse_variable(text, at, converters)?;
        segment.push_variable(variable);
        return Ok(end);
    }
    let rest = &text[at..];
    let literal = &rest[..rest.find(['<', '/']).unwrap_or(rest.len())];
    segment.push_literal(literal);
    segment.literal_lengths.push(literal.chars().count());
    Ok(at + literal.len())
}

/// `<name>`, `<converter:name>` or `<converter(arguments):name>`.
fn parse_variable(
    text: &str,
    at: usize,
    converters: &Converters,
) -> Result<(Variable, usize), RuleError> {
    let problem = |at, problem| Err(RuleError::at(text, at, problem));
    let inside = at + 1;
    let Some(len) = variable_len(&text[inside..]) else {
        return problem(at, RuleProblem::Unclosed);
    };
    let body = &text[inside..inside + len];
    let word = body.find(['(', ':']).unwrap_or(body.len());
    let (converter, arguments, name) = match body[word..].chars().next() {
        None => ("default", "", body),
        Some('(') => {
            let Some(close) = body.rfind("):").filter(|close| *close > word) else {
                return problem(inside + word, RuleProblem::Unclosed);
            };
            (&body[..word], &body[word + 1..close], &body[close + 2..])
        }
        Some(_) => (&body[..word], "", &body[word + 1..]),
    };
    if !is_name(name) {
        let name = name.to_owned();
        return problem(inside + len - name.len(), RuleProblem::Name { name });
    }
    let Some(factory) = converters.get(converter) else {
        let name = converter.to_owned();
        let known: Vec<_> = converters
            .names()
            .filter(|name| *name != "default")
            .collect();
        let known = known.join(", ");
        return problem(inside, RuleProblem::UnknownConverter { name, known });
    };
    let wrong = |sentence| {
        let converter = converter.to_owned();
        let at = inside + word;
        RuleError::at(
            text,
            at,
            RuleProblem::Arguments {
                converter,
                sentence,
            },
        )
    };
    let arguments = Arguments::parse(arguments).map_err(wrong)?;
    let mut taken = arguments.clone();
    let converter = factory(&mut taken).map_err(wrong)?;
    if let Some(left_over) = taken.left_over() {
        return Err(wrong(format!("it takes no {left_over}; leave it out")));
    }
    let variable = Variable {
        name: name.to_owned(),
        written: match body
            .strip_suffix(name)
            .map(|before| before.trim_end_matches(':'))
        {
            None | Some("") => "default".to_owned(),
            Some(converter) => converter.to_owned(),
        },
        factory: factory.clone(),
        arguments,
        shape: converter.shape(),
        weight: converter.weight(),
        converter,
    };
    Ok((variable, inside + len + 1))
}

/// How far the `>` is; one within quotes is none.
fn variable_len(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '<') => return None,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {} // any other
        }
    }
    None
}

/// Letters, digits and `_`, no digit first.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
