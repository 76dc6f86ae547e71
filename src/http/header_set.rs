use std::collections::HashSet;

use crate::http::lines::joined;
use crate::http::list::{dump_list, parse_list, to_header};
use crate::http::{FieldError, HeaderMap, HeaderName, HeaderValue};

/// A comma list whose items count once and in any case, such as `Vary`, `Allow` or
/// `Content-Language` (RFC 9110 §5.6.1). It keeps the order and the first spelling.
///
/// ```
/// # use devserve::http::HeaderSet;
/// let mut vary = HeaderSet::parse("Accept-Encoding, cookie");
/// assert!(vary.contains("Cookie"));
/// vary.insert("Origin");
/// assert_eq!(vary.to_header()?, "Accept-Encoding, cookie, Origin");
/// # Ok::<(), devserve::http::FieldError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct HeaderSet {
    items: Vec<String>,
}

impl HeaderSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a field's value. Never fails: a list that cannot be read is empty.
    pub fn parse(text: &str) -> Self {
        parse_list(text).into_iter().collect()
    }

    /// Reads all lines of a field in a message, which are one list.
    pub fn from_headers(headers: &HeaderMap, name: &HeaderName) -> Self {
        Self::parse(&joined(headers, name))
    }

    /// Adds an item; `false` where it was there.
    pub fn insert(&mut self, item: impl Into<String>) -> bool {
        let item = item.into();
        let is_new = !self.contains(&item);
        if is_new {
            self.items.push(item);
        }
        is_new
    }

    /// Takes an item out; `false` where it was not there.
    pub fn remove(&mut self, item: &str) -> bool {
        match self.position(item) {
            Some(place) => {
                self.items.remove(place);
                true
            }
            None => false,
        }
    }

    /// Takes all items out.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// Whether an item is there, in any case. `*` is an item like others.
    pub fn contains(&self, item: &str) -> bool {
        self.position(item).is_some()
    }

    /// Where an item stands, counted from 0.
    pub fn position(&self, item: &str) -> Option<usize> {
        self.items
            .iter()
            .position(|known| known.eq_ignore_ascii_case(item))
    }

    /// The items in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.items.iter().map(String::as_str)
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The field's value.
    ///
    /// # Errors
    /// [`FieldError::Value`] for an item that holds a control character.
    pub fn to_header(&self) -> Result<HeaderValue, FieldError> {
        to_header(dump_list(&self.items)?)
    }
}

impl<T: Into<String>> Extend<T> for HeaderSet {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        // Kept for this call only: a stranger's list may be long, and the set's own never is.
        let mut known: HashSet<_> = self.iter().map(str::to_ascii_lowercase).collect();
        for item in items {
            let item = item.into();
            if known.insert(item.to_ascii_lowercase()) {
                self.items.push(item);
            }
        }
    }
}

impl<T: Into<String>> FromIterator<T> for HeaderSet {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut set = Self::new();
        set.extend(items);
        set
    }
}

/// The same items in any case and any order.
impl PartialEq for HeaderSet {
    fn eq(&self, other: &Self) -> bool {
        let folded =
            |set: &Self| -> HashSet<_> { set.iter().map(str::to_ascii_lowercase).collect() };
        self.len() == other.len() && folded(self) == folded(other)
    }
}

impl Eq for HeaderSet {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_count_once_in_their_first_spelling() {
        let mut set = HeaderSet::parse("Accept, ACCEPT, \"a b\", cookie");
        assert!(!set.insert("Cookie"));
        assert!(set.insert("Origin"));
        assert!(set.remove("ACCEPT"));
        assert!(!set.remove("accept"));
        assert_eq!(set.iter().collect::<Vec<_>>(), ["a b", "cookie", "Origin"]);
        assert_eq!(set.position("ORIGIN"), Some(2));
        assert_eq!(set.to_header().unwrap(), "\"a b\", cookie, Origin");
    }

    #[test]
    fn sets_are_equal_in_any_order_and_case() {
        assert_eq!(HeaderSet::parse("a, B"), HeaderSet::parse("b,A"));
        assert_ne!(HeaderSet::parse("a, b"), HeaderSet::parse("a"));
        assert_ne!(HeaderSet::parse("a, b"), HeaderSet::parse("a, c"));
    }

    #[test]
    fn a_line_break_is_not_written() {
        let set: HeaderSet = ["Accept\r\nX-Evil: 1"].into_iter().collect();
        assert!(set.to_header().is_err());
    }

    #[test]
    fn a_strangers_long_list_takes_no_time() {
        let text: String = (0..100_000).map(|number| format!("a{number},")).collect();
        assert_eq!(HeaderSet::parse(&text).len(), 100_000);
    }
}
