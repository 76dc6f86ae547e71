use bytes::Bytes;

use crate::http::{HeaderMap, Host, Method, StatusCode, Target, header, join};

/// Why a redirect was not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// Too many; most likely a circle.
    #[error("more than {limit} redirects; the last was to {location}")]
    TooMany {
        /// As many were followed.
        limit: usize,
        /// Where the last one pointed.
        location: String,
    },
    /// The app is not there, so nobody can answer.
    #[error(
        "the redirect to {location} leaves {host}, where the app is; ask without \
         `follow_redirects`, or allow its subdomains with `Client::allow_subdomains`"
    )]
    External {
        /// Where it pointed.
        location: String,
        /// Where the first request went.
        host: String,
    },
    /// A body from a stream has been read by now.
    #[error("the redirect to {location} wants the body again, and a stream can be sent once")]
    BodyIsGone {
        /// Where it pointed.
        location: String,
    },
    /// No URL of the web.
    #[error("the redirect to {location} is none that can be asked for")]
    Unusable {
        /// Where it pointed.
        location: String,
    },
}

/// Where an answer sends whoever asked for `url`; `None` where it is no redirect.
pub(super) fn next(url: &str, status: StatusCode, headers: &HeaderMap) -> Option<String> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    // A fragment is the browser's own.
    let location = location.split('#').next().unwrap_or_default();
    Some(join(url, location))
}

/// The method the next request has, as browsers have it (Fetch §4.4 step 12): most servers mean
/// 303 when they say 301 or 302 to a form.
pub(super) fn method_after(status: StatusCode, method: &Method) -> Method {
    let becomes_get = match status.as_u16() {
        301 | 302 => *method == Method::POST,
        303 => *method != Method::HEAD,
        _ => false, // 307 and 308 promise that nothing changes
    };
    if becomes_get {
        Method::GET
    } else {
        method.clone()
    }
}

/// The host of a URL that can be asked for, its port only where it is not the scheme's own.
pub(super) fn host_of(url: &str) -> Option<Host> {
    Target::parse(Bytes::copy_from_slice(url.as_bytes()))?;
    let (scheme, rest) = url.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let host = Host::parse(&rest[..end]).ok()?;
    (!host.name().is_empty()).then(|| host.without_default_port(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, location: &str, want: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, location.parse().unwrap());
        let next = next(url, StatusCode::FOUND, &headers);
        assert_eq!(next.as_deref(), Some(want), "{location} from {url}");
    }

    #[test]
    fn a_location_is_read_as_a_browser_reads_it() {
        check("http://a.test/a/b/c?x", "test", "http://a.test/a/b/test");
        check("http://a.test//a/b", "c", "http://a.test//a/c");
        check("http://a.test/a", "http://a.test/x", "http://a.test/x");
        check("http://a.test/a", "//b.test/z", "http://b.test/z");
        check("https://a.test/x/y", "z#top", "https://a.test/x/z");
        check("https://a.test/x", "//b.test/z", "https://b.test/z");
    }

    #[track_caller]
    fn check_method(status: u16, method: Method, want: Method) {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(method_after(status, &method), want, "{method} {status}");
    }

    #[test]
    fn methods_change_as_in_browsers() {
        check_method(301, Method::POST, Method::GET);
        check_method(302, Method::POST, Method::GET);
        check_method(302, Method::PUT, Method::PUT);
        check_method(303, Method::PUT, Method::GET);
        check_method(303, Method::HEAD, Method::HEAD);
        check_method(307, Method::POST, Method::POST);
        check_method(308, Method::DELETE, Method::DELETE);
    }
}
