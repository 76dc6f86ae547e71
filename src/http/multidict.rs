use std::any::type_name;
use std::collections::HashSet;
use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;

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
    // a map beside it.
    entries: Vec<(String, Box<V>)>,
}

impl<V: ?Sized> MultiDict<V> {
    /// No names.
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
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
        self.get(name).ok_or_else(|| ValueError::Missing {
            name: name.to_owned(),
        })
    }

    /// Every value of `name`, in the order sent.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a V> {
        self.entries
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| &**value)
    }

    /// Whether `name` was sent.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Every name and value, in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.entries
            .iter()
            .map(|(name, value)| (name.as_str(), &**value))
    }

    /// Every name once, in the order first seen.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut seen = HashSet::new();
        self.entries
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(move |name| seen.insert(*name))
    }

    /// How many values there are, over all names.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a value, after those the name has.
    pub fn add(&mut self, name: impl Into<String>, value: impl Into<Box<V>>) {
        self.entries.push((name.into(), value.into()));
    }

    /// Gives `name` this one value, in the place of its first.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Box<V>>) {
        let name = name.into();
        let place = self.entries.iter().position(|(key, _)| *key == name);
        self.entries.retain(|(key, _)| *key != name);
        let place = place.unwrap_or(self.entries.len());
        self.entries.insert(place, (name, value.into()));
    }

    /// Takes all values of `name` out.
    pub fn remove(&mut self, name: &str) -> Vec<Box<V>> {
        self.entries
            .extract_if(.., |(key, _)| key == name)
            .map(|(_, value)| value)
            .collect()
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.entries.clear();
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
        let value = self.require(name)?;
        value
            .parse()
            .map_err(|source: T::Err| ValueError::Unreadable {
                name: name.to_owned(),
                value: value.to_owned(),
                wanted: type_name::<T>(),
                source: source.into(),
            })
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
        self.len() == other.len()
            && self
                .names()
                .all(|name| self.get_all(name).eq(other.get_all(name)))
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

/// Why a value of a query or a form could not be had. The sender's fault: 400.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The name was not sent.
    #[error("`{name}` is missing")]
    Missing {
        /// The name asked for.
        name: String,
    },
    /// The value is not what was asked for.
    #[error("`{name}` is {value:?}, which is no {wanted}")]
    Unreadable {
        /// The name asked for.
        name: String,
        /// What was sent.
        value: String,
        /// The Rust type it should have become.
        wanted: &'static str,
        /// What the type says.
        source: Box<dyn StdError + Send + Sync>,
    },
}
