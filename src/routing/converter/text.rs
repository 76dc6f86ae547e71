use std::fmt::{self, Write as _};

use crate::routing::{Arguments, Converter, Shape, Value};

/// `string`, which is also what a variable without a converter has, and `path`.
pub(super) struct Text {
    shape: Shape,
}

impl Text {
    pub(super) fn string(arguments: &mut Arguments) -> Result<Self, String> {
        let min = arguments.take_count("minlength")?;
        let max = arguments.take_count("maxlength")?;
        let length = arguments.take_count("length")?;
        let (min, max) = match (length, min, max) {
            (Some(length), None, None) => (length, length),
            (Some(_), ..) => {
                return Err("`length` says it all; leave the other lengths out".to_owned());
            }
            (None, min, max) => (min.unwrap_or(1), max.unwrap_or(usize::MAX)),
        };
        if min == 0 {
            return Err("no variable is empty; write a length from 1 upwards".to_owned());
        }
        if min > max {
            return Err(format!("{min} is more than {max}; swap them"));
        }
        Ok(Self {
            shape: Shape::Text { min, max },
        })
    }

    pub(super) fn path(_: &mut Arguments) -> Result<Self, String> {
        Ok(Self { shape: Shape::Path })
    }
}

impl Converter for Text {
    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    fn read<'t>(&self, text: &'t str) -> Option<Value<'t>> {
        Some(text.into())
    }

    fn accepts(&self, _: &str) -> bool {
        true
    }

    fn write(&self, value: &Value<'_>, out: &mut String) -> fmt::Result {
        match value {
            Value::Text(text) => out.write_str(text),
            other => write!(out, "{other}"),
        }
    }
}
