use std::collections::HashSet;
use std::fmt;

use crate::http::auth::parts::{Parts, is_among, is_token68, param};
use crate::http::{AuthError, HeaderMap, HeaderValue, header, list};
use crate::text::{ows, tokens};

// Parameters of Digest that are always quoted (RFC 7616 §3.3); `stale` and `algorithm` must
// not be.
const DIGEST_QUOTED: &[&str] = &["realm", "domain", "nonce", "opaque", "qop"];

/// One challenge of a `WWW-Authenticate` or `Proxy-Authenticate` field (RFC 9110 §11.6.1): how a
/// client may say who it is.
///
/// ```
/// # use devserve::http::WwwAuthenticate;
/// let challenge = WwwAuthenticate::basic("the shop");
/// assert_eq!(challenge.to_header()?, "Basic realm=\"the shop\", charset=\"UTF-8\"");
/// let both = WwwAuthenticate::parse("Digest realm=\"a\", nonce=\"b\", Basic realm=\"a\"");
/// assert_eq!(both[1].param("realm"), Some("a"));
/// # Ok::<(), devserve::http::AuthError>(())
/// ```
#[derive(Clone)]
pub struct WwwAuthenticate {
    scheme: String,
    parts: Parts,
}

impl WwwAuthenticate {
    /// Asks for a name and a password, in UTF-8. Browsers show the realm.
    pub fn basic(realm: impl Into<String>) -> Self {
        Self::new("basic")
            .with("realm", realm)
            .with("charset", "UTF-8")
    }

    /// Asks for a token.
    pub fn bearer(realm: impl Into<String>) -> Self {
        Self::new("bearer").with("realm", realm)
    }

    /// A challenge of any scheme, with parameters added by [`with`](Self::with).
    pub fn new(scheme: &str) -> Self {
        Self {
            scheme: scheme.to_ascii_lowercase(),
            parts: Parts::Params(Vec::new()),
        }
    }

    /// A challenge with a token in place of parameters, as Negotiate has it.
    pub fn from_token(scheme: &str, token: impl Into<String>) -> Self {
        Self {
            scheme: scheme.to_ascii_lowercase(),
            parts: Parts::Token(token.into()),
        }
    }

    /// Adds a parameter, in place of one with its name and of a token.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parts.set(name.into(), value.into());
        self
    }

    /// Every challenge in a field's value, in order.
    ///
    /// Never fails: what belongs to no challenge is left out. Of several parameters with one
    /// name the first counts.
    pub fn parse(text: &str) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        let mut names = HashSet::new();
        for item in list::raw_items(text) {
            let pair = match Item::parse(item) {
                Some(Item::Challenge(scheme, parts)) => {
                    names = parts.params().map(|(name, _)| name.to_owned()).collect();
                    challenges.push(Self { scheme, parts });
                    continue;
                }
                Some(Item::Param(name, value)) => (name, value),
                None => continue,
            };
            if let Some(challenge) = challenges.last_mut()
                && names.insert(pair.0.clone())
            {
                challenge.add(pair);
            }
        }
        challenges
    }

    /// Every challenge in the `WWW-Authenticate` fields of an answer.
    pub fn from_headers(headers: &HeaderMap) -> Vec<Self> {
        let fields = headers.get_all(header::WWW_AUTHENTICATE).iter();
        fields
            .flat_map(|field| Self::parse(&String::from_utf8_lossy(field.as_bytes())))
            .collect()
    }

    /// The scheme in lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// What it protects, in words for people.
    pub fn realm(&self) -> Option<&str> {
        self.param("realm")
    }

    /// The token where there is one instead of parameters; empty where the scheme stands alone.
    pub fn token(&self) -> Option<&str> {
        self.parts.token()
    }

    /// The value of the parameter `name`, in any case.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.parts.param(name)
    }

    /// The parameters in order, names in lower case; `None` for one without a value.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.parts.params()
    }

    /// The field's value. The realm is always quoted, as all are but some of Digest's.
    ///
    /// # Errors
    /// [`AuthError`] for what would not read back as it is.
    pub fn to_header(&self) -> Result<HeaderValue, AuthError> {
        let is_digest = self.scheme == "digest";
        self.parts.to_header(&self.scheme, |name| {
            !is_digest || is_among(DIGEST_QUOTED, name)
        })
    }

    fn add(&mut self, pair: (String, Option<String>)) {
        match &mut self.parts {
            Parts::Params(params) => params.push(pair),
            // A scheme that stood alone, until now.
            Parts::Token(token) if token.is_empty() => self.parts = Parts::Params(vec![pair]),
            Parts::Token(_) => {}
        }
    }
}

