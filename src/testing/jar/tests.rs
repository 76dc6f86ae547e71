use super::*;

const NOW: SystemTime = UNIX_EPOCH;

fn place(url: &str) -> Place {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    Place {
        host: host.to_owned(),
        path: path.to_owned(),
        is_secure: scheme == "https",
    }
}

fn at(seconds: u64) -> SystemTime {
    NOW + Duration::from_secs(seconds)
}

/// Sets fields at one URL and tells what goes to another.
#[track_caller]
fn check(fields: &[&str], from: &str, to: &str, want: &str) {
    let mut jar = Jar::default();
    for field in fields {
        let mut headers = HeaderMap::new();
        headers.append(header::SET_COOKIE, field.parse().unwrap());
        jar.take(&headers, &place(from), at(1));
    }
    assert_eq!(sent(&jar, to, 2), want, "{fields:?} from {from} to {to}");
}

fn sent(jar: &Jar, to: &str, seconds: u64) -> String {
    let mut headers = HeaderMap::new();
    jar.add_to(&mut headers, &place(to), at(seconds));
    let field = headers.get(header::COOKIE);
    field.map_or(String::new(), |field| field.to_str().unwrap().to_owned())
}

#[test]
fn a_cookie_is_for_its_host_or_its_domain() {
    let (top, below) = ("http://a.test/", "http://b.a.test/");
    check(&["k=1"], top, top, "k=1");
    check(&["k=1"], top, below, "");
    check(&["k=1; Domain=a.test"], top, below, "k=1");
    check(&["k=1; Domain=.A.test"], below, top, "k=1");
    check(&["k=1; Domain=a.test"], top, "http://ba.test/", "");
    check(&["k=1; Domain=b.a.test"], top, below, "");
    check(&["k=1; Domain=other.test"], top, "http://other.test/", "");
    check(
        &["k=1; Domain=0.0.1"],
        "http://127.0.0.1/",
        "http://127.0.0.1/",
        "",
    );
    check(&["k=1; Domain="], top, top, "k=1");
}

#[test]
fn a_cookie_is_for_its_path_and_below() {
    let from = "http://a.test/shop/cart";
    check(&["k=1"], from, "http://a.test/shop", "k=1");
    check(&["k=1"], from, "http://a.test/shopping", "");
    check(&["k=1"], from, "http://a.test/", "");
    check(&["k=1; Path=/"], from, "http://a.test/x", "k=1");
    check(&["k=1; Path=/x/"], from, "http://a.test/x/y", "k=1");
    check(&["k=1; Path=/x/"], from, "http://a.test/x", "");
    check(&["k=1; Path=x"], from, "http://a.test/shop/x", "k=1");
    check(
        &["k=1; Path=/", "k=2; Path=/x", "j=3; Path=/"],
        from,
        "http://a.test/x",
        "k=2; k=1; j=3",
    );
}

#[test]
fn a_secure_cookie_waits_for_https() {
    check(&["k=1; Secure"], "http://a.test/", "http://a.test/", "");
    check(&["k=1; Secure"], "http://a.test/", "https://a.test/", "k=1");
}

#[test]
fn a_cookie_lives_until_it_expires() {
    let url = "http://a.test/";
    check(&["k=1", "k="], url, url, "k=");
    check(&["k=1", "j=2", "k=3"], url, url, "k=3; j=2");
    check(&["k=1", "k=; Max-Age=0"], url, url, "");
    check(&["k=1", "k=; Max-Age=-1"], url, url, "");
    check(
        &["k=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
        url,
        url,
        "",
    );
    // Max-Age outweighs Expires (§5.3 step 3).
    check(
        &["k=1; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
        url,
        url,
        "k=1",
    );
    let mut jar = Jar::default();
    let mut headers = HeaderMap::new();
    headers.append(header::SET_COOKIE, "k=1; Max-Age=9".parse().unwrap());
    jar.take(&headers, &place(url), at(1));
    assert_eq!(sent(&jar, url, 9), "k=1");
    assert_eq!(sent(&jar, url, 10), "");
}

#[test]
fn a_requests_own_cookies_outweigh_the_jars() {
    let mut jar = Jar::default();
    for (name, value) in [("a", "1"), ("b", "2")] {
        jar.keep(StoredCookie::new(&place("http://a.test/"), name, value));
    }
    let mut headers = HeaderMap::new();
    headers.append(header::COOKIE, "b=9".parse().unwrap());
    headers.append(header::COOKIE, "c=8".parse().unwrap());
    jar.add_to(&mut headers, &place("http://a.test/"), NOW);
    assert_eq!(headers[header::COOKIE], "a=1; b=9; c=8");
}

#[test]
fn a_host_is_known_without_its_port() {
    let host = |field: &'static str| {
        let mut environ = Environ::new(http::Method::GET, "/");
        let host = HeaderValue::from_static(field);
        environ.headers_mut().insert(header::HOST, host);
        Place::of(&environ).host
    };
    assert_eq!(host("A.test:80"), "a.test");
    assert_eq!(host("[::1]:80"), "[::1]");
    assert_eq!(host("[::1]"), "[::1]");
}
