use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::routing::Uuid;

/// What a converter made of a piece of a path, and what a URL is built from.
///
/// Text may borrow: from the path that was matched, or from whoever builds. Numbers are wide
/// enough for `u64` and `i64`; a larger one in a path matches no rule.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value<'v> {
    /// Text, decoded.
    Text(Cow<'v, str>),
    /// A whole number.
    Int(i128),
    /// A number with a fraction.
    Float(f64),
    /// A UUID.
    Uuid(Uuid),
    /// A value of a converter of your own.
    Other(Arc<dyn OtherValue>),
}

impl Value<'_> {
    /// A value of your own type, for [`Value::downcast_ref`] to take out again.
    pub fn other(value: impl OtherValue) -> Self {
        Self::Other(Arc::new(value))
    }

    /// The value a converter of your own made.
    pub fn downcast_ref<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::Other(value) => {
                let value: &dyn Any = &**value;
                value.downcast_ref()
            }
            _ => None, // the others are no one's own
        }
    }

    /// The same, borrowing nothing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Int(number) => Value::Int(number),
            Self::Float(number) => Value::Float(number),
            Self::Uuid(uuid) => Value::Uuid(uuid),
            Self::Other(value) => Value::Other(value),
        }
    }

    /// The same, borrowing from this one.
    pub fn borrowed(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Int(number) => Value::Int(*number),
            Self::Float(number) => Value::Float(*number),
            Self::Uuid(uuid) => Value::Uuid(*uuid),
            Self::Other(value) => Value::Other(Arc::clone(value)),
        }
    }
}

/// As a query has it.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Uuid(uuid) => write!(f, "{uuid}"),
            Self::Other(value) => write!(f, "{value}"),
        }
    }
}

/// Values of one kind are equal where they mean the same; values of your own where they have
/// one type and are written alike.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Int(one), Self::Int(other)) => one == other,
            (Self::Float(one), Self::Float(other)) => one == other,
            (Self::Uuid(one), Self::Uuid(other)) => one == other,
            (Self::Other(one), Self::Other(other)) => {
                let types: [&dyn Any; 2] = [&**one, &**other];
                types[0].type_id() == types[1].type_id() && one.to_string() == other.to_string()
            }
            _ => false, // two kinds
        }
    }
}

/// What a value of your own must be able to do; every such type does.
pub trait OtherValue: Any + fmt::Debug + fmt::Display + Send + Sync {}

impl<T: Any + fmt::Debug + fmt::Display + Send + Sync> OtherValue for T {}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'v> From<Cow<'v, str>> for Value<'v> {
    fn from(text: Cow<'v, str>) -> Self {
        Self::Text(text)
    }
}

/// `true` or `false`, as text.
impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Text(Cow::Borrowed(if truth { "true" } else { "false" }))
    }
}

impl From<f32> for Value<'_> {
    fn from(number: f32) -> Self {
        Self::Float(number.into())
    }
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<Uuid> for Value<'_> {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

/// A type that a view's argument can have.
///
/// Whole numbers of every width, floats, text, [`Uuid`] and `bool` are such types. Your own
/// becomes one by taking itself out of the [`Value`] that your converter makes:
///
/// ```
/// # use devserve::routing::{FromValue, Value};
/// # #[derive(Clone)] struct Slug(String);
/// impl FromValue<'_> for Slug {
///     fn from_value(value: Value<'_>) -> Option<Self> {
///         Some(Slug(String::from_value(value)?))
///     }
/// }
/// ```
pub trait FromValue<'v>: Sized {
    /// The value as this type, or `None` where it does not fit.
    fn from_value(value: Value<'v>) -> Option<Self>;
}

impl<'v> FromValue<'v> for Value<'v> {
    fn from_value(value: Value<'v>) -> Option<Self> {
        Some(value)
    }
}

/// A value's text, whatever its kind.
impl<'v> FromValue<'v> for Cow<'v, str> {
    fn from_value(value: Value<'v>) -> Option<Self> {
        Some(match value {
            Value::Text(text) => text,
            other => Cow::Owned(other.to_string()),
        })
    }
}

/// A value's text, whatever its kind.
impl FromValue<'_> for String {
    fn from_value(value: Value<'_>) -> Option<Self> {
        Some(Cow::from_value(value)?.into_owned())
    }
}

/// A value that is text.
impl<'v> FromValue<'v> for &'v str {
    fn from_value(value: Value<'v>) -> Option<Self> {
        match value {
            Value::Text(Cow::Borrowed(text)) => Some(text),
            _ => None, // no text, or none that outlives the value
        }
    }
}

impl FromValue<'_> for bool {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => text.parse().ok(),
            _ => None, // neither `true` nor `false`
        }
    }
}

impl FromValue<'_> for Uuid {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Uuid(uuid) => Some(uuid),
            Value::Text(text) => text.parse().ok(),
            _ => None, // no UUID
        }
    }
}

impl FromValue<'_> for f64 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Float(number) => Some(number),
            Value::Int(number) => Some(number as f64),
            Value::Text(text) => text.parse().ok(),
            _ => None, // no number
        }
    }
}

impl FromValue<'_> for f32 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        f64::from_value(value).map(|number| number as f32)
    }
}

macro_rules! whole_numbers {
    ($($number:ident)*) => {$(
        impl From<$number> for Value<'_> {
            fn from(number: $number) -> Self {
                // A `usize` has 64 bits at most.
                Self::Int(number as i128)
            }
        }

        impl FromValue<'_> for $number {
            fn from_value(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Int(number) => number.try_into().ok(),
                    Value::Text(text) => text.parse().ok(),
                    _ => None, // no whole number
                }
            }
        }
    )*};
}

whole_numbers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 usize }
