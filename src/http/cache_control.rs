use std::collections::HashSet;
use std::time::Duration;

use crate::http::lines::joined;
use crate::http::list::{as_name, as_value, pair, raw_items, separate, to_header};
use crate::http::{FieldError, HeaderMap, HeaderSet, HeaderValue, age, header};
use crate::text::tokens;

// Their value is a list of field names, which senders quote even where it is one token
// (RFC 9111 §5.2.2.4 and §5.2.2.7).
const WITH_FIELDS: &[&str] = &["no-cache", "private"];

/// What caches may do with a request or an answer: `Cache-Control` (RFC 9111 §5.2).
///
/// Directives are known in any case; of two with one name the first counts (§4.2.1). A number
/// of seconds that is none is as good as absent.
///
/// ```
/// # use std::time::Duration;
/// # use devserve::http::CacheControl;
/// let cache = CacheControl::parse("public, max-age=60");
/// assert_eq!(cache.max_age(), Some(Duration::from_secs(60)));
/// let assets = CacheControl::new()
///     .with_public()
///     .with_max_age(Duration::from_secs(31_536_000))
///     .with_immutable();
/// assert_eq!(assets.to_header()?, "public, max-age=31536000, immutable");
/// # Ok::<(), devserve::http::FieldError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheControl {
    // Invariant: names are in lower case, and each is there once.
    directives: Vec<(String, Option<String>)>,
}

/// What of an answer a directive is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheScope<'a> {
    /// All of it.
    Whole,
    /// The fields in this list.
    Fields(&'a str),
}

impl CacheScope<'_> {
    /// The names of the fields; none where the whole answer is meant.
    pub fn fields(self) -> HeaderSet {
        match self {
            Self::Whole => HeaderSet::new(),
            Self::Fields(names) => HeaderSet::parse(names),
        }
    }
}

impl CacheControl {
    /// No directives.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a field's value. Never fails: what is no directive is left out.
    pub fn parse(text: &str) -> Self {
        let mut known = HashSet::new();
        let directives = raw_items(text)
            .into_iter()
            .filter_map(directive)
            .filter(|(name, _)| known.insert(name.clone()))
            .collect();
        Self { directives }
    }

    /// Reads all lines of the field in a message, which are one list.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        Self::parse(&joined(headers, &header::CACHE_CONTROL))
    }

    /// Every directive in order, names in lower case, values unquoted.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> {
        self.directives
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// Whether there is no directive.
    pub fn is_empty(&self) -> bool {
        self.directives.is_empty()
    }

    /// Whether a directive is there, with a value or without.
    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The value of a directive; `None` also where it has none.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.find(name)?
    }

    /// Sets any directive, where it stands or at the end; a name or a value that cannot be sent
    /// comes up in [`to_header`](Self::to_header).
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        let value = value.map(str::to_owned);
        let known = self
            .directives
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        match known {
            Some(known) => known.1 = value,
            None => self.directives.push((name.to_ascii_lowercase(), value)),
        }
        self
    }

    /// Takes a directive out.
    pub fn without(mut self, name: &str) -> Self {
        self.directives
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// The field's value.
    ///
    /// # Errors
    /// [`FieldError`] for a name that is no token, or a value that holds a control character.
    pub fn to_header(&self) -> Result<HeaderValue, FieldError> {
        let mut text = String::new();
        for (name, value) in self.iter() {
            separate(&mut text);
            text.push_str(as_name(name)?);
            if let Some(value) = value {
                let is_bare_list = WITH_FIELDS.contains(&name) && tokens::is_token(value);
                let quote = if is_bare_list { "\"" } else { "" };
                text.extend(["=", quote, &as_value(value)?, quote]);
            }
        }
        to_header(text)
    }

    /// `None` where the directive is absent, `Some(None)` where it has no value.
    fn find(&self, name: &str) -> Option<Option<&str>> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn seconds(&self, name: &str) -> Option<Duration> {
        self.value(name).and_then(age::parse)
    }

    fn scope(&self, name: &str) -> Option<CacheScope<'_>> {
        self.find(name)
            .map(|value| value.map_or(CacheScope::Whole, CacheScope::Fields))
    }

    fn with_seconds(self, name: &str, time: Duration) -> Self {
        self.with(name, Some(&age::format(time)))
    }
}

