use std::collections::HashSet;
use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;

use crate::http::multidict::dict::grouped;
use crate::http::multidict::value_error::convert;
use crate::http::{MultiDict, ValueError};

/// Several [`MultiDict`]s read as one, such as a query and a form.
///
/// Plain look-up gives the first value of the first that has one.
///
/// ```
/// # use devserve::http::{CombinedMultiDict, MultiDict};
/// let query: MultiDict = [("tag", "red"), ("page", "2")].into_iter().collect();
/// let form: MultiDict = [("tag", "blue")].into_iter().collect();
/// let values = CombinedMultiDict::new([&query, &form]);
/// assert_eq!(values.get("tag"), Some("red"));
/// assert_eq!(values.get_all("tag").collect::<Vec<_>>(), ["red", "blue"]);
/// ```
pub struct CombinedMultiDict<'a, V: ?Sized = str> {
    dicts: Vec<&'a MultiDict<V>>,
}

impl<'a, V: ?Sized> CombinedMultiDict<'a, V> {
    /// These, those named first asked first.
    pub fn new(dicts: impl IntoIterator<Item = &'a MultiDict<V>>) -> Self {
        Self {
            dicts: dicts.into_iter().collect(),
        }
    }

    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&'a V> {
        self.dicts.iter().find_map(|dict| dict.get(name))
    }

    /// The first value of `name`, or an error that answers the request with 400.
    ///
    /// # Errors
    /// [`ValueError::Missing`] where the name was not sent.
    pub fn require(&self, name: &str) -> Result<&'a V, ValueError> {
        self.get(name).ok_or_else(|| ValueError::missing(name))
    }

    /// Every value of `name`, dict by dict.
    pub fn get_all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a V> + use<'s, 'a, V> {
        self.dicts.iter().flat_map(move |dict| dict.get_all(name))
    }

    /// Whether any has `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.dicts.iter().any(|dict| dict.contains(name))
    }

    /// Every name and value, dict by dict, each in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a V)> + use<'_, 'a, V> {
        self.dicts.iter().flat_map(|dict| dict.iter())
    }

    /// Every name once, in the order first seen.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'_, 'a, V> {
        let mut seen = HashSet::new();
        self.dicts
            .iter()
            .flat_map(|dict| dict.names())
            .filter(move |name| seen.insert(*name))
    }

    /// Every name once, with all its values.
    pub fn lists(&self) -> impl Iterator<Item = (&'a str, Vec<&'a V>)> {
        grouped(self.dicts.iter().flat_map(|dict| dict.entries()))
    }

    /// How many values there are, over all names.
    pub fn len(&self) -> usize {
        self.dicts.iter().map(|dict| dict.len()).sum()
    }

    /// Whether none has a name.
    pub fn is_empty(&self) -> bool {
        self.dicts.iter().all(|dict| dict.is_empty())
    }
}

impl<'a> CombinedMultiDict<'a, str> {
    /// A value of `name` as a `T`: of the first dict whose first value is one.
    ///
    /// # Errors
    /// [`ValueError`], about the first value of `name`, which answers the request with 400
    /// where it is returned.
    pub fn get_as<T>(&self, name: &str) -> Result<T, ValueError>
    where
        T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
    {
        let mut first_error = None;
        for value in self.dicts.iter().filter_map(|dict| dict.get(name)) {
            match convert(name, value) {
                Ok(value) => return Ok(value),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| ValueError::missing(name)))
    }

    /// Every value of `name` as a `T`; what is none is an error in its place.
    pub fn get_all_as<'s, T>(
        &'s self,
        name: &'s str,
    ) -> impl Iterator<Item = Result<T, ValueError>> + use<'s, 'a, T>
    where
        T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
    {
        self.get_all(name).map(move |value| convert(name, value))
    }

    /// A [`MultiDict`] of its own with all that these hold.
    pub fn to_multi_dict(&self) -> MultiDict {
        self.iter().collect()
    }
}

impl<V: ?Sized> Clone for CombinedMultiDict<'_, V> {
    fn clone(&self) -> Self {
        Self {
            dicts: self.dicts.clone(),
        }
    }
}

impl<V: ?Sized + fmt::Debug> fmt::Debug for CombinedMultiDict<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_dict_that_can_answer_does() {
        let query: MultiDict = [("page", "two"), ("tag", "red")].into_iter().collect();
        let form: MultiDict = [("page", "3"), ("tag", "blue"), ("name", "Ada")]
            .into_iter()
            .collect();
        let values = CombinedMultiDict::new([&query, &form]);
        assert_eq!(values.get("page"), Some("two"));
        assert_eq!(values.get_as::<u32>("page").unwrap(), 3);
        assert_eq!(
            values.get_as::<u32>("tag").unwrap_err().to_string(),
            "`tag` is \"red\", which is no u32"
        );
        assert_eq!(
            values
                .get_all_as::<u32>("page")
                .filter_map(Result::ok)
                .collect::<Vec<_>>(),
            [3]
        );
        assert_eq!(values.names().collect::<Vec<_>>(), ["page", "tag", "name"]);
        assert_eq!((values.len(), values.is_empty()), (5, false));
        assert_eq!(values.lists().nth(1), Some(("tag", vec!["red", "blue"])));
        assert!(values.require("none").is_err() && !values.contains("none"));
    }
}
