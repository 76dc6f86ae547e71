use std::time::SystemTime;

use cookie::Cookie;

use crate::http::{HeaderMap, header};

/// The cookies of one site. Like a browser's, as far as one site without a clock goes.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Cookie<'static>>);

impl Jar {
    /// The value of a cookie that is sent to `/`.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let found = self
            .0
            .iter()
            .find(|cookie| cookie.name() == name && is_for(cookie, "/"))?;
        Some(found.value().to_owned())
    }

    /// Keeps a cookie for every path.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.keep(
            Cookie::build((name.to_owned(), value.to_owned()))
                .path("/")
                .build(),
        );
    }

    /// The `Cookie` field for a request; the cookie with the longest path comes first
    /// (RFC 6265 §5.4).
    pub(super) fn field(&self, path: &str, is_secure: bool) -> Option<String> {
        let mut cookies: Vec<_> = self
            .0
            .iter()
            .filter(|cookie| is_for(cookie, path) && (is_secure || cookie.secure() != Some(true)))
            .collect();
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path().map_or(0, str::len)));
        let pairs: Vec<_> = cookies
            .iter()
            .map(|cookie| cookie.stripped().to_string())
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Keeps what an answer sets, and forgets what it deletes.
    pub(super) fn take(&mut self, headers: &HeaderMap, request_path: &str) {
        for field in headers.get_all(header::SET_COOKIE) {
            // A browser drops what it cannot read; a test sees that the cookie is missing.
            let Some(mut cookie) = field
                .to_str()
                .ok()
                .and_then(|text| Cookie::parse(text.to_owned()).ok())
            else {
                continue;
            };
            if cookie.path().is_none() {
                cookie.set_path(default_path(request_path));
            }
            self.keep(cookie);
        }
    }

    fn keep(&mut self, cookie: Cookie<'static>) {
        self.0
            .retain(|old| old.name() != cookie.name() || old.path() != cookie.path());
        let now = SystemTime::now();
        let is_over = match (cookie.max_age(), cookie.expires_datetime()) {
            (Some(age), _) => !age.is_positive(),
            (None, Some(time)) => SystemTime::from(time) <= now,
            (None, None) => false,
        };
        if !is_over {
            self.0.push(cookie);
        }
    }
}

/// RFC 6265 §5.1.4.
fn is_for(cookie: &Cookie<'_>, path: &str) -> bool {
    let own = cookie.path().unwrap_or("/");
    path.strip_prefix(own)
        .is_some_and(|rest| rest.is_empty() || own.ends_with('/') || rest.starts_with('/'))
}

fn default_path(request_path: &str) -> String {
    match request_path.rfind('/') {
        Some(0) | None => "/".to_owned(),
        Some(last) => request_path[..last].to_owned(),
    }
}
