use std::collections::HashSet;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::http::auth::parts::{Parts, is_among, split_scheme};
use crate::http::{AuthError, HeaderMap, HeaderValue, header};

// Parameters of Digest that are always quoted (RFC 7616 §3.4); `qop`, `nc` and `algorithm`
// must not be.
const DIGEST_QUOTED: &[&str] = &[
    "username", "realm", "nonce", "uri", "response", "cnonce", "opaque",
];

/// The credentials in an `Authorization` field (RFC 9110 §11.6.2).
///
/// They are as the client sent them: nothing is verified. Compare secrets in constant time.
/// `Debug` shows the scheme only.
///
/// ```
/// # use devserve::http::Authorization;
/// let login = Authorization::parse("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==").unwrap();
/// assert_eq!(login.username(), Some("Aladdin"));
/// assert_eq!(login.password(), Some("open sesame"));
/// assert_eq!(Authorization::parse("Bearer abc").unwrap().token(), Some("abc"));
/// ```
#[derive(Clone)]
pub struct Authorization {
    scheme: String,
    credentials: Credentials,
}

#[derive(Clone)]
enum Credentials {
    Basic { username: String, password: String },
    Other(Parts),
}

impl Authorization {
    /// Reads a field's value; `None` where it holds no credentials.
    ///
    /// Basic wants base64 of UTF-8 with a colon and no control characters (RFC 7617 §2). Of any
    /// other scheme the token or the parameters are taken; a parameter that comes twice leaves
    /// open which counts, and so none do.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = split_scheme(text)?;
        let credentials = match scheme.as_str() {
            "basic" => decode_basic(rest)?,
            _ => Credentials::Other(Parts::parse(rest).filter(has_no_repetition)?),
        };
        let login = Self {
            scheme,
            credentials,
        };
        (!login.is_bare_bearer()).then_some(login)
    }

    /// The credentials in the `Authorization` field of a request; `None` where there are none
    /// that can be read. Of two such fields nobody can say which counts, so neither does.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(header::AUTHORIZATION).iter();
        let line = lines.next().filter(|_| lines.next().is_none())?;
        Self::parse(std::str::from_utf8(line.as_bytes()).ok()?)
    }

    /// A name and a password for Basic.
    pub fn basic(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            scheme: "basic".to_owned(),
            credentials: Credentials::Basic {
                username: username.into(),
                password: password.into(),
            },
        }
    }

    /// A token for Bearer.
    pub fn bearer(token: impl Into<String>) -> Self {
        Self::from_token("bearer", token)
    }

    /// A token for any scheme but Basic.
    pub fn from_token(scheme: &str, token: impl Into<String>) -> Self {
        Self {
            scheme: scheme.to_ascii_lowercase(),
            credentials: Credentials::Other(Parts::Token(token.into())),
        }
    }

    /// Parameters for any scheme but Basic, added by [`with`](Self::with).
    pub fn new(scheme: &str) -> Self {
        Self {
            scheme: scheme.to_ascii_lowercase(),
            credentials: Credentials::Other(Parts::Params(Vec::new())),
        }
    }

    /// Adds a parameter, in place of one with its name and of a token.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let mut parts = match self.credentials {
            Credentials::Other(parts) => parts,
            Credentials::Basic { .. } => Parts::Params(Vec::new()),
        };
        parts.set(name.into(), value.into());
        self.credentials = Credentials::Other(parts);
        self
    }

    /// The scheme in lower case: `basic`, `bearer`, `digest`, ….
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The user's name, of Basic and Digest.
    pub fn username(&self) -> Option<&str> {
        match &self.credentials {
            Credentials::Basic { username, .. } => Some(username),
            Credentials::Other(parts) => parts.param("username"),
        }
    }

    /// The password, of Basic.
    pub fn password(&self) -> Option<&str> {
        match &self.credentials {
            Credentials::Basic { password, .. } => Some(password),
            Credentials::Other(_) => None,
        }
    }

    /// The token, of Bearer and other schemes that have one instead of parameters; empty where
    /// the scheme stands alone.
    pub fn token(&self) -> Option<&str> {
        self.parts()?.token()
    }

    /// The value of the parameter `name`, in any case. Basic has none.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.parts()?.param(name)
    }

    /// The parameters in order, names in lower case; `None` for one without a value.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.parts().into_iter().flat_map(Parts::params)
    }

    /// The field's value, marked as sensitive.
    ///
    /// # Errors
    /// [`AuthError`] for what would not read back as it is.
    pub fn to_header(&self) -> Result<HeaderValue, AuthError> {
        let mut value = match &self.credentials {
            Credentials::Basic { username, password } => {
                let token = encode_basic(username, password)?;
                Parts::Token(token).to_header("basic", |_| true)?
            }
            Credentials::Other(_) if self.scheme == "basic" => return Err(AuthError::Token),
            Credentials::Other(_) if self.is_bare_bearer() => return Err(AuthError::Token),
            Credentials::Other(parts) => {
                let is_digest = self.scheme == "digest";
                parts.to_header(&self.scheme, |name| {
                    !is_digest || is_among(DIGEST_QUOTED, name)
                })?
            }
        };
        value.set_sensitive(true);
        Ok(value)
    }

    /// Other schemes may stand alone, as a first step; nobody is a bearer of nothing.
    fn is_bare_bearer(&self) -> bool {
        self.scheme == "bearer" && self.parts().is_some_and(Parts::is_empty)
    }

    fn parts(&self) -> Option<&Parts> {
        match &self.credentials {
            Credentials::Basic { .. } => None,
            Credentials::Other(parts) => Some(parts),
        }
    }
}