/// An opaque value or a nonce is nobody else's business.
impl fmt::Debug for WwwAuthenticate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WwwAuthenticate")
            .field("scheme", &self.scheme)
            .field("realm", &self.realm())
            .finish_non_exhaustive()
    }
}

/// What stands between two commas: `Scheme`, `Scheme token`, `Scheme name=value` or
/// `name=value`.
enum Item {
    Challenge(String, Parts),
    Param(String, Option<String>),
}

impl Item {
    fn parse(item: &str) -> Option<Self> {
        let end = item
            .bytes()
            .position(|byte| !tokens::is_token_byte(byte))
            .unwrap_or(item.len());
        let (word, after) = item.split_at(end);
        let rest = ows::trim_start(after);
        if rest.starts_with('=') {
            let (name, value) = param(list::pair(item)?)?;
            return Some(Self::Param(name, value));
        }
        // Neither `=` nor white space after it: no part of the grammar.
        if word.is_empty() || !after.is_empty() && rest.len() == after.len() {
            return None;
        }
        let parts = match rest.is_empty() || is_token68(rest) {
            true => Parts::Token(rest.to_owned()),
            false => Parts::Params(list::pair(rest).and_then(param).into_iter().collect()),
        };
        Some(Self::Challenge(word.to_ascii_lowercase(), parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[(&str, &[(&str, &str)])]) {
        let challenges = WwwAuthenticate::parse(text);
        let got: Vec<(&str, Vec<(&str, &str)>)> = challenges
            .iter()
            .map(|challenge| {
                let token = challenge.token().map(|token| ("token", token));
                let params = challenge
                    .params()
                    .map(|(name, value)| (name, value.unwrap_or("-")));
                (
                    challenge.scheme(),
                    token.into_iter().chain(params).collect(),
                )
            })
            .collect();
        let want: Vec<_> = want
            .iter()
            .map(|(scheme, parts)| (*scheme, parts.to_vec()))
            .collect();
        assert_eq!(got, want, "{text:?}");
    }

    #[test]
    fn challenges_are_told_apart_by_their_schemes() {
        check(
            "Negotiate, Basic realm=\"a, b\" , NTLM TlRM==,,Digest nonce = \"x\",qop=auth",
            &[
                ("negotiate", &[("token", "")]),
                ("basic", &[("realm", "a, b")]),
                ("ntlm", &[("token", "TlRM==")]),
                ("digest", &[("nonce", "x"), ("qop", "auth")]),
            ],
        );
        check("Bearer  realm=\"a\"", &[("bearer", &[("realm", "a")])]);
        check("Foo, a=1", &[("foo", &[("a", "1")])]);
    }

    #[test]
    fn what_belongs_to_no_challenge_is_left_out() {
        check("a=1, Basic realm=x", &[("basic", &[("realm", "x")])]);
        check("Foo abc, a=1, \"x\"", &[("foo", &[("token", "abc")])]);
        check("Foo a=1, A=2, a*=b, (, =x", &[("foo", &[("a", "1")])]);
        check("Basic realm=\"a", &[]);
    }

    #[track_caller]
    fn check_written(challenge: WwwAuthenticate, want: &str) {
        let header = challenge.to_header().unwrap();
        assert_eq!(header, want);
        let again = WwwAuthenticate::parse(header.to_str().unwrap());
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].to_header().unwrap(), want);
    }

    #[test]
    fn what_is_written_reads_back() {
        check_written(
            WwwAuthenticate::basic("a \"b\""),
            "Basic realm=\"a \\\"b\\\"\", charset=\"UTF-8\"",
        );
        check_written(
            WwwAuthenticate::from_token("negotiate", "a=="),
            "Negotiate a==",
        );
        check_written(WwwAuthenticate::new("negotiate"), "Negotiate");
        check_written(
            WwwAuthenticate::new("DIGEST")
                .with("nonce", "n")
                .with("stale", "true")
                .with("NONCE", "m"),
            "Digest nonce=\"m\", stale=true",
        );
    }

    #[test]
    fn debug_shows_no_nonce() {
        let challenge = WwwAuthenticate::new("digest")
            .with("realm", "r")
            .with("nonce", "n0nce");
        let shown = format!("{challenge:?}");
        assert!(
            shown.contains("realm: Some(\"r\")") && !shown.contains("n0nce"),
            "{shown}"
        );
    }

    #[test]
    fn a_long_field_takes_no_time() {
        assert_eq!(WwwAuthenticate::parse(&"a=1,".repeat(100_000)).len(), 0);
        let params: String = (0..50_000).map(|number| format!(",a{number}=1")).collect();
        assert_eq!(WwwAuthenticate::parse(&format!("Foo {params}")).len(), 1);
    }
}
