//! Pages of other origins, let in or not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use devserve::http::Method;
use devserve::middleware::Cors;
use devserve::testing::Client;
use devserve::wsgi::{self, Body};
use devserve::{Request, Response};

fn api() -> Cors<impl devserve::wsgi::App> {
    Cors::new(|_: &Request| Response::text("carts").add_header("vary", "cookie"))
        .allow_origin("https://shop.example")
        .allow_origin("http://localhost:5173")
}

/// The `Access-Control-…` fields of an answer, and whether it varies by origin.
#[track_caller]
fn check(app: impl devserve::wsgi::App, method: Method, fields: &[(&str, &str)], want: &str) {
    let client = Client::new(app);
    let mut request = client.request(method, "/");
    for (name, value) in fields {
        request = request.header(name, value);
    }
    let answer = request.send().unwrap();
    let mut told: Vec<_> = answer
        .headers()
        .iter()
        .filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("access-control-")?;
            Some(format!("{name}={}", value.to_str().unwrap()))
        })
        .collect();
    told.sort();
    let mut varies = answer.headers().get_all("vary").iter();
    if varies.any(|line| line == "origin") {
        told.push("varies".into());
    }
    assert_eq!(told.join("; "), want, "{fields:?}");
}

#[test]
fn a_known_origin_may_read_and_others_may_not() {
    let origin = |origin: &'static str| [("origin", origin)];
    let known = "allow-origin=https://shop.example; varies";
    check(api(), Method::GET, &origin("https://shop.example"), known);
    check(api(), Method::GET, &origin("http://shop.example"), "varies");
    check(
        api(),
        Method::GET,
        &origin("https://shop.example.evil.test"),
        "varies",
    );
    check(api(), Method::GET, &origin("null"), "varies");
    check(api(), Method::GET, &[], "varies");
    let any = || Cors::new(|_: &Request| "x").allow_any_origin();
    check(
        any(),
        Method::GET,
        &origin("https://a.test"),
        "allow-origin=*",
    );
    let more = api()
        .allow_credentials()
        .expose_headers(["x-total", "etag"]);
    let want = "allow-credentials=true; allow-origin=http://localhost:5173; \
                expose-headers=x-total, etag; varies";
    check(more, Method::POST, &origin("http://localhost:5173"), want);
}

#[test]
fn a_preflight_is_answered_in_place_of_the_app() {
    let asked = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "DELETE"),
            ("access-control-request-headers", "content-type"),
        ]
    };
    let api = || {
        api()
            .allow_methods([Method::GET, Method::DELETE])
            .allow_headers(["content-type"])
            .expose_headers(["etag"])
            .max_age(Duration::from_secs(600))
    };
    let want = "allow-headers=content-type; allow-methods=GET, DELETE; \
                allow-origin=https://shop.example; max-age=600; varies";
    check(api(), Method::OPTIONS, &asked("https://shop.example"), want);
    check(
        api(),
        Method::OPTIONS,
        &asked("https://evil.test"),
        "varies",
    );
    let client = Client::new(api());
    let mut request = client.options("/");
    for (name, value) in asked("https://shop.example") {
        request = request.header(name, value);
    }
    assert_eq!(request.send().unwrap().status(), 204);
    let plain = client.options("/").send().unwrap();
    assert_eq!(plain.text(), "carts", "an OPTIONS that is no preflight");
}

#[test]
fn an_app_of_the_classic_form_is_marked_too() {
    let app = wsgi::application(|_, start_response| {
        start_response.start("200 OK", [("Content-Type", "text/plain")])?;
        start_response.write(b"x")?;
        Ok(Body::empty())
    });
    let app = Cors::new(app).allow_any_origin();
    check(app, Method::GET, &[], "allow-origin=*");
}

#[test]
fn what_would_let_everybody_in_is_refused() {
    let panics = |build: fn()| catch_unwind(AssertUnwindSafe(build)).is_err();
    assert!(panics(|| drop(
        Cors::new(|_: &Request| "")
            .allow_any_origin()
            .allow_credentials()
    )));
    assert!(panics(|| drop(
        Cors::new(|_: &Request| "")
            .allow_credentials()
            .allow_any_origin()
    )));
    assert!(panics(|| drop(
        Cors::new(|_: &Request| "").allow_origin("shop.example")
    )));
    assert!(panics(|| drop(
        Cors::new(|_: &Request| "").allow_origin("https://shop.example/")
    )));
    assert!(panics(|| drop(
        Cors::new(|_: &Request| "").allow_origin("null")
    )));
}
