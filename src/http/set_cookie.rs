use std::fmt::Write;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::cookie::Cookie;
use ::cookie::time::{Duration as SignedDuration, OffsetDateTime};

use crate::http::HeaderValue;
use crate::text::{percent, tokens};

/// A cookie to be set (RFC 6265 §4.1).
///
/// Any text is a value: what a cookie cannot hold bare is quoted, and
/// [`cookie::parse`](crate::http::cookie::parse) undoes it. `Path=/` unless told otherwise.
///
/// ```
/// # use devserve::http::{SameSite, SetCookie};
/// let cookie = SetCookie::new("theme", "dark").http_only().same_site(SameSite::Lax);
/// assert_eq!(cookie.to_header()?, "theme=dark; HttpOnly; SameSite=Lax; Path=/");
/// # Ok::<(), devserve::http::SetCookieError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SetCookie {
    name: String,
    value: String,
    path: Option<String>,
    domain: Option<String>,
    max_age: Option<Duration>,
    expires: Option<SystemTime>,
    same_site: Option<SameSite>,
    secure: bool,
    http_only: bool,
    partitioned: bool,
}

impl SetCookie {
    /// Name, value and attributes that a browser is sure to keep; longer cookies are dropped by
    /// some without a word.
    pub const MAX_BYTES: usize = 4093;

    /// A cookie for the whole site that lives until the browser closes.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            path: Some("/".to_owned()),
            domain: None,
            max_age: None,
            expires: None,
            same_site: None,
            secure: false,
            http_only: false,
            partitioned: false,
        }
    }

    /// What makes a browser forget the cookie `name`. Path and domain must be those it was set
    /// with.
    pub fn deletion(name: impl Into<String>) -> Self {
        Self::new(name, "")
            .max_age(Duration::ZERO)
            .expires(UNIX_EPOCH)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, unquoted.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The same cookie with another value, such as a signed one.
    pub fn with_value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// Sent back only for this path and below. Give it decoded.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// No `Path`: the browser takes the folder of the request.
    pub fn without_path(mut self) -> Self {
        self.path = None;
        self
    }

    /// Sent back to this domain and those below it, rather than to this host only.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Forgotten after this time, in whole seconds.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Forgotten at this time. Prefer [`max_age`](Self::max_age): clocks differ.
    pub fn expires(mut self, time: SystemTime) -> Self {
        self.expires = Some(time);
        self
    }

    /// Whether requests from other sites carry it.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = Some(same_site);
        self
    }

    /// Sent back over HTTPS only.
    pub fn secure(mut self) -> Self {
        self.secure = true;
        self
    }

    /// Hidden from scripts.
    pub fn http_only(mut self) -> Self {
        self.http_only = true;
        self
    }

    /// Kept apart for each site that embeds us (CHIPS). Implies `Secure`.
    pub fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    /// The value of a `Set-Cookie` field.
    ///
    /// # Errors
    /// [`SetCookieError`] for what would add attributes, or what a browser is sure to refuse.
    pub fn to_header(&self) -> Result<HeaderValue, SetCookieError> {
        self.check()?;
        let mut cookie = Cookie::new(&self.name, quote(&self.value));
        if let Some(path) = &self.path {
            cookie.set_path(percent::encode_path(path));
        }
        if let Some(domain) = &self.domain {
            cookie.set_domain(domain.trim_start_matches('.'));
        }
        if let Some(age) = self.max_age {
            let seconds = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
            cookie.set_max_age(SignedDuration::seconds(seconds));
        }
        if let Some(time) = self.expires {
            cookie.set_expires(OffsetDateTime::from(time));
        }
        cookie.set_same_site(self.same_site.map(|same_site| match same_site {
            SameSite::Strict => ::cookie::SameSite::Strict,
            SameSite::Lax => ::cookie::SameSite::Lax,
            SameSite::None => ::cookie::SameSite::None,
        }));
        if self.secure {
            cookie.set_secure(true);
        }
        cookie.set_http_only(self.http_only);
        cookie.set_partitioned(self.partitioned);
        let text = cookie.to_string();
        if text.len() > Self::MAX_BYTES {
            let max = Self::MAX_BYTES;
            log::debug!(
                "cookie `{}` has {} bytes; browsers keep {max}",
                self.name,
                text.len()
            );
        }
        HeaderValue::from_str(&text).map_err(|_| SetCookieError::Name {
            name: self.name.clone(),
        })
    }

    fn check(&self) -> Result<(), SetCookieError> {
        if !tokens::is_token(&self.name) {
            return Err(SetCookieError::Name {
                name: self.name.clone(),
            });
        }
        if let Some(domain) = self
            .domain
            .as_deref()
            .filter(|domain| !is_host_name(domain))
        {
            return Err(SetCookieError::Domain {
                domain: domain.to_owned(),
            });
        }
        // A browser drops a cookie whose prefix is not kept, without a word.
        let broken = |rule| SetCookieError::Prefix {
            name: self.name.clone(),
            rule,
        };
        let name = self.name.to_ascii_lowercase();
        let is_host_only = self.domain.is_none() && self.path.as_deref() == Some("/");
        let is_secure = self.secure || self.partitioned;
        if name.starts_with("__secure-") && !is_secure {
            return Err(broken("`Secure`"));
        }
        if name.starts_with("__host-") && !(is_secure && is_host_only) {
            return Err(broken("`Secure`, the path `/` and no domain"));
        }
        Ok(())
    }
}

/// Whether requests that other sites cause carry a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// Only when the user follows a link to us.
    Lax,
    /// Always; browsers want `Secure` with it.
    None,
}

impl FromStr for SameSite {
    type Err = SetCookieError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "strict" => Ok(Self::Strict),
            "lax" => Ok(Self::Lax),
            "none" => Ok(Self::None),
            _ => Err(SetCookieError::SameSite {
                text: text.to_owned(),
            }),
        }
    }
}

/// Why a cookie cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetCookieError {
    /// The name is no token (RFC 6265 §4.1.1).
    #[error("{name:?} cannot be a cookie's name: use letters, digits, `-` and `_`")]
    Name {
        /// The name.
        name: String,
    },
    /// The domain is no host name in ASCII.
    #[error(
        "{domain:?} cannot be a cookie's domain: write a host name, in its `xn--` form where it is not ASCII"
    )]
    Domain {
        /// The domain.
        domain: String,
    },
    /// The name starts with `__Host-` or `__Secure-` and the attributes break its promise.
    #[error("cookie {name} needs {rule}, or browsers drop it")]
    Prefix {
        /// The name.
        name: String,
        /// What the prefix asks for.
        rule: &'static str,
    },
    /// The text names no `SameSite` rule.
    #[error("{text:?} is none of Strict, Lax and None")]
    SameSite {
        /// The text.
        text: String,
    },
}

/// The value as it may stand in a field: bare where RFC 6265 or every browser allows it, else
/// in quotes with octal escapes.
fn quote(value: &str) -> String {
    if value.bytes().all(is_bare) {
        return value.to_owned();
    }
    let mut quoted = String::with_capacity(value.len() + 8);
    quoted.push('"');
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' ' => quoted.push(' '),
            _ if is_bare(byte) => quoted.push(char::from(byte)),
            _ => write!(quoted, "\\{byte:03o}").expect("a String takes all text"),
        }
    }
    quoted.push('"');
    quoted
}

fn is_bare(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

fn is_host_name(domain: &str) -> bool {
    let domain = domain.trim_start_matches('.');
    domain.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    })
}