/// What requests and answers both say.
impl CacheControl {
    /// How old an answer may be, or may get.
    pub fn max_age(&self) -> Option<Duration> {
        self.seconds("max-age")
    }

    /// [`max_age`](Self::max_age), in whole seconds.
    pub fn with_max_age(self, age: Duration) -> Self {
        self.with_seconds("max-age", age)
    }

    /// Whether nothing of it may be kept.
    pub fn no_store(&self) -> bool {
        self.contains("no-store")
    }

    /// Nothing of it may be kept.
    pub fn with_no_store(self) -> Self {
        self.with("no-store", None)
    }

    /// What may not be used from a cache without asking. In a request, any value means all.
    pub fn no_cache(&self) -> Option<CacheScope<'_>> {
        self.scope("no-cache")
    }

    /// A cache must ask each time before it uses what it has.
    pub fn with_no_cache(self) -> Self {
        self.with("no-cache", None)
    }

    /// Whether the content must stay as it is.
    pub fn no_transform(&self) -> bool {
        self.contains("no-transform")
    }

    /// The content must stay as it is.
    pub fn with_no_transform(self) -> Self {
        self.with("no-transform", None)
    }

    /// How long after its time an answer may stand in for an error (RFC 5861 §4).
    pub fn stale_if_error(&self) -> Option<Duration> {
        self.seconds("stale-if-error")
    }

    /// [`stale_if_error`](Self::stale_if_error), in whole seconds.
    pub fn with_stale_if_error(self, time: Duration) -> Self {
        self.with_seconds("stale-if-error", time)
    }
}

/// What requests say (RFC 9111 §5.2.1).
impl CacheControl {
    /// How long after its time an answer is still taken: [`Duration::MAX`] where the client
    /// sets no limit.
    pub fn max_stale(&self) -> Option<Duration> {
        match self.find("max-stale")? {
            Some(value) => age::parse(value),
            None => Some(Duration::MAX),
        }
    }

    /// How long an answer must stay fresh at least.
    pub fn min_fresh(&self) -> Option<Duration> {
        self.seconds("min-fresh")
    }

    /// Whether only what a cache has is wanted, or else a 504.
    pub fn only_if_cached(&self) -> bool {
        self.contains("only-if-cached")
    }
}

/// What answers say (RFC 9111 §5.2.2).
impl CacheControl {
    /// Whether shared caches may keep it although it would not seem so.
    pub fn public(&self) -> bool {
        self.contains("public")
    }

    /// Shared caches may keep it.
    pub fn with_public(self) -> Self {
        self.with("public", None)
    }

    /// What only the user's own cache may keep.
    pub fn private(&self) -> Option<CacheScope<'_>> {
        self.scope("private")
    }

    /// Only the user's own cache may keep it.
    pub fn with_private(self) -> Self {
        self.with("private", None)
    }

    /// [`max_age`](Self::max_age) for shared caches, before which it counts.
    pub fn s_maxage(&self) -> Option<Duration> {
        self.seconds("s-maxage")
    }

    /// [`s_maxage`](Self::s_maxage), in whole seconds.
    pub fn with_s_maxage(self, age: Duration) -> Self {
        self.with_seconds("s-maxage", age)
    }

    /// Whether it may never be used after its time.
    pub fn must_revalidate(&self) -> bool {
        self.contains("must-revalidate")
    }

    /// It may never be used after its time.
    pub fn with_must_revalidate(self) -> Self {
        self.with("must-revalidate", None)
    }

    /// Whether shared caches may never use it after its time.
    pub fn proxy_revalidate(&self) -> bool {
        self.contains("proxy-revalidate")
    }

    /// Shared caches may never use it after its time.
    pub fn with_proxy_revalidate(self) -> Self {
        self.with("proxy-revalidate", None)
    }

    /// Whether only caches that know its status may keep it.
    pub fn must_understand(&self) -> bool {
        self.contains("must-understand")
    }

    /// Only caches that know its status may keep it.
    pub fn with_must_understand(self) -> Self {
        self.with("must-understand", None)
    }

    /// Whether it will never change while it is fresh (RFC 8246).
    pub fn immutable(&self) -> bool {
        self.contains("immutable")
    }

    /// It will never change while it is fresh.
    pub fn with_immutable(self) -> Self {
        self.with("immutable", None)
    }

    /// How long after its time it may be used while a cache asks anew (RFC 5861 §3).
    pub fn stale_while_revalidate(&self) -> Option<Duration> {
        self.seconds("stale-while-revalidate")
    }

    /// [`stale_while_revalidate`](Self::stale_while_revalidate), in whole seconds.
    pub fn with_stale_while_revalidate(self, time: Duration) -> Self {
        self.with_seconds("stale-while-revalidate", time)
    }
}

