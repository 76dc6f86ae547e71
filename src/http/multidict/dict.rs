use std::collections::{HashMap, HashSet};
use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;

use crate::http::ValueError;
use crate::http::multidict::value_error::convert;

/// Names with one or more values each, in the order they were sent: a query, a form, cookies.
///
/// Plain look-up gives the first value of a name. Names are compared byte for byte.
///
/// ```
/// # use devserve::http::MultiDict;
/// let args: MultiDict = [("tag", "red"), ("page", "2"), ("tag", "blue")].into_iter().collect();
/// assert_eq!(args.get("tag"), Some("red"));
/// assert_eq!(args.get_all("tag").collect::<Vec<_>>(), ["red", "blue"]);
/// assert_eq!(args.get_as::<u32>("page")?, 2);
/// # Ok::<(), devserve::http::ValueError>(())
/// ```
pub struct MultiDict<V: ?Sized = str> {
    // A form has few names and a cap on them, so a list that keeps the order of the wire beats
    // a map beside it. `None` stands alone under a name that was given an empty list.
    entries: Vec<(String, Option<Box<V>>)>,
    // Invariant: set where such a name may be, so that `add` need not look for one.
    has_empty_lists: bool,
}

impl<V: ?Sized> MultiDict<V> {
    /// No names.
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            has_empty_lists: false,
        }
    }

    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.get_all(name).next()
    }

    /// The first value of `name`, or an error that answers the request with 400.
    ///
    /// # Errors
    /// [`ValueError::Missing`] where the name was not sent.
    pub fn require(&self, name: &str) -> Result<&V, ValueError> {
        self.get(name).ok_or_else(|| ValueError::missing(name))
    }

    /// Every value of `name`, in the order sent.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a V> {
        self.entries
            .iter()
            .filter(move |(key, _)| key == name)
            .filter_map(|(_, value)| value.as_deref())
    }

    /// Whether `name` was sent, or set to an empty list.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.iter().any(|(key, _)| key == name)
    }

    /// Every name and value, in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.entries()
            .filter_map(|(name, value)| Some((name, value?)))
    }

    /// Every name once, in the order first seen.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut seen = HashSet::new();
        self.entries
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(move |name| seen.insert(*name))
    }

    /// Every name once, with all its values.
    pub fn lists(&self) -> impl Iterator<Item = (&str, Vec<&V>)> {
        grouped(self.entries())
    }

    /// The entries as they are kept: also names with an empty list.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, Option<&V>)> {
        self.entries
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// How many values there are, over all names.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are no names.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a value, after those the name has. [`extend`](Extend::extend) adds many.
    pub fn add(&mut self, name: impl Into<String>, value: impl Into<Box<V>>) {
        let (name, value) = (name.into(), Some(value.into()));
        match self.empty_list(&name) {
            Some(slot) => *slot = value,
            None => self.entries.push((name, value)),
        }
    }

    /// Gives `name` this one value, in the place of its first.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Box<V>>) {
        self.set_all(name, [value]);
    }

    /// Gives `name` these values, in the place of its first. With none, the name stays and has
    /// no value.
    pub fn set_all<B: Into<Box<V>>>(
        &mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = B>,
    ) {
        let name = name.into();
        let place = self.entries.iter().position(|(key, _)| *key == name);
        self.entries.retain(|(key, _)| *key != name);
        let place = place.unwrap_or(self.entries.len());
        let mut values: Vec<_> = values.into_iter().map(|value| Some(value.into())).collect();
        if values.is_empty() {
            self.has_empty_lists = true;
            values.push(None);
        }
        let entries = values.into_iter().map(|value| (name.clone(), value));
        self.entries.splice(place..place, entries);
    }

    /// The first value of `name`, which becomes `default` where the name has none.
    pub fn get_or_set(&mut self, name: &str, default: impl Into<Box<V>>) -> &V {
        let place = self
            .entries
            .iter()
            .position(|(key, value)| key == name && value.is_some());
        let place = place.unwrap_or_else(|| {
            self.add(name, default);
            // Only an empty list leaves the new value elsewhere than at the end.
            self.entries
                .iter()
                .position(|(key, _)| key == name)
                .unwrap_or(self.entries.len() - 1)
        });
        self.entries[place]
            .1
            .as_deref()
            .expect("a place with a value was looked for, or just made")
    }

    /// Takes all values of `name` out.
    pub fn remove(&mut self, name: &str) -> Vec<Box<V>> {
        self.entries
            .extract_if(.., |(key, _)| key == name)
            .filter_map(|(_, value)| value)
            .collect()
    }

    /// Takes `name` out and gives its first value.
    pub fn pop(&mut self, name: &str) -> Option<Box<V>> {
        self.remove(name).into_iter().next()
    }

    /// Takes the name that was first seen last out, with all its values.
    pub fn pop_last(&mut self) -> Option<(String, Vec<Box<V>>)> {
        let name = self.names().last()?.to_owned();
        let values = self.remove(&name);
        Some((name, values))
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.has_empty_lists = false;
    }

    /// The place that says that `name` is there without a value.
    fn empty_list(&mut self, name: &str) -> Option<&mut Option<Box<V>>> {
        if !self.has_empty_lists {
            return None;
        }
        self.entries
            .iter_mut()
            .find(|(key, value)| value.is_none() && key == name)
            .map(|(_, value)| value)
    }
}

