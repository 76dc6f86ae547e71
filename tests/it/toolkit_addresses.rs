//! Hosts, URLs, redirects and proxies, as an app meets them.

use devserve::exceptions::HttpException;
use devserve::http::{HeaderValue, Method, TrustedHosts, header};
use devserve::middleware::{ProxyFix, TrustHosts, TrustedHops};
use devserve::testing::Client;
use devserve::wsgi::{self, Environ};
use devserve::{Request, Response, Result};

fn url(request: &Request<'_>) -> Result<String> {
    Ok(request.url()?)
}

#[test]
fn a_host_that_is_none_or_not_trusted_is_a_400() {
    let trusting = |request: &Request<'_>| url(request);
    let ask = |app: &dyn wsgi::App, host: &str| {
        let mut environ = Environ::new(Method::GET, "/cart?id=7");
        environ.set("HTTP_HOST", host).unwrap();
        let reply = wsgi::call(app, &mut environ).unwrap();
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        (reply.status().as_u16(), text)
    };
    assert_eq!(
        ask(&trusting, "A.test"),
        (200, "http://a.test/cart?id=7".into())
    );
    let (status, page) = ask(&trusting, "a.test/<script>");
    assert_eq!((status, page.contains("<script>")), (400, false));
    let guarded = TrustHosts::new(trusting, [".a.test", "[::1]"]);
    assert_eq!(ask(&guarded, "b.a.test:80").0, 200);
    assert_eq!(ask(&guarded, "[::1]").0, 200);
    assert_eq!(ask(&guarded, "a.test.evil").0, 400);
    let silent = TrustHosts::new(|_: &Request<'_>| "asks for no host", ["a.test"]);
    assert_eq!(ask(&silent, "evil.test").0, 400);
    // A classic app behind it gets its `write`.
    let classic = wsgi::application(|_, start_response| {
        start_response.start("200 Fine", [("Content-Type", "text/plain")])?;
        Ok("yes".into())
    });
    let classic = TrustHosts::new(classic, ["a.test"]);
    assert_eq!(ask(&classic, "a.test"), (200, "yes".into()));
    assert_eq!(ask(&classic, "b.test").0, 400);
}

#[test]
fn the_authority_of_the_target_outweighs_the_field() {
    let mut environ = Environ::new(Method::GET, "http://evil.test/");
    let field = HeaderValue::from_static("a.test");
    environ.headers_mut().insert(header::HOST, field);
    environ
        .extensions_mut()
        .insert(TrustedHosts::new(["a.test"]));
    assert!(Request::new(&environ).host().is_err());
    environ.set("HTTP_HOST", "a.test").unwrap(); // who says it here means it
    assert!(Request::new(&environ).host().is_ok());
}

#[test]
fn an_empty_field_leaves_the_servers_own_name() {
    let mut environ = Environ::new(Method::GET, "/");
    for (key, value) in [
        ("HTTP_HOST", ""),
        ("SERVER_NAME", "::1"),
        ("SERVER_PORT", "5000"),
    ] {
        environ.set(key, value).unwrap();
    }
    let host = Request::new(&environ).host().unwrap();
    assert_eq!((host.name(), host.port()), ("[::1]", Some(5000)));
    environ.set("SERVER_PORT", "0").unwrap();
    assert_eq!(Request::new(&environ).host().unwrap().to_string(), "[::1]");
}

#[test]
fn a_path_begins_with_one_slash() {
    let mut environ = Environ::new(Method::GET, "/");
    for (path_info, path) in [
        ("//evil.test/a", "/evil.test/a"),
        ("", "/"),
        ("a", "/a"),
        ("///", "/"),
    ] {
        environ.set_mount("/shop//", path_info.as_bytes().to_vec());
        let request = Request::new(&environ);
        assert_eq!(request.path(), path);
        assert_eq!(request.script_root(), "/shop");
        assert_eq!(request.full_path(), format!("{path}?"));
        assert_eq!(
            request.base_url().unwrap(),
            format!("http://localhost/shop{path}")
        );
    }
}

#[track_caller]
fn local(target: &'static str, want: Result<&str, u16>) {
    let client = Client::new(move |_: &Request<'_>| Response::redirect_local(target));
    let response = client.get("/").send().unwrap();
    let got = response
        .header("location")
        .ok_or(response.status().as_u16());
    assert_eq!(got, want, "{target:?}");
}

#[test]
fn a_local_redirect_stays_on_the_site() {
    local("/cart?a=b#c", Ok("/cart?a=b#c"));
    local("cart", Ok("cart"));
    local("?page=2", Ok("?page=2"));
    local("", Ok(""));
    // What browsers would read as a host, or skip, is encoded.
    local("/\\evil.test", Ok("/%5Cevil.test"));
    local("\\\\evil.test", Ok("%5C%5Cevil.test"));
    local("/\t/evil.test", Ok("/%09/evil.test"));
    local(" //evil.test", Ok("%20//evil.test"));
    local("\0//evil.test", Ok("%00//evil.test"));
    for elsewhere in [
        "//evil.test",
        "///evil.test",
        "http:evil.test",
        "https://a.test",
        "javascript:alert(1)",
        "x:",
    ] {
        local(elsewhere, Err(400));
    }
}

#[test]
fn a_location_is_sent_in_ascii_whoever_set_it() {
    let location = |response: Response| {
        let reply = response.into_reply().unwrap();
        reply.headers()["location"].to_str().unwrap().to_owned()
    };
    let set = |text: &str| Response::empty().status(201).header("location", text);
    assert_eq!(location(set("/caf\u{e9}")), "/caf%C3%A9");
    assert_eq!(location(set("/A%20b?c=[d]")), "/A%20b?c=[d]");
    assert_eq!(location(set("http://\u{fc}:x/")), "http://%C3%BC:x/");
    assert_eq!(
        location(set("../b").absolute_location("http://a.test/c/d/e")),
        "http://a.test/c/b"
    );
    assert!(
        set("/")
            .absolute_location("http://a:b/")
            .into_reply()
            .is_err()
    );
    let none = Response::text("").absolute_location("http://a.test/");
    assert!(
        none.into_reply()
            .unwrap()
            .headers()
            .get("location")
            .is_none()
    );
    for bad in ["/a\nb", "/a\rb", "http://a.test:99999/", "http://[::1/"] {
        assert!(Response::redirect(bad).into_reply().is_err(), "{bad:?}");
    }
}

#[test]
fn a_slash_is_appended_wherever_the_app_is_mounted() {
    let client = Client::new(|request: &Request<'_>| -> Result<Response> {
        Ok(match request.path().ends_with('/') {
            true => Response::text(request.url()?),
            false => Response::append_slash_redirect(request.environ()),
        })
    });
    let follow = |target: &str| client.get(target).follow_redirects().send().unwrap();
    assert_eq!(follow("/a/b?c=d").text(), "http://localhost/a/b/?c=d");
    assert_eq!(
        follow("/https:evil.test").text(),
        "http://localhost/https:evil.test/"
    );
    assert_eq!(follow("//evil.test").text(), "http://localhost/evil.test/");
    assert_eq!(
        follow("/%5Cevil.test").text(),
        "http://localhost/\\evil.test/"
    );
}

#[test]
fn behind_a_proxy_urls_are_the_clients() {
    let hops = TrustedHops {
        x_host: 1,
        x_proto: 1,
        x_prefix: 1,
        ..TrustedHops::default()
    };
    let client = Client::new(ProxyFix::with_hops(url, hops));
    let asked = client.get("/cart");
    let asked = asked
        .header("x-forwarded-host", "shop.example")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-prefix", "/shop/");
    assert_eq!(
        asked.send().unwrap().text(),
        "https://shop.example/shop/cart"
    );
}

#[test]
fn who_asked_is_the_peer_unless_a_field_says_more() {
    let client = Client::new(|request: &Request<'_>| request.access_route().join(" "));
    assert_eq!(client.get("/").send().unwrap().text(), "127.0.0.1");
    let told = client
        .get("/")
        .header("x-forwarded-for", "a ,, b")
        .send()
        .unwrap();
    assert_eq!(told.text(), "a b");
}

#[test]
fn each_field_of_the_accept_family_has_its_rules() {
    let client = Client::new(|request: &Request<'_>| {
        format!(
            "{:?} {:?} {:?} {:?}",
            request.best_match(&["text/html", "application/json"]),
            request.accept_languages().best_match(&["en", "de"]),
            request.accept_encodings().best_match(&["gzip", "identity"]),
            request.accept_charsets().best_match(&["latin-1", "utf8"]),
        )
    });
    let none = client.get("/").send().unwrap();
    assert_eq!(
        none.text(),
        r#"Some("text/html") Some("en") Some("gzip") Some("latin-1")"#
    );
    let some = client.get("/").header("accept", "application/json");
    let some = some
        .header("accept-language", "de-CH")
        .header("accept-encoding", "br")
        .header("accept-charset", "utf-8");
    assert_eq!(
        some.send().unwrap().text(),
        r#"Some("application/json") Some("de") Some("identity") Some("utf8")"#
    );
}

#[test]
fn a_form_counts_among_the_values_where_a_body_means_something() {
    let client = Client::new(|request: &Request<'_>| -> Result<String> {
        let values = request.values()?;
        Ok(values.get_all("a").collect::<Vec<_>>().join(" "))
    });
    let ask = |method: Method| client.request(method, "/?a=1").form([("a", "2")]).send();
    assert_eq!(ask(Method::POST).unwrap().text(), "1 2");
    assert_eq!(ask(Method::PUT).unwrap().text(), "1 2");
    assert_eq!(ask(Method::GET).unwrap().text(), "1");
}

#[test]
fn an_exception_carries_the_fields_its_status_needs() {
    let field = |exception: HttpException, name: &str| {
        exception.headers()[name].to_str().unwrap().to_owned()
    };
    let allow = HttpException::method_not_allowed().with_allow([Method::GET, Method::HEAD]);
    assert_eq!(field(allow, "allow"), "GET, HEAD");
    assert!(HttpException::from_code(404).is_some());
    for code in [0, 99, 200, 302, 402, 430, 499, 600, 999, 1000] {
        assert!(HttpException::from_code(code).is_none(), "{code}");
    }
}