fn directive(item: &str) -> Option<(String, Option<String>)> {
    let (name, value) = pair(item)?;
    tokens::is_token(&name).then(|| (name.to_ascii_lowercase(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let cache = CacheControl::parse(text);
        let written = cache.to_header().unwrap();
        assert_eq!(written, want, "{text:?}");
        assert_eq!(CacheControl::parse(written.to_str().unwrap()), cache);
    }

    #[test]
    fn what_is_written_is_canonical_and_reads_back() {
        check(
            "Public , MAX-AGE = \"60\",, max-age=5",
            "public, max-age=60",
        );
        check(
            "no-cache=Set-Cookie, x=\"a b\", y=",
            "no-cache=\"Set-Cookie\", x=\"a b\", y=\"\"",
        );
        check("a b, =c, \"no-store\"", "");
        check("no-store, private=\"x", "");
    }

    #[test]
    fn a_scope_is_all_or_some_fields() {
        let cache = CacheControl::parse("private, no-cache=\"Set-Cookie, age\"");
        assert_eq!(cache.private(), Some(CacheScope::Whole));
        let fields = cache.no_cache().unwrap().fields();
        assert!(fields.contains("Age") && fields.len() == 2);
        assert_eq!(CacheControl::new().private(), None);
    }

    #[test]
    fn seconds_are_digits_and_never_too_many() {
        let age = |text: &str| CacheControl::parse(text).max_age().map(|age| age.as_secs());
        assert_eq!(age("max-age=99999999999999999999"), Some(u64::MAX));
        for text in [
            "max-age=-1",
            "max-age=x, max-age=1",
            "max-age=' 1'",
            "s-maxage=1",
        ] {
            assert_eq!(age(text), None, "{text:?}");
        }
        let stale = |text: &str| CacheControl::parse(text).max_stale();
        assert_eq!(stale("max-stale"), Some(Duration::MAX));
        assert_eq!(stale("max-stale=x"), None);
    }

    #[test]
    fn directives_are_set_in_place() {
        let cache = CacheControl::parse("max-age=5, public")
            .with_max_age(Duration::from_millis(10_900))
            .with("Community", Some("UCI"))
            .without("PUBLIC");
        assert_eq!(cache.to_header().unwrap(), "max-age=10, community=UCI");
        assert_eq!(cache.value("community"), Some("UCI"));
        assert_eq!(cache.value("max"), None);
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let broken = CacheControl::new().with("a b", None).to_header();
        assert!(matches!(broken, Err(FieldError::Name { .. })));
        for name in ["private", "x"] {
            let broken = CacheControl::new().with(name, Some("a\r\nb")).to_header();
            assert!(matches!(broken, Err(FieldError::Value { .. })));
        }
    }

    #[test]
    fn a_long_field_takes_no_time() {
        let text: String = (0..50_000).map(|number| format!("a{number}=1,")).collect();
        assert_eq!(CacheControl::parse(&text).iter().len(), 50_000);
    }
}
