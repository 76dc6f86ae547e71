use crate::testing::TestResponse;

/// Where a redirect points, seen from `target` (RFC 3986 §5.2); `None` where the answer is no
/// redirect.
pub(super) fn next(target: &str, response: &TestResponse) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    Some(resolve(target, response.header("location")?))
}

fn resolve(target: &str, location: &str) -> String {
    let location = location.split('#').next().unwrap_or("");
    if location.contains("://") {
        return location.to_owned();
    }
    let authority_end = target.find("://").map_or(0, |at| {
        target[at + 3..]
            .find(['/', '?'])
            .map_or(target.len(), |end| at + 3 + end)
    });
    let (origin, path) = target.split_at(authority_end);
    if let Some(rest) = location.strip_prefix("//") {
        let scheme = origin
            .split_once("://")
            .map_or("http", |(scheme, _)| scheme);
        return format!("{scheme}://{rest}");
    }
    let path = path.split('?').next().unwrap_or("");
    match location.chars().next() {
        None => format!("{origin}{path}"),
        Some('?') => format!("{origin}{path}{location}"),
        Some('/') => format!("{origin}{}", without_dots(location)),
        Some(_) => {
            let folder = path.rfind('/').map_or("/", |last| &path[..=last]);
            format!("{origin}{}", without_dots(&format!("{folder}{location}")))
        }
    }
}

/// An absolute path without `.` and `..`.
fn without_dots(reference: &str) -> String {
    let (path, query) = match reference.find('?') {
        Some(at) => reference.split_at(at),
        None => (reference, ""),
    };
    let mut segments: Vec<&str> = Vec::new();
    let mut rest = path.split('/').skip(1).peekable();
    while let Some(segment) = rest.next() {
        let is_last = rest.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    segments.pop();
                }
                if is_last {
                    segments.push("");
                }
            }
            name => segments.push(name),
        }
    }
    format!("/{}{query}", segments.join("/"))
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
        check("/a/b/c", "/test", "/test");
        check("/a/b/c?x", "test", "/a/b/test");
        check("/a/b/c", "../x", "/a/x");
        check("/a", "../../../x", "/x");
        check("/a/b/c?x=2", "?q=1", "/a/b/c?q=1");
        check("/a/b/", "./", "/a/b/");
        check("/a", "http://a.test/x#top", "http://a.test/x");
        check("https://a.test/x/y", "z", "https://a.test/x/z");
        check("https://a.test/x/y", "//b.test/z", "https://b.test/z");
    }
}
