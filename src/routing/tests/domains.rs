use super::*;

use crate::http::HeaderValue;
use crate::wsgi::Environ;

#[test]
fn subdomains_choose_between_rules() {
    let map = Map::builder()
        .default_subdomain("www")
        .rules([
            Rule::new("/", "index"),
            Rule::new("/", "api").subdomain("API"),
            Rule::new("/", "user").subdomain("<user>"),
            Rule::new("/", "shard").subdomain("s<int:n>.<any(eu, us):region>"),
            Rule::new("/<page>", "page").subdomain("<user>"),
        ])
        .build()
        .unwrap();
    let urls = |subdomain| map.bind("Example.test").with_subdomain(subdomain);
    check(&map.bind("example.test"), "/", "index");
    check(&urls("www"), "/", "index");
    check(&urls("api"), "/", "api");
    check(&urls("Ann"), "/", "user user=ann");
    check(&urls("s3.eu"), "/", "shard n=3 region=eu");
    check(&urls("s3.asia"), "/", "user user=s3.asia");
    // What is not there below one's own name may be below a variable.
    check(&urls("api"), "/x", "page user=api page=x");
    check(&urls(""), "/", "404");
    assert_eq!(urls("api").server_name(), "example.test");
}

#[test]
fn whole_hosts_choose_between_rules() {
    let map = Map::builder()
        .host_matching()
        .rules([
            Rule::new("/", "www").host("www.<domain>"),
            Rule::new("/", "files").host("files.example.test:8000"),
            Rule::new("/", "any"),
            Rule::new("/<x>", "x"),
            Rule::new("/a", "a").host("a.test"),
        ])
        .build()
        .unwrap();
    check(
        &map.bind("www.example.test"),
        "/",
        "www domain=example.test",
    );
    check(&map.bind("files.example.test:8000"), "/", "files");
    // Ours: a rule without a host is for every host.
    check(&map.bind("files.example.test"), "/", "any");
    check(&map.bind("www.example.test"), "/b", "x x=b");
    check(&map.bind("a.test"), "/a", "a");
    check(&map.bind("b.test"), "/a", "x x=a");

    let urls = map.bind("www.example.test");
    assert_eq!(urls.build("any").url().unwrap(), "/");
    let url = urls.build("www").value("domain", "example.test").url();
    assert_eq!(url.unwrap(), "/");
    let url = urls.build("www").value("domain", "b.test").url();
    assert_eq!(url.unwrap(), "http://www.b.test/");
    assert_eq!(
        urls.build("files").url().unwrap(),
        "http://files.example.test:8000/"
    );
}

#[test]
fn of_several_hosts_one_is_built_that_is_asked() {
    let map = Map::builder()
        .host_matching()
        .rules([
            Rule::new("/", "index").host("a.test"),
            Rule::new("/", "index").host("b.test"),
        ])
        .build()
        .unwrap();
    assert_eq!(map.bind("b.test").build("index").url().unwrap(), "/");
    let url = map.bind("c.test").build("index").url().unwrap();
    assert_eq!(url, "http://a.test/");
}

#[test]
fn the_port_of_the_scheme_is_no_part_of_the_name() {
    let map = map(Rule::new("/a/", "a"));
    for (name, scheme, want) in [
        ("A.test:80", "http", "a.test"),
        ("a.test:443", "wss", "a.test"),
        ("a.test:443", "http", "a.test:443"),
        ("[::1]:80", "ws", "[::1]"),
    ] {
        let urls = map.bind(name).with_scheme(scheme);
        assert_eq!(urls.server_name(), want, "{name} by {scheme}");
    }
}

#[test]
#[cfg(feature = "idna")]
fn names_beyond_ascii_have_a_form_within() {
    let map = map([
        Rule::new("/", "index"),
        Rule::new("/", "x").subdomain("<name>"),
    ]);
    assert_eq!(
        map.bind("Grüße.test:81").server_name(),
        "xn--gre-6ka8l.test:81"
    );
}

fn environ(target: &str) -> Environ {
    Environ::new(Method::GET, target)
}

#[test]
fn a_request_says_all_there_is_to_bind_to() {
    let map = map([
        Rule::new("/a/<x>/", "a"),
        Rule::new("/", "post").methods([Method::POST]),
    ]);
    let mut request = environ("http://Example.test:8000/a/b%20c?q=1");
    let urls = map.bind_to_environ(&request).unwrap();
    assert_eq!(urls.server_name(), "example.test:8000");
    assert_eq!((urls.path(), urls.query()), ("/a/b c", "q=1"));
    assert_eq!((urls.scheme(), urls.script_root()), ("http", ""));
    let error = urls.match_request().unwrap_err();
    let url = "http://example.test:8000/a/b%20c/?q=1".to_owned();
    assert_eq!(error, MatchError::RequestRedirect { url });

    request.set_mount("/app", "/");
    request.set_method(Method::POST);
    let urls = map.bind_to_environ(&request).unwrap();
    assert_eq!(urls.script_root(), "/app");
    assert_eq!(urls.match_request().unwrap().endpoint(), "post");
    assert_eq!(urls.build("post").url().unwrap(), "/app/");
}

#[test]
fn a_host_that_is_none_is_the_clients_mistake() {
    let map = map(Rule::new("/", "index"));
    let mut request = environ("/");
    let host = HeaderValue::from_static("a.test/evil");
    request.headers_mut().insert("host", host);
    assert!(map.bind_to_environ(&request).is_err());
    assert!(map.bind_to_environ_at(&request, "a.test").is_err());
}

#[test]
fn the_subdomain_is_what_stands_before_the_servers_name() {
    let map = map(Rule::new("/", "index").subdomain("<user>"));
    for (target, server, want) in [
        ("http://ann.example.test/", "example.test", "ann"),
        ("http://a.b.example.test/", "Example.test:80", "a.b"),
        ("http://a.example.test:81/", "example.test:81", "a"),
        ("http://example.test/", "example.test", ""),
        // Another host is seen as the server itself: in development one comes by address.
        ("http://badexample.test/", "example.test", ""),
        ("http://127.0.0.1/", "example.test", ""),
    ] {
        let request = environ(target);
        let urls = map.bind_to_environ_at(&request, server).unwrap();
        assert_eq!(urls.subdomain(), want, "{target} at {server}");
    }
}

#[test]
fn a_request_for_a_websocket_is_bound_as_one() {
    let map = map(Rule::new("/", "socket").websocket());
    let mut request = environ("/");
    for (connection, upgrade, want) in [
        ("keep-alive, Upgrade", "WebSocket", "ws"),
        ("keep-alive", "websocket", "http"),
        ("upgrade", "h2c", "http"),
    ] {
        let headers = request.headers_mut();
        headers.insert("connection", HeaderValue::from_static(connection));
        headers.insert("upgrade", HeaderValue::from_static(upgrade));
        let urls = map.bind_to_environ(&request).unwrap();
        assert_eq!(urls.scheme(), want, "{connection}, {upgrade}");
        assert_eq!(urls.match_request().is_ok(), want == "ws");
    }
}