/// The scheme alone: the rest is secret.
impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

fn decode_basic(text: &str) -> Option<Credentials> {
    let decoded = String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok()?;
    let (username, password) = decoded.split_once(':')?;
    (!has_control(&decoded)).then(|| Credentials::Basic {
        username: username.to_owned(),
        password: password.to_owned(),
    })
}

fn encode_basic(username: &str, password: &str) -> Result<String, AuthError> {
    if username.contains(':') {
        return Err(AuthError::Colon);
    }
    if has_control(username) || has_control(password) {
        return Err(AuthError::Control);
    }
    Ok(BASE64_STANDARD.encode(format!("{username}:{password}")))
}

fn has_control(text: &str) -> bool {
    text.contains(|character: char| character.is_ascii_control())
}

fn has_no_repetition(parts: &Parts) -> bool {
    let mut names = HashSet::new();
    parts.params().all(|(name, _)| names.insert(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(text: &str) {
        assert!(Authorization::parse(text).is_none(), "{text:?}");
    }

    #[track_caller]
    fn check_written(login: &Authorization, want: Result<&str, AuthError>) {
        let header = login.to_header();
        assert!(header.as_ref().is_ok_and(HeaderValue::is_sensitive) == want.is_ok());
        let text = header.as_ref().map(|value| value.to_str().unwrap());
        assert_eq!(text, want.as_ref().copied());
    }

    #[test]
    fn what_is_no_credential_is_none() {
        check_refused("");
        check_refused(" ");
        check_refused("Basic =");
        check_refused("Basic QQ=="); // no colon
        check_refused("Basic QTpCCg"); // no padding
        check_refused("Basic\tQWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        check_refused("Bearer");
        check_refused("Bearer =a");
        check_refused("Bearer a b");
        check_refused("Bearer a, b");
        check_refused("Digest nc=1, NC=2");
        check_refused("b@d abc");
    }

    #[test]
    fn spaces_around_and_odd_tokens_are_taken() {
        let login = Authorization::parse(" basic   QTpC ").unwrap();
        assert_eq!((login.username(), login.password()), (Some("A"), Some("B")));
        let login = Authorization::parse("Bearer 12|x:y").unwrap();
        assert_eq!(login.token(), Some("12|x:y"));
        let login = Authorization::parse("Negotiate").unwrap();
        assert_eq!(login.token(), Some(""));
    }

    #[test]
    fn parameters_are_found_in_any_case() {
        let login = Authorization::parse("Digest UserName=\"a, b\", qop = auth, \"x\"=1").unwrap();
        assert_eq!(login.username(), Some("a, b"));
        assert_eq!(login.param("QOP"), Some("auth"));
        assert_eq!(login.params().count(), 2);
        assert_eq!(login.token(), None);
    }

    #[test]
    fn what_is_written_has_the_quotes_its_scheme_wants() {
        let digest = Authorization::new("Digest")
            .with("Username", "Mufasa")
            .with("qop", "auth")
            .with("nc", "00000001")
            .with("response", "6629");
        check_written(
            &digest,
            Ok("Digest Username=\"Mufasa\", qop=auth, nc=00000001, response=\"6629\""),
        );
        let other = Authorization::new("hoba").with("result", "x");
        check_written(&other, Ok("Hoba result=\"x\""));
        check_written(&Authorization::from_token("Negotiate", ""), Ok("Negotiate"));
        check_written(&Authorization::basic("ä", ""), Ok("Basic w6Q6"));
    }

    #[test]
    fn what_would_not_read_back_is_refused() {
        check_written(&Authorization::basic("a:b", ""), Err(AuthError::Colon));
        check_written(&Authorization::basic("a", "\n"), Err(AuthError::Control));
        check_written(&Authorization::bearer("a b"), Err(AuthError::Token));
        check_written(&Authorization::bearer("a=b"), Err(AuthError::Token));
        check_written(&Authorization::bearer("a\r\nb"), Err(AuthError::Token));
        check_written(&Authorization::bearer(""), Err(AuthError::Token));
        check_written(&Authorization::new("basic"), Err(AuthError::Token));
        let scheme = "a b".to_owned();
        check_written(
            &Authorization::new("a b"),
            Err(AuthError::Scheme { scheme }),
        );
        let name = "a\n".to_owned();
        check_written(
            &Authorization::new("x").with("a\n", ""),
            Err(AuthError::Param { name }),
        );
    }

    #[test]
    fn debug_and_errors_tell_no_secret() {
        for login in [
            Authorization::basic("me", "s3cret"),
            Authorization::basic("me:s3cret", "s3cret\n"),
            Authorization::bearer("s3cret s3cret"),
            Authorization::new("digest").with("response", "s3cret\n"),
        ] {
            let shown = format!("{login:?} {:?}", login.to_header());
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }
}
