use std::cell::RefCell;
use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::forms::{TypedError, urlencoded};

/// Reads names and values into a type of yours.
///
/// # Errors
/// [`TypedError`] where a field is missing or is not what the type wants; it names the field.
pub fn from_pairs<'a, T: DeserializeOwned>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<T, TypedError> {
    let text = urlencoded::serialize(pairs);
    let field = RefCell::new(None);
    let inner = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    T::deserialize(Tracked {
        inner,
        field: &field,
    })
    .map_err(|source| TypedError {
        field: field.take(),
        source: source.into(),
    })
}

/// A deserializer of a map that remembers which field is being read.
struct Tracked<'a, T> {
    inner: T,
    field: &'a RefCell<Option<String>>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Tracked<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(Tracked {
            inner: visitor,
            field: self.field,
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct newtype_struct seq tuple tuple_struct map struct enum
        identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Tracked<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Tracked {
            inner: map,
            field: self.field,
        })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Tracked<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let name: Option<String> = self.inner.next_key()?;
        let Some(name) = name else {
            return Ok(None);
        };
        self.field.replace(Some(name.clone()));
        seed.deserialize(StringDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let value = self.inner.next_value_seed(seed)?;
        self.field.replace(None);
        Ok(value)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}
