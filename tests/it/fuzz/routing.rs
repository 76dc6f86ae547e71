use devserve::http::Method;
use devserve::routing::{Adapter, Map, MatchError, Matched, Rule};
use devserve::text::percent;

/// Rules, a line each, and behind an empty line paths: a rule is read or refused; what a path
/// says can be built again, and means the same; a redirect comes to an end.
pub fn routing(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (rules, paths) = text.split_once("\n\n").unwrap_or((&text, "/"));
    let mut known: Vec<Rule> = Vec::new();
    for rule in rules.lines().take(40) {
        let rule = Rule::new(rule, rule);
        match Map::new(known.iter().cloned().chain([rule.clone()])) {
            Ok(_) => known.push(rule),
            Err(error) => assert!(error.to_string().starts_with("rule \"")),
        }
    }
    let lenient = Map::builder().strict_slashes(false).rules(known.clone());
    let maps = [Map::new(known), lenient.build()];
    for map in maps {
        let map = map.expect("each rule was taken");
        let urls = map.bind("example.test").with_query("q=1");
        for path in paths.lines().take(40) {
            walk(&urls, path);
        }
    }
}

/// Follows redirects to their end.
fn walk(urls: &Adapter<'_>, path: &str) {
    let mut path = path.to_owned();
    for _ in 0..3 {
        let next = match urls.match_path(&path) {
            Ok(found) => return build_again(urls, &found),
            Err(MatchError::RequestRedirect { url }) => next_path(&url),
            Err(MatchError::NotFound { .. }) => {
                assert!(urls.allowed_methods(&path).is_empty() && !urls.test(&path, &Method::GET));
                return;
            }
            Err(error) => panic!("{error}, but all rules take every method"),
        };
        assert_ne!(next, path);
        path = next;
    }
    panic!("{path:?} never arrives");
}

/// Redirects stay on the host, keep the query, and are encoded.
fn next_path(url: &str) -> String {
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url:?}");
    let path = url.strip_prefix("http://example.test").expect(url);
    let path = path.strip_suffix("?q=1").expect(url);
    assert!(
        path.starts_with('/') && !path.contains(['?', '#']),
        "{url:?}"
    );
    decoded(path)
}

fn build_again(urls: &Adapter<'_>, found: &Matched<'_>) {
    let rule = found.rule().path();
    let build = urls.build(rule).values(found.params().iter());
    let url = build.url().unwrap_or_else(|error| panic!("{error}"));
    assert!(
        url.starts_with('/') && url.bytes().all(|byte| byte.is_ascii_graphic()),
        "{url:?}"
    );
    assert!(!url.contains(['?', '#']), "{url:?}");
    // Where one segment has several variables, as many ways may lead to one path.
    let alone = |segment: &str| segment.matches('<').count() < 2;
    if !rule.split('/').all(alone) || rule.contains("path") || rule.contains("any") {
        return;
    }
    let map = Map::new(Rule::new(rule, rule)).expect("it was taken");
    let map = map.bind("example.test");
    let path = decoded(&url);
    let again = map
        .match_path(&path)
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(again.params().iter().eq(found.params().iter()), "{url:?}");
}

fn decoded(path: &str) -> String {
    let bytes = percent::decode(path.as_bytes());
    String::from_utf8(bytes.into_owned()).expect("text was encoded")
}