impl MultiDict<str> {
    /// The first value of `name` as a number, a date, or whatever `T` reads.
    ///
    /// # Errors
    /// [`ValueError`], which answers the request with 400 where it is returned.
    pub fn get_as<T>(&self, name: &str) -> Result<T, ValueError>
    where
        T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
    {
        convert(name, self.require(name)?)
    }

    /// Every value of `name` as a `T`; what is none is an error in its place.
    ///
    /// ```
    /// # use devserve::http::MultiDict;
    /// let args: MultiDict = [("id", "4"), ("id", "x"), ("id", "7")].into_iter().collect();
    /// let good: Vec<u32> = args.get_all_as("id").filter_map(Result::ok).collect();
    /// assert_eq!(good, [4, 7]);
    /// assert!(args.get_all_as::<u32>("id").collect::<Result<Vec<_>, _>>().is_err());
    /// ```
    pub fn get_all_as<T>(&self, name: &str) -> impl Iterator<Item = Result<T, ValueError>>
    where
        T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
    {
        self.get_all(name).map(move |value| convert(name, value))
    }
}

impl<V: ?Sized> Default for MultiDict<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: ?Sized> Clone for MultiDict<V>
where
    Box<V>: Clone,
{
    fn clone(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            has_empty_lists: self.has_empty_lists,
        }
    }
}

impl<V: ?Sized + fmt::Debug> fmt::Debug for MultiDict<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Equal when every name has the same values in the same order; how names interleave is
/// nobody's business.
impl<V: ?Sized + PartialEq> PartialEq for MultiDict<V> {
    fn eq(&self, other: &Self) -> bool {
        self.lists().collect::<HashMap<_, _>>() == other.lists().collect()
    }
}

impl<N: Into<String>, B: Into<Box<V>>, V: ?Sized> Extend<(N, B)> for MultiDict<V> {
    fn extend<I: IntoIterator<Item = (N, B)>>(&mut self, pairs: I) {
        for (name, value) in pairs {
            self.add(name, value);
        }
    }
}

impl<N: Into<String>, B: Into<Box<V>>, V: ?Sized> FromIterator<(N, B)> for MultiDict<V> {
    fn from_iter<I: IntoIterator<Item = (N, B)>>(pairs: I) -> Self {
        let mut dict = Self::new();
        dict.extend(pairs);
        dict
    }
}

/// Entries by name, in the order names were first seen; in one pass, as there may be many.
pub(super) fn grouped<'a, V: ?Sized + 'a>(
    entries: impl Iterator<Item = (&'a str, Option<&'a V>)>,
) -> impl Iterator<Item = (&'a str, Vec<&'a V>)> {
    let mut places = HashMap::new();
    let mut lists: Vec<(&str, Vec<&V>)> = Vec::new();
    for (name, value) in entries {
        let place = *places.entry(name).or_insert(lists.len());
        if place == lists.len() {
            lists.push((name, Vec::new()));
        }
        lists[place].1.extend(value);
    }
    lists.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dict(pairs: &[(&str, &str)]) -> MultiDict {
        pairs.iter().copied().collect()
    }

    #[track_caller]
    fn check(dict: &MultiDict, want: &str) {
        assert_eq!(format!("{:?}", dict.lists().collect::<Vec<_>>()), want);
    }

    #[test]
    fn values_are_set_in_the_place_of_the_first() {
        let mut args = dict(&[("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")]);
        args.set_all("a", ["7", "8"]);
        args.set("c", "5");
        args.set("d", "6");
        check(
            &args,
            r#"[("a", ["7", "8"]), ("b", ["2"]), ("c", ["5"]), ("d", ["6"])]"#,
        );
        let wire: Vec<_> = args.iter().map(|(name, _)| name).collect();
        assert_eq!(wire, ["a", "a", "b", "c", "d"]);
    }

    #[test]
    fn a_name_may_have_an_empty_list() {
        let mut args = dict(&[("a", "1"), ("b", "2"), ("a", "3")]);
        args.set_all("a", [""; 0]);
        assert!(args.contains("a") && args.get("a").is_none() && args.require("a").is_err());
        assert_eq!(args.len(), 1);
        check(&args, r#"[("a", []), ("b", ["2"])]"#);
        assert_ne!(args, dict(&[("b", "2")]));
        args.extend([("a", "4"), ("a", "5")]);
        check(&args, r#"[("a", ["4", "5"]), ("b", ["2"])]"#);
    }

    #[test]
    fn a_default_is_kept() {
        let mut args = dict(&[("a", "1")]);
        assert_eq!(args.get_or_set("a", "9"), "1");
        assert_eq!(args.get_or_set("b", "9"), "9");
        args.set_all("a", [""; 0]);
        assert_eq!(args.get_or_set("a", "7"), "7");
        check(&args, r#"[("a", ["7"]), ("b", ["9"])]"#);
    }

    #[test]
    fn names_are_taken_out_whole() {
        let mut args = dict(&[("a", "1"), ("b", "2"), ("a", "3")]);
        assert_eq!(args.pop_last(), Some(("b".into(), vec!["2".into()])));
        assert_eq!(args.pop("a").as_deref(), Some("1"));
        assert_eq!((args.pop("a"), args.pop_last()), (None, None));
        assert!(args.is_empty());
    }
}
