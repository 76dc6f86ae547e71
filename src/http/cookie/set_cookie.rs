use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::cookie::Cookie;
use ::cookie::time::{Duration as SignedDuration, OffsetDateTime};

use crate::http::{HeaderValue, SameSite};
use crate::text::{domain, percent, tokens};

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
    max_bytes: usize,
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
            max_bytes: Self::MAX_BYTES,
        }
    }

    /// What makes a browser forget the cookie `name`. Path and domain must be those it was set
    /// with.
    pub fn deletion(name: impl Into<String>) -> Self {
        Self::new(name, "")
            .max_age(Duration::ZERO)
            .expires(UNIX_EPOCH)
    }

    /// What makes a browser forget this very cookie: no value, and the same name, path, domain
    /// and rules.
    pub fn into_deletion(self) -> Self {
        self.with_value("")
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

    /// Whether it is sent back over HTTPS only: also where another attribute demands it.
    pub fn is_secure(&self) -> bool {
        self.secure || self.partitioned || self.same_site == Some(SameSite::None)
    }

    /// Sent back only for this path and below. Escapes (`%20`) stay; what a path cannot hold
    /// bare is escaped.
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
    ///
    /// A port and leading dots are left out. The empty domain is none. With feature `idna` the
    /// name may be in any script.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into()).filter(|domain| !domain.is_empty());
        self
    }

    /// Forgotten after this time, in whole seconds.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Forgotten when this time has passed since `now`: [`max_age`](Self::max_age), and for
    /// clients that do not know it the same moment as [`expires`](Self::expires).
    pub fn max_age_from(self, now: SystemTime, age: Duration) -> Self {
        let expires = now.checked_add(age).unwrap_or_else(latest);
        self.max_age(age).expires(expires)
    }

    /// Forgotten at this time, in whole seconds of the years 1601 to 9999. Prefer
    /// [`max_age`](Self::max_age): clocks differ.
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

    /// Warn where the field has more bytes than this rather than [`MAX_BYTES`](Self::MAX_BYTES);
    /// 0 never warns.
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// The value of a `Set-Cookie` field. One that is too long is still made, with a warning in
    /// the log; see [`check_size`](Self::check_size).
    ///
    /// # Errors
    /// [`SetCookieError`] for what would add attributes, or what a browser is sure to refuse.
    pub fn to_header(&self) -> Result<HeaderValue, SetCookieError> {
        let field = self.to_text()?;
        if let Err(error) = self.fits(&field) {
            log::warn!("{error}");
        }
        HeaderValue::from_str(&field).map_err(|_| self.bad_name())
    }

    /// Whether browsers keep a cookie this long, for whoever would rather fail than lose it.
    ///
    /// # Errors
    /// [`SetCookieError::TooLarge`]; and as [`to_header`](Self::to_header).
    pub fn check_size(&self) -> Result<(), SetCookieError> {
        self.fits(&self.to_text()?)
    }

    fn fits(&self, field: &str) -> Result<(), SetCookieError> {
        if self.max_bytes == 0 || field.len() <= self.max_bytes {
            return Ok(());
        }
        Err(SetCookieError::TooLarge {
            name: self.name.clone(),
            bytes: field.len(),
            max_bytes: self.max_bytes,
        })
    }

    fn to_text(&self) -> Result<String, SetCookieError> {
        let domain = self.checked_domain()?;
        self.check_name()?;
        let mut cookie = Cookie::new(&self.name, quote(&self.value));
        if let Some(path) = &self.path {
            cookie.set_path(escape_path(path));
        }
        if let Some(domain) = domain {
            cookie.set_domain(domain);
        }
        if let Some(age) = self.max_age {
            let seconds = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
            cookie.set_max_age(SignedDuration::seconds(seconds));
        }
        if let Some(time) = self.expires {
            cookie.set_expires(in_calendar(time));
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
        Ok(cookie.to_string())
    }

    fn checked_domain(&self) -> Result<Option<String>, SetCookieError> {
        let Some(given) = &self.domain else {
            return Ok(None);
        };
        match ascii_domain(given) {
            Some(domain) => Ok(Some(domain)),
            None => Err(SetCookieError::Domain {
                domain: given.clone(),
            }),
        }
    }

    fn bad_name(&self) -> SetCookieError {
        SetCookieError::Name {
            name: self.name.clone(),
        }
    }

    fn check_name(&self) -> Result<(), SetCookieError> {
        if !tokens::is_token(&self.name) {
            return Err(self.bad_name());
        }
        // A browser drops a cookie whose prefix is not kept, without a word.
        let broken = |rule| SetCookieError::Prefix {
            name: self.name.clone(),
            rule,
        };
        let name = self.name.to_ascii_lowercase();
        let is_host_only = self.domain.is_none() && self.path.as_deref() == Some("/");
        if name.starts_with("__secure-") && !self.is_secure() {
            return Err(broken("`Secure`"));
        }
        if name.starts_with("__host-") && !(self.is_secure() && is_host_only) {
            return Err(broken("`Secure`, the path `/` and no domain"));
        }
        Ok(())
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
    /// The domain is no host name.
    #[error("{domain:?} cannot be a cookie's domain: write a host name, such as `example.org`")]
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
    /// Browsers keep no field this long, and do not say so.
    #[error("cookie {name} has {bytes} bytes with its attributes; browsers keep {max_bytes}")]
    TooLarge {
        /// The name.
        name: String,
        /// The bytes of the whole field.
        bytes: usize,
        /// How many are kept for sure.
        max_bytes: usize,
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

/// `path` with its escapes, and with one for whatever cannot stand bare.
fn escape_path(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        escaped.push_str(&percent::encode_path(before));
        let is_escape = matches!(from.as_bytes(), [_, high, low, ..]
            if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
        let len = if is_escape { 3 } else { 1 };
        escaped.push_str(if is_escape { &from[..3] } else { "%25" });
        rest = &from[len..];
    }
    escaped.push_str(&percent::encode_path(rest));
    escaped
}

/// The host name in `domain`, in ASCII.
fn ascii_domain(domain: &str) -> Option<String> {
    let host = match domain.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => domain,
    };
    let host = domain::to_ascii(host.trim_start_matches('.'))?;
    is_host_name(&host).then(|| host.into_owned())
}

fn is_host_name(domain: &str) -> bool {
    domain.len() <= 253
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
}

/// The nearest moment an `Expires` can tell: browsers refuse years before 1601 (RFC 6265
/// §5.1.1), and there are four digits for a year.
fn in_calendar(time: SystemTime) -> OffsetDateTime {
    let earliest = UNIX_EPOCH - Duration::from_secs(11_644_473_600);
    OffsetDateTime::from(time.clamp(earliest, latest()))
}

/// The last second of the year 9999.
fn latest() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(253_402_300_799)
}

#[cfg(test)]
mod tests;
