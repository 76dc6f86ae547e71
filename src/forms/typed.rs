use std::collections::HashMap;
use std::fmt::{self, Display};
use std::str::FromStr;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::forms::TypedError;

/// Reads names and values into a type of yours.
///
/// A name that was sent several times fits a sequence, such as `Vec<u32>`; anything else wants
/// one value. `on`, which a ticked box sends, is `true`.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Search {
///     q: String,
///     #[serde(default)]
///     tag: Vec<String>,
///     page: Option<u32>,
/// }
///
/// let pairs = [("q", "tea"), ("tag", "hot"), ("tag", "green")];
/// let search: Search = devserve::forms::from_pairs(pairs)?;
/// assert_eq!((search.tag.len(), search.page), (2, None));
/// # Ok::<(), devserve::forms::TypedError>(())
/// ```
///
/// # Errors
/// [`TypedError`] where a field is missing or is not what the type wants; it names the field.
pub fn from_pairs<'a, T: DeserializeOwned>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<T, TypedError> {
    let fields = MapDeserializer::new(grouped(pairs).into_iter());
    T::deserialize(fields).map_err(|Misfit { field, problem }| TypedError {
        field,
        source: problem.into(),
    })
}

/// Names in the order first sent, each with its values.
fn grouped<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<(&'a str, Field<'a>)> {
    let mut places = HashMap::new();
    let mut fields: Vec<(&str, Field<'_>)> = Vec::new();
    for (name, value) in pairs {
        let place = *places.entry(name).or_insert(fields.len());
        if place == fields.len() {
            let values = Vec::new();
            fields.push((name, Field { name, values }));
        }
        fields[place].1.values.push(value);
    }
    fields
}

/// The values of one name.
#[derive(Debug)]
struct Field<'a> {
    name: &'a str,
    values: Vec<&'a str>,
}

impl<'a> Field<'a> {
    fn one(&self) -> Result<&'a str, Misfit> {
        match self.values.as_slice() {
            [value] => Ok(value),
            values => Err(self.misfit(format!("{} values, where one is wanted", values.len()))),
        }
    }

    fn misfit(&self, problem: impl Display) -> Misfit {
        Misfit {
            field: Some(self.name.to_owned()),
            problem: problem.to_string(),
        }
    }

    fn parse<T: FromStr<Err: Display>>(&self) -> Result<T, Misfit> {
        self.one()?.parse().map_err(|error| self.misfit(error))
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for Field<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// One row per type that is written as text.
macro_rules! parsed {
    ($($method:ident $visit:ident)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
                named(self.name, visitor.$visit(self.parse()?))
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Field<'de> {
    type Error = Misfit;

    parsed! {
        deserialize_i8 visit_i8
        deserialize_i16 visit_i16
        deserialize_i32 visit_i32
        deserialize_i64 visit_i64
        deserialize_i128 visit_i128
        deserialize_u8 visit_u8
        deserialize_u16 visit_u16
        deserialize_u32 visit_u32
        deserialize_u64 visit_u64
        deserialize_u128 visit_u128
        deserialize_f32 visit_f32
        deserialize_f64 visit_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        named(self.name, visitor.visit_borrowed_str(self.one()?))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let value = match self.one()? {
            "on" => true,
            _ => self.parse()?,
        };
        named(self.name, visitor.visit_bool(value))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let variant: StrDeserializer<'_, Misfit> = self.one()?.into_deserializer();
        named(self.name, visitor.visit_enum(variant))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let name = self.name;
        let single = |value| Field {
            name,
            values: vec![value],
        };
        let values = SeqDeserializer::new(self.values.into_iter().map(single));
        named(name, visitor.visit_seq(values))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_seq(visitor)
    }

    // Not `any`, which wants one value: whatever nobody reads may have several.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple_struct map struct identifier
    }
}

/// Puts the field's name to what the type says.
fn named<T>(name: &str, result: Result<T, Misfit>) -> Result<T, Misfit> {
    result.map_err(|misfit| Misfit {
        field: misfit.field.or_else(|| Some(name.to_owned())),
        ..misfit
    })
}

/// What does not fit, and in which field.
#[derive(Debug)]
struct Misfit {
    field: Option<String>,
    problem: String,
}

impl Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: Display>(problem: T) -> Self {
        Self {
            field: None,
            problem: problem.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, deny_unknown_fields)]
    struct Order {
        item: String,
        count: u32,
        price: Option<f64>,
        gift: bool,
        size: Size,
        tags: Vec<u8>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Size {
        #[default]
        Small,
        Large,
    }

    #[track_caller]
    fn check<const N: usize>(pairs: [(&str, &str); N], want: Order) {
        assert_eq!(from_pairs::<Order>(pairs).unwrap(), want);
    }

    #[track_caller]
    fn check_error<const N: usize>(pairs: [(&str, &str); N], want: &str) {
        assert_eq!(from_pairs::<Order>(pairs).unwrap_err().to_string(), want);
    }

    #[test]
    fn text_becomes_what_the_type_wants() {
        let want = Order {
            item: "tea".to_owned(),
            count: 2,
            price: Some(1.5),
            gift: true,
            size: Size::Large,
            tags: vec![1, 2],
        };
        let pairs = [
            ("tags", "1"),
            ("item", "tea"),
            ("count", "2"),
            ("gift", "on"),
            ("price", "1.5"),
            ("size", "large"),
            ("tags", "2"),
        ];
        check(pairs, want);
        check([], Order::default());
    }

    #[test]
    fn errors_name_the_field() {
        check_error(
            [("count", "two")],
            "field `count`: invalid digit found in string",
        );
        check_error(
            [("count", "1"), ("count", "2")],
            "field `count`: 2 values, where one is wanted",
        );
        check_error(
            [("tags", "1"), ("tags", "x")],
            "field `tags`: invalid digit found in string",
        );
        check_error(
            [("size", "huge")],
            "field `size`: unknown variant `huge`, expected `small` or `large`",
        );
        check_error(
            [("gift", "maybe")],
            "field `gift`: provided string was not `true` or `false`",
        );
        let unknown = from_pairs::<Order>([("colour", "red")]).unwrap_err();
        assert!(unknown.to_string().contains("unknown field `colour`"));
    }
}
