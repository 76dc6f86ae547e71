use super::*;

fn environ() -> Environ {
    let mut environ = Environ::new(Method::POST, "/caf%C3%A9%2fbar?q=a%20b");
    for (name, value) in [
        ("Content-Type", "text/plain"),
        ("Content-Length", "3"),
        ("Accept", "a"),
        ("Accept", "b"),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
        ("X_Spoof", "1"),
    ] {
        environ.headers.append(
            HeaderName::try_from(name).unwrap(),
            HeaderValue::from_static(value),
        );
    }
    environ
        .with_input(b"tea".to_vec())
        .with_remote(Some(([127, 0, 0, 1], 9).into()))
}

#[track_caller]
fn check(key: &str, want: Option<&str>) {
    assert_eq!(
        environ().get(key).map(|value| value.to_string()).as_deref(),
        want,
        "{key}"
    );
}

#[test]
fn every_key_of_cgi_and_pep_3333_is_there() {
    check("REQUEST_METHOD", Some("POST"));
    check("SCRIPT_NAME", Some(""));
    check("PATH_INFO", Some("/caf\u{c3}\u{a9}/bar")); // UTF-8 bytes as latin-1 text
    check("QUERY_STRING", Some("q=a%20b"));
    check("REQUEST_URI", Some("/caf%C3%A9%2fbar?q=a%20b"));
    check("CONTENT_TYPE", Some("text/plain"));
    check("CONTENT_LENGTH", Some("3"));
    check("SERVER_NAME", Some("localhost"));
    check("SERVER_PORT", Some("80"));
    check("SERVER_PROTOCOL", Some("HTTP/1.1"));
    check("SERVER_SOFTWARE", Some("devserve/0.1.0"));
    check("GATEWAY_INTERFACE", Some("CGI/1.1"));
    check("REMOTE_ADDR", Some("127.0.0.1"));
    check("REMOTE_PORT", Some("9"));
    check("HTTP_HOST", Some("localhost"));
    check("wsgi.version", Some("(1, 0)"));
    check("wsgi.url_scheme", Some("http"));
    check("wsgi.input", Some("<input>"));
    check("wsgi.errors", Some("<errors>"));
    check("wsgi.input_terminated", Some("True"));
    check("wsgi.multithread", Some("True"));
    check("wsgi.multiprocess", Some("False"));
    check("wsgi.run_once", Some("False"));
    check("HTTPS", None);
}

#[test]
fn fields_follow_cgi_rules() {
    check("HTTP_ACCEPT", Some("a,b"));
    check("HTTP_COOKIE", Some("a=1; b=2"));
    check("HTTP_CONTENT_TYPE", None);
    check("HTTP_CONTENT_LENGTH", None);
    check("HTTP_X_SPOOF", None); // an underscore in the name would shadow X-Spoof
    check("HTTP_ABSENT", None);
}

#[test]
fn setting_a_key_changes_the_fact() {
    let mut environ = environ();
    environ.set("REQUEST_METHOD", "PUT").unwrap();
    environ.set("SCRIPT_NAME", "/shop").unwrap();
    environ.set("PATH_INFO", "/caf\u{e9}").unwrap();
    environ.set("HTTP_X_FORWARDED_FOR", "10.0.0.1").unwrap();
    environ.set("wsgi.url_scheme", "https").unwrap();
    environ.set("shop.cart", "7").unwrap();
    assert_eq!(environ.method(), Method::PUT);
    assert_eq!(environ.script_root(), b"/shop");
    assert_eq!(environ.path_info(), b"/caf\xe9");
    assert_eq!(environ.headers()["x-forwarded-for"], "10.0.0.1");
    assert!(environ.get("HTTPS").unwrap() == "on");
    assert!(environ.get("shop.cart").unwrap() == "7");
    environ.remove("HTTP_X_FORWARDED_FOR");
    environ.remove("shop.cart");
    assert!(environ.get("HTTP_X_FORWARDED_FOR").is_none() && environ.get("shop.cart").is_none());
}

#[test]
fn an_empty_type_or_length_is_none() {
    let mut environ = environ();
    environ.set("CONTENT_TYPE", "").unwrap();
    environ.set("CONTENT_LENGTH", "").unwrap();
    assert_eq!(
        (environ.content_type(), environ.content_length()),
        (None, None)
    );
}

#[test]
fn a_value_that_cannot_be_that_fact_is_refused_by_name() {
    let mut environ = environ();
    let error = environ.set("CONTENT_LENGTH", "-1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "environ key CONTENT_LENGTH cannot be \"-1\""
    );
    assert!(environ.set("REQUEST_METHOD", "GET /").is_err());
    assert!(environ.set("HTTP_A", "x\r\ny").is_err());
    assert!(environ.set("PATH_INFO", "\u{20ac}").is_err());
    let error = environ.set("wsgi.input", "text").unwrap_err();
    assert_eq!(
        error.to_string(),
        "environ key wsgi.input is the server's own"
    );
}

#[test]
fn iterates_over_each_key_once() {
    let keys: Vec<String> = environ().iter().map(|(key, _)| key).collect();
    let mut unique = keys.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), keys.len());
    assert!(keys.contains(&"HTTP_COOKIE".into()) && keys.contains(&"wsgi.input".into()));
    assert!(
        !keys
            .iter()
            .any(|key| key.contains("SPOOF") || key.contains("HTTP_CONTENT"))
    );
}

#[test]
fn an_absolute_target_gives_its_path_and_host() {
    let environ = Environ::new(Method::GET, "http://shop.example:8080/a?b");
    assert_eq!(
        (environ.path_info(), environ.query_string()),
        (&b"/a"[..], &b"b"[..])
    );
    assert_eq!(environ.headers()["host"], "shop.example:8080");
}
