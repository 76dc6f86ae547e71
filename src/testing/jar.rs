use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cookie::Cookie;

use crate::http::{Cookies, HeaderMap, HeaderValue, SameSite, header};
use crate::wsgi::Environ;

/// A cookie as a browser keeps it (RFC 6265 §5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredCookie {
    /// The name.
    pub name: String,
    /// The value as it was sent, quotes and all.
    pub value: String,
    /// The host it is for, in lower case and without a port.
    pub domain: String,
    /// Whether it is for that host only, and not for those below it.
    pub is_host_only: bool,
    /// Sent with requests for this path and below.
    pub path: String,
    /// When it is forgotten; `None` is when the browser closes.
    pub expires: Option<SystemTime>,
    /// Sent over HTTPS only.
    pub is_secure: bool,
    /// Hidden from scripts.
    pub is_http_only: bool,
    /// Whether requests from other sites carry it.
    pub same_site: Option<SameSite>,
}

/// Where a request goes, as far as cookies care.
#[derive(Debug)]
pub(super) struct Place {
    host: String,
    path: String,
    is_secure: bool,
}

/// The cookies a client keeps, the longest kept first.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar(Vec<StoredCookie>);

impl Place {
    pub(super) fn of(environ: &Environ) -> Self {
        let host = environ.headers().get(header::HOST);
        let host = host.map_or(&b""[..], HeaderValue::as_bytes);
        let host = String::from_utf8_lossy(host).to_ascii_lowercase();
        // An IPv6 address has colons too, before its bracket.
        let end = match host.rfind(':') {
            Some(colon) if !host[colon..].contains(']') => colon,
            _ => host.len(),
        };
        Self {
            host: host[..end].to_owned(),
            path: String::from_utf8_lossy(&environ.target().path).into_owned(),
            is_secure: environ.scheme() == "https",
        }
    }

    /// §5.1.4: the folder of the request's path.
    fn folder(&self) -> &str {
        match self.path.rfind('/') {
            Some(0) | None => "/",
            Some(last) => &self.path[..last],
        }
    }
}

impl StoredCookie {
    /// What a `Set-Cookie` field from `place` asks to keep; `None` where a browser drops it.
    /// A cookie to be forgotten has expired.
    pub(super) fn read(field: &HeaderValue, place: &Place, now: SystemTime) -> Option<Self> {
        let cookie = Cookie::parse(field.to_str().ok()?.to_owned()).ok()?;
        let domain = cookie.domain().filter(|domain| !domain.is_empty());
        let domain = domain.map(str::to_ascii_lowercase);
        if domain
            .as_ref()
            .is_some_and(|own| !is_within(&place.host, own))
        {
            return None; // §5.3 step 6: nobody sets cookies for others
        }
        let path = cookie.path().filter(|path| path.starts_with('/'));
        let expires = match (cookie.max_age(), cookie.expires_datetime()) {
            (Some(age), _) if !age.is_positive() => Some(UNIX_EPOCH),
            (Some(age), _) => {
                now.checked_add(Duration::from_secs(age.whole_seconds().unsigned_abs()))
            }
            (None, expires) => expires.map(SystemTime::from),
        };
        Some(Self {
            name: cookie.name().to_owned(),
            value: cookie.value().to_owned(),
            is_host_only: domain.is_none(),
            domain: domain.unwrap_or_else(|| place.host.clone()),
            path: path.unwrap_or(place.folder()).to_owned(),
            expires,
            is_secure: cookie.secure() == Some(true),
            is_http_only: cookie.http_only() == Some(true),
            same_site: cookie.same_site().map(|rule| match rule {
                cookie::SameSite::Strict => SameSite::Strict,
                cookie::SameSite::Lax => SameSite::Lax,
                cookie::SameSite::None => SameSite::None,
            }),
        })
    }

    /// A cookie for every path of `place`, until the client ends.
    pub(super) fn new(place: &Place, name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: place.host.clone(),
            is_host_only: true,
            path: "/".to_owned(),
            expires: None,
            is_secure: false,
            is_http_only: false,
            same_site: None,
        }
    }

    fn has_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether it goes along with a request (§5.4), leaving aside how secure that is.
    fn is_for(&self, place: &Place) -> bool {
        let is_host = match self.is_host_only {
            true => place.host == self.domain,
            false => is_within(&place.host, &self.domain),
        };
        is_host && is_below(&place.path, &self.path)
    }
}

impl Jar {
    /// The cookies that have not expired.
    pub(super) fn kept(&self, now: SystemTime) -> impl Iterator<Item = &StoredCookie> {
        self.0.iter().filter(move |cookie| !cookie.has_expired(now))
    }

    /// Those that go to `place` over HTTPS; the one with the longest path first (§5.4).
    pub(super) fn for_place(&self, place: &Place, now: SystemTime) -> Vec<&StoredCookie> {
        let mut cookies: Vec<_> = self
            .kept(now)
            .filter(|cookie| cookie.is_for(place))
            .collect();
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        cookies
    }

    /// Keeps a cookie in place of the one with its name, domain and path.
    pub(super) fn keep(&mut self, cookie: StoredCookie) {
        let same = self.0.iter_mut().find(|old| {
            old.name == cookie.name && old.domain == cookie.domain && old.path == cookie.path
        });
        match same {
            // It keeps the rank of its predecessor (§5.3 step 11).
            Some(old) => *old = cookie,
            None => self.0.push(cookie),
        }
    }

    /// Keeps what an answer from `place` sets, and forgets what it deletes. A test sees what a
    /// browser would drop: the cookie is missing.
    pub(super) fn take(&mut self, headers: &HeaderMap, place: &Place, now: SystemTime) {
        for field in headers.get_all(header::SET_COOKIE) {
            if let Some(cookie) = StoredCookie::read(field, place, now) {
                self.keep(cookie);
            }
        }
        self.0.retain(|cookie| !cookie.has_expired(now));
    }

    /// Forgets the cookies of this name.
    pub(super) fn forget(&mut self, name: &str) {
        self.0.retain(|cookie| cookie.name != name);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Puts the cookies for `place` into its request: before its own, and without those it has.
    pub(super) fn add_to(&self, headers: &mut HeaderMap, place: &Place, now: SystemTime) {
        let own = Cookies::from_headers(headers);
        let mut pairs: Vec<_> = self
            .for_place(place, now)
            .into_iter()
            .filter(|cookie| place.is_secure || !cookie.is_secure)
            .filter(|cookie| !own.contains(&cookie.name))
            .map(|cookie| format!("{}={}", cookie.name, cookie.value).into_bytes())
            .collect();
        let fields = headers.get_all(header::COOKIE).iter();
        pairs.extend(fields.map(|field| field.as_bytes().to_vec()));
        if !pairs.is_empty()
            && let Ok(field) = HeaderValue::from_bytes(&pairs.join(&b"; "[..]))
        {
            headers.insert(header::COOKIE, field);
        }
    }
}

/// Whether `host` is `domain` or below it (§5.1.3). No address is below another.
fn is_within(host: &str, domain: &str) -> bool {
    let is_address = || host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    match host.strip_suffix(domain) {
        Some(rest) => rest.is_empty() || rest.ends_with('.') && !is_address(),
        None => false,
    }
}

/// Whether `path` is `folder` or below it (§5.1.4).
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || folder.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
