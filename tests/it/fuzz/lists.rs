use devserve::http::{
    Authorization, CacheControl, ContentSecurityPolicy, HeaderSet, HeaderValue, RetryAfter,
    WwwAuthenticate, age, dump_dict, dump_list, parse_dict, parse_list,
};

/// Fields that are lists: every text has a meaning, and a meaning that can be written is read
/// back.
pub fn lists(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    items(&text);
    set(&text);
    credentials(&text);
    challenges(&text);
    cache_control(&text);
    policies(&text);
    times(&text);
}

fn items(text: &str) {
    let items = parse_list(text);
    if let Ok(written) = dump_list(&items) {
        let again = parse_list(&written);
        // What has a quote inside is given as it stands, and quoted as a whole when written.
        assert_eq!(again, items, "{written:?}");
    }
    let dict = parse_dict(text);
    let pairs = dict.iter().map(|(name, value)| (name, value.as_ref()));
    if let Ok(written) = dump_dict(pairs) {
        assert_eq!(parse_dict(&written), dict, "{written:?}");
    }
}

fn set(text: &str) {
    let mut set = HeaderSet::parse(text);
    if let Ok(written) = set.to_header() {
        let again = HeaderSet::parse(&shown(&written));
        assert!(again.iter().eq(set.iter()), "{written:?}");
    }
    let items: Vec<_> = set.iter().map(str::to_owned).collect();
    for item in items {
        assert!(set.contains(&item.to_ascii_uppercase()) && !set.insert(&item));
        assert!(set.remove(&item.to_ascii_lowercase()) && !set.contains(&item));
    }
    assert!(set.is_empty());
}

fn credentials(text: &str) {
    let Some(login) = Authorization::parse(text) else {
        return;
    };
    assert_eq!(login.scheme(), login.scheme().to_ascii_lowercase());
    if let Ok(written) = login.to_header() {
        assert!(written.is_sensitive());
        let again = Authorization::parse(&shown(&written)).expect("it was written");
        assert_eq!(again.scheme(), login.scheme());
        assert_eq!(again.username(), login.username());
        assert_eq!(again.password(), login.password());
        assert_eq!(again.token().unwrap_or(""), login.token().unwrap_or(""));
        assert!(again.params().eq(login.params()), "{written:?}");
    }
}

fn challenges(text: &str) {
    let challenges = WwwAuthenticate::parse(text);
    let written: Result<Vec<_>, _> = challenges.iter().map(WwwAuthenticate::to_header).collect();
    let Ok(written) = written else {
        return;
    };
    // In one field as in several.
    let lines: Vec<_> = written.iter().map(shown).collect();
    let again = WwwAuthenticate::parse(&lines.join(", "));
    assert_eq!(again.len(), challenges.len(), "{lines:?}");
    for (again, challenge) in again.iter().zip(&challenges) {
        assert_eq!(again.scheme(), challenge.scheme(), "{lines:?}");
        let tokens = [again, challenge].map(|one| one.token().unwrap_or(""));
        assert_eq!(tokens[0], tokens[1], "{lines:?}");
        assert!(again.params().eq(challenge.params()), "{lines:?}");
    }
}

fn cache_control(text: &str) {
    let cache = CacheControl::parse(text);
    if let Ok(written) = cache.to_header() {
        assert_eq!(CacheControl::parse(&shown(&written)), cache, "{written:?}");
    }
    if let Some(age) = cache.max_age() {
        assert_eq!(cache.clone().with_max_age(age).max_age(), Some(age));
    }
}

/// What can be read can be written, and nothing in it begins another directive.
fn policies(text: &str) {
    for policy in ContentSecurityPolicy::parse_list(text) {
        let written = policy.to_header().expect("it was read");
        let again = ContentSecurityPolicy::parse_list(&shown(&written));
        assert_eq!(again, [policy], "{written:?}");
    }
    let policy = ContentSecurityPolicy::new().with("img-src", text);
    if let Ok(written) = policy.to_header() {
        let again = ContentSecurityPolicy::parse_list(&shown(&written));
        assert_eq!((again.len(), again[0].iter().len()), (1, 1), "{written:?}");
    }
}

fn times(text: &str) {
    if let Some(time) = age::parse(text) {
        assert_eq!(age::parse(&age::format(time)), Some(time));
    }
    let now = std::time::UNIX_EPOCH;
    if let Some(when) = RetryAfter::parse(text, now) {
        assert_eq!(RetryAfter::parse(&when.to_string(), now), Some(when));
    }
}

fn shown(value: &HeaderValue) -> String {
    assert!(!value.as_bytes().contains(&b'\n') && !value.as_bytes().contains(&b'\r'));
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}
