use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What stands in a secret's place.
pub(super) const MASK: &str = "••••••";

/// Words that make a name a secret's wherever they stand in it.
const WITHIN: [&str; 12] = [
    "passwd",
    "password",
    "passphrase",
    "secret",
    "token",
    "authoriz",
    "cookie",
    "session",
    "credential",
    "apikey",
    "csrf",
    "xsrf",
];

/// Words that do so only by themselves: `api_key` yes, `keyboard` no.
const ALONE: [&str; 11] = [
    "auth", "bearer", "jwt", "key", "keys", "otp", "pass", "pin", "pwd", "sid", "sig",
];

/// Whether the value under this name is likely to let somebody in: a header field's, an
/// environ key's, a form field's.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WITHIN.iter().any(|word| name.contains(word))
        || name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| ALONE.contains(&word))
}

/// The value, or what stands in its place. In values that are or hold a URL, the secrets in
/// its query and its `user:password@` go.
pub(super) fn value<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if is_secret(name) && !value.is_empty() {
        return Cow::Borrowed(MASK);
    }
    match name.to_ascii_uppercase().as_str() {
        "QUERY_STRING" => Cow::Owned(query(value)),
        "REFERER" | "HTTP_REFERER" | "REQUEST_URI" | "RAW_URI" => Cow::Owned(target(value)),
        _ => Cow::Borrowed(value),
    }
}

/// A request target or URL without its secrets.
pub(super) fn target(target: &str) -> String {
    let (place, rest) = target.split_at(target.find('?').unwrap_or(target.len()));
    let place = userinfo(place);
    match rest.strip_prefix('?') {
        Some(rest) => format!("{place}?{}", query(rest)),
        None => place.into_owned(),
    }
}

fn userinfo(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Cow::Borrowed(url);
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => Cow::Owned(format!("{scheme}://{MASK}@{host}{path}")),
        None => Cow::Borrowed(url),
    }
}

fn query(query: &str) -> String {
    let masked = |pair: &str| match pair.split_once('=') {
        // The name may be written so that it does not look like itself.
        Some((name, value)) if is_secret(&percent_decode_str(name).decode_utf8_lossy()) => {
            if value.is_empty() {
                pair.to_owned()
            } else {
                format!("{name}={MASK}")
            }
        }
        _ => pair.to_owned(),
    };
    query.split('&').map(masked).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_any_spelling() {
        for name in [
            "Cookie",
            "set-cookie",
            "Authorization",
            "HTTP_PROXY_AUTHORIZATION",
            "X-Api-Key",
            "AWS_SECRET_ACCESS_KEY",
            "csrfmiddlewaretoken",
            "sessionId",
            "passwd",
            "user.pwd",
            "X-CSRF-Token",
            "new_password2",
            "JWT",
            "sid",
        ] {
            assert!(is_secret(name), "{name}");
        }
    }

    #[test]
    fn other_names_stay_readable() {
        for name in [
            "Accept",
            "Host",
            "PATH_INFO",
            "keyboard",
            "author",
            "monkey",
            "spin",
            "Accept-Encoding",
            "wsgi.errors",
            "content-length",
            "passenger",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[track_caller]
    fn check(name: &str, text: &str, want: &str) {
        assert_eq!(value(name, text), want);
    }

    #[test]
    fn urls_lose_their_secrets_and_keep_the_rest() {
        check("QUERY_STRING", "a=1&token=t0p&b=2", "a=1&token=••••••&b=2");
        check(
            "QUERY_STRING",
            "pass%77ord=t0p&password=",
            "pass%77ord=••••••&password=",
        );
        check(
            "referer",
            "http://me:t0p@shop/?key=t0p",
            "http://••••••@shop/?key=••••••",
        );
        check("REQUEST_URI", "/plain?q=1", "/plain?q=1");
        check("Cookie", "a=t0p", "••••••");
        check("Cookie", "", "");
    }
}
