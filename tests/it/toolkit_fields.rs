//! Fields with a type of their own: what a request tells, and what an answer says.

use std::time::{Duration, UNIX_EPOCH};

use devserve::http::{
    CacheControl, ContentSecurityPolicy, CrossOriginEmbedderPolicy, CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy, Method, SecFetchDest, SecFetchMode, SecFetchSite, WwwAuthenticate,
};
use devserve::wsgi::Environ;
use devserve::{Request, Response};

fn environ(lines: &[(&'static str, &str)]) -> Environ {
    let mut environ = Environ::new(Method::GET, "/");
    for (name, value) in lines {
        environ.headers_mut().append(*name, value.parse().unwrap());
    }
    environ
}

#[test]
fn credentials_come_from_one_field() {
    let once = environ(&[("authorization", "Basic QTpC")]);
    let login = Request::new(&once).authorization().unwrap();
    assert_eq!((login.username(), login.password()), (Some("A"), Some("B")));
    let twice = environ(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]);
    assert!(Request::new(&twice).authorization().is_none());
    assert!(Request::new(&environ(&[])).authorization().is_none());
}

#[test]
fn a_request_tells_where_it_comes_from() {
    let environ = environ(&[
        ("origin", "https://a.test"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "x-a, X-B"),
        ("access-control-request-headers", "x-c"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-user", "?1"),
    ]);
    let request = Request::new(&environ);
    assert_eq!(request.origin(), Some("https://a.test"));
    assert_eq!(request.access_control_request_method(), Some(Method::PUT));
    let names = request.access_control_request_headers();
    assert_eq!(names.iter().collect::<Vec<_>>(), ["x-a", "X-B", "x-c"]);
    assert_eq!(request.sec_fetch_site(), Some(SecFetchSite::CrossSite));
    assert_eq!(request.sec_fetch_mode(), Some(SecFetchMode::Cors));
    assert_eq!(request.sec_fetch_dest(), Some(SecFetchDest::Empty));
    assert!(request.sec_fetch_user());
}

#[test]
fn a_request_without_fields_tells_nothing() {
    let environ = environ(&[]);
    let request = Request::new(&environ);
    assert_eq!(request.origin(), None);
    assert_eq!(request.access_control_request_method(), None);
    assert!(request.access_control_request_headers().is_empty());
    assert_eq!(request.sec_fetch_site(), None);
    assert!(!request.sec_fetch_user());
    assert!(request.cache_control().is_empty());
    assert_eq!((request.date(), request.max_forwards()), (None, None));
}

#[test]
fn simple_fields_are_read_or_absent() {
    let good = environ(&[
        ("cache-control", "no-store"),
        ("cache-control", "max-age=3"),
        ("content-encoding", "gzip"),
        ("date", "Thu, 01 Jan 1970 00:00:09 GMT"),
        ("max-forwards", "10"),
    ]);
    let request = Request::new(&good);
    let cache = request.cache_control();
    assert!(cache.no_store());
    assert_eq!(cache.max_age(), Some(Duration::from_secs(3)));
    assert_eq!(request.content_encoding(), Some("gzip"));
    assert_eq!(request.date(), Some(UNIX_EPOCH + Duration::from_secs(9)));
    assert_eq!(request.max_forwards(), Some(10));
    for number in ["", "+1", "-1", "1.5", "99999999999999999999999"] {
        let bad = environ(&[("max-forwards", number), ("date", "yesterday")]);
        let request = Request::new(&bad);
        assert_eq!((request.max_forwards(), request.date()), (None, None));
    }
}

#[test]
fn the_way_of_a_request_is_what_others_tell() {
    let peer = "127.0.0.1:9".parse().unwrap();
    let direct = environ(&[]).with_remote(Some(peer));
    assert_eq!(Request::new(&direct).access_route(), ["127.0.0.1"]);
    assert_eq!(Request::new(&direct).remote_user(), None);
    let lines = [
        ("x-forwarded-for", "10.0.0.1, 10.0.0.2"),
        ("x-forwarded-for", "\"[::1]:80\""),
    ];
    let mut passed_on = environ(&lines).with_remote(Some(peer));
    passed_on.set("REMOTE_USER", "J\u{c3}\u{b6}rg").unwrap(); // bytes, in disguise
    let request = Request::new(&passed_on);
    assert_eq!(request.access_route(), ["10.0.0.1", "10.0.0.2", "[::1]:80"]);
    assert_eq!(request.remote_user().as_deref(), Some("Jörg"));
    let hidden = environ(&[("x-forwarded-for", "\", 10.0.0.3")]);
    assert_eq!(Request::new(&hidden).access_route(), ["\"", "10.0.0.3"]);
    assert!(Request::new(&environ(&[])).access_route().is_empty());
}

#[track_caller]
fn check(response: Response, name: &str, want: &[&str]) {
    let reply = response.into_reply().unwrap();
    let lines: Vec<_> = reply.headers().get_all(name).iter().collect();
    assert_eq!(lines, want, "{name}");
}

#[track_caller]
fn check_refused(response: Response, part_of_error: &str) {
    let error = response.into_reply().unwrap_err().to_string();
    assert!(error.contains(part_of_error), "{error}");
}

#[test]
fn an_answer_may_pose_several_challenges() {
    let response = Response::text("who are you?")
        .status(401)
        .www_authenticate(WwwAuthenticate::bearer("api").with("scope", "read"))
        .www_authenticate(WwwAuthenticate::basic("shop"));
    let reply = response.into_reply().unwrap();
    let challenges = WwwAuthenticate::from_headers(reply.headers());
    assert_eq!(challenges.len(), 2);
    assert_eq!(challenges[0].param("scope"), Some("read"));
    assert_eq!(
        (challenges[1].scheme(), challenges[1].realm()),
        ("basic", Some("shop"))
    );
    let broken = Response::empty().www_authenticate(WwwAuthenticate::basic("a\nb"));
    check_refused(broken, "\"realm\"");
}

#[test]
fn an_answer_says_how_long_it_holds() {
    let minute = Duration::from_secs(60);
    let open = || Response::empty().cache_control(CacheControl::new().with_public());
    check(
        open().max_age(minute),
        "cache-control",
        &["public, max-age=60"],
    );
    check(
        open().expires(UNIX_EPOCH),
        "expires",
        &["Thu, 01 Jan 1970 00:00:00 GMT"],
    );
    let cached = CacheControl::new().with_public().with_max_age(minute);
    let response = || Response::text("").cache_control(cached.clone());
    check(response(), "cache-control", &["public, max-age=60"]);
    check(
        response().cache_control(CacheControl::new()),
        "cache-control",
        &[],
    );
    check(Response::text("").age(minute), "age", &["60"]);
    check(
        Response::text("").retry_after(minute),
        "retry-after",
        &["60"],
    );
    let when = UNIX_EPOCH + minute;
    let date = ["Thu, 01 Jan 1970 00:01:00 GMT"];
    check(Response::text("").retry_after(when), "retry-after", &date);
    check(Response::text("").date(when), "date", &date);
}

#[test]
fn vary_grows_and_other_lists_are_set() {
    let varied = Response::text("")
        .header("vary", "Accept")
        .vary(["cookie", "ACCEPT"])
        .vary(["Origin"]);
    check(varied, "vary", &["Accept, cookie, Origin"]);
    check(Response::text("").vary([""; 0]), "vary", &[]);
    let allowed = Response::text("")
        .status(405)
        .allow([Method::GET, Method::HEAD]);
    check(allowed, "allow", &["GET, HEAD"]);
    let languages = Response::text("").content_language(["de", "en-GB", "DE"]);
    check(languages, "content-language", &["de, en-GB"]);
    check(
        Response::text("").content_encoding(["gzip"]),
        "content-encoding",
        &["gzip"],
    );
    let placed = Response::text("").content_location("/café");
    check(placed, "content-location", &["/caf%C3%A9"]);
    check_refused(Response::text("").vary(["a\r\nb"]), "control character");
}

#[test]
fn policies_are_sent_or_refused() {
    let policy = || ContentSecurityPolicy::new().with("default-src", "'self'");
    let response = || Response::html("").content_security_policy(policy());
    check(
        response(),
        "content-security-policy",
        &["default-src 'self'"],
    );
    let without = response().content_security_policy(ContentSecurityPolicy::new());
    check(without, "content-security-policy", &[]);
    let tried = Response::html("").content_security_policy_report_only(policy());
    check(
        tried,
        "content-security-policy-report-only",
        &["default-src 'self'"],
    );
    let injected = policy().with("img-src", "a.test; script-src *");
    check_refused(
        Response::html("").content_security_policy(injected),
        "img-src",
    );

    let apart = Response::html("")
        .cross_origin_opener_policy(CrossOriginOpenerPolicy::SameOrigin)
        .cross_origin_embedder_policy(CrossOriginEmbedderPolicy::RequireCorp)
        .cross_origin_resource_policy(CrossOriginResourcePolicy::SameSite);
    let reply = apart.into_reply().unwrap();
    assert_eq!(reply.headers()["cross-origin-opener-policy"], "same-origin");
    assert_eq!(
        reply.headers()["cross-origin-embedder-policy"],
        "require-corp"
    );
    assert_eq!(reply.headers()["cross-origin-resource-policy"], "same-site");
}

#[test]
fn an_answer_says_what_other_origins_may_do() {
    let response = Response::empty()
        .access_control_allow_origin("https://a.test")
        .access_control_allow_credentials()
        .access_control_allow_methods([Method::GET, Method::PUT])
        .access_control_allow_headers(["X-A", "x-b"])
        .access_control_expose_headers(["ETag"])
        .access_control_max_age(Duration::from_secs(600));
    let reply = response.into_reply().unwrap();
    let field = |name: &str| &reply.headers()[&format!("access-control-{name}")];
    assert_eq!(field("allow-origin"), "https://a.test");
    assert_eq!(field("allow-credentials"), "true");
    assert_eq!(field("allow-methods"), "GET, PUT");
    assert_eq!(field("allow-headers"), "X-A, x-b");
    assert_eq!(field("expose-headers"), "ETag");
    assert_eq!(field("max-age"), "600");
}
