use crate::http::join;
use crate::testing::TestResponse;

/// Where a redirect points, seen from `target`; `None` where the answer is no redirect.
pub(super) fn next(target: &str, response: &TestResponse) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.header("location")?;
    // A fragment is the browser's own.
    let location = location.split('#').next().unwrap_or("");
    Some(resolve(target, location))
}

/// What a target without a host is asked of.
const HERE: &str = "http://localhost";

fn resolve(target: &str, location: &str) -> String {
    // The path `//a` would be a host in a reference, so it is looked at behind one.
    if !target.starts_with('/') {
        return join(target, location);
    }
    let next = join(&format!("{HERE}{target}"), location);
    match next.strip_prefix(HERE) {
        Some(path) if path.starts_with('/') => path.to_owned(),
        _ => next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(target: &str, location: &str, want: &str) {
        assert_eq!(resolve(target, location), want, "{location} from {target}");
    }

    #[test]
    fn a_location_is_read_as_a_browser_reads_it() {
        check("/a/b/c?x", "test", "/a/b/test");
        check("//a/b", "c", "//a/c");
        check("/a", "http://a.test/x", "http://a.test/x");
        check("/a", "//b.test/z", "http://b.test/z");
        check("https://a.test/x/y", "z", "https://a.test/x/z");
        check("https://a.test/x/y", "//b.test/z", "https://b.test/z");
    }
}
