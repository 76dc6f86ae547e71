use std::fmt::{self, Write as _};

use crate::routing::{Converter, Shape, Uuid, Value};

/// `uuid`.
pub(super) struct UuidConverter;

impl Converter for UuidConverter {
    fn shape(&self) -> Shape {
        Shape::Uuid
    }

    fn read<'t>(&self, text: &'t str) -> Option<Value<'t>> {
        text.parse::<Uuid>().ok().map(Value::Uuid)
    }

    fn accepts(&self, _: &str) -> bool {
        true
    }

    fn write(&self, value: &Value<'_>, out: &mut String) -> fmt::Result {
        write!(out, "{value}")
    }
}
