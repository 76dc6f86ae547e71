use std::fmt::{self, Write as _};

use crate::routing::{Argument, Arguments, Converter, Shape, Value};

/// `any(about, help, "terms of use")`: one of the words.
pub(super) struct Any {
    words: Box<[String]>,
}

impl Any {
    pub(super) fn new(arguments: &mut Arguments) -> Result<Self, String> {
        let words = arguments.take_positional();
        if words.is_empty() {
            return Err("`any` takes one of some words; write any(this, that)".to_owned());
        }
        let words: Box<[_]> = words.into_iter().map(word).collect();
        if words.iter().any(String::is_empty) {
            return Err("no variable is empty; leave \"\" out".to_owned());
        }
        Ok(Self { words })
    }
}

fn word(argument: Argument) -> String {
    match argument {
        Argument::Text(word) => word,
        other => other.to_string(),
    }
}

impl Converter for Any {
    fn shape(&self) -> Shape {
        Shape::Words(self.words.clone())
    }

    fn read<'t>(&self, text: &'t str) -> Option<Value<'t>> {
        Some(text.into())
    }

    fn accepts(&self, _: &str) -> bool {
        true
    }

    fn write(&self, value: &Value<'_>, out: &mut String) -> fmt::Result {
        write!(out, "{value}")
    }
}
