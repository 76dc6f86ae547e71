//! What a request tells, and what is answered when it is wrong.

use std::io::Read;
use std::sync::Arc;

use devserve::exceptions::HttpException;
use devserve::http::{Method, StatusCode};
use devserve::testing::Client;
use devserve::wsgi::{Environ, ServerFacts};
use devserve::{Request, Response, Result};
use serde::{Deserialize, Serialize};

#[track_caller]
fn environ(scheme: &'static str, port: u16, target: &str, host: Option<&str>) -> Environ {
    let facts = ServerFacts {
        scheme: scheme.into(),
        name: "server".into(),
        port,
        ..ServerFacts::default()
    };
    let mut environ = Environ::new(Method::GET, target).with_server(Arc::new(facts));
    match host {
        Some(host) => environ.headers_mut().insert("host", host.parse().unwrap()),
        None => environ.headers_mut().remove("host"),
    };
    environ
}

#[track_caller]
fn check_url(environ: &Environ, url: &str, base: &str, root: &str) {
    let request = Request::new(environ);
    assert_eq!(request.url().unwrap(), url);
    assert_eq!(request.base_url().unwrap(), base);
    assert_eq!(request.root_url().unwrap(), root);
}

#[test]
fn the_url_leaves_out_the_schemes_own_port_only() {
    let plain = environ("http", 8000, "/a?b=1", Some("a.test:8000"));
    check_url(
        &plain,
        "http://a.test:8000/a?b=1",
        "http://a.test:8000/a",
        "http://a.test:8000/",
    );
    let own = environ("http", 80, "/", Some("a.test:80"));
    check_url(&own, "http://a.test/", "http://a.test/", "http://a.test/");
    let secure = environ("https", 443, "/", Some("a.test:443"));
    check_url(
        &secure,
        "https://a.test/",
        "https://a.test/",
        "https://a.test/",
    );
    let other = environ("https", 443, "/", Some("a.test:80"));
    check_url(
        &other,
        "https://a.test:80/",
        "https://a.test:80/",
        "https://a.test:80/",
    );
    let no_host = environ("http", 5000, "/", None);
    check_url(
        &no_host,
        "http://server:5000/",
        "http://server:5000/",
        "http://server:5000/",
    );
}

#[test]
fn the_url_is_encoded_and_the_path_decoded() {
    let mut environ = environ(
        "http",
        80,
        "/app/caf%C3%A9%3F/%20x?q=%C3%A9&r=a+b",
        Some("a.test"),
    );
    environ.set_mount("/app", "/caf\u{e9}?/ x".as_bytes().to_vec());
    let request = Request::new(&environ);
    assert_eq!(request.path(), "/café?/ x");
    assert_eq!(request.script_root(), "/app");
    check_url(
        &environ,
        "http://a.test/app/café%3F/%20x?q=é&r=a+b",
        "http://a.test/app/café%3F/%20x",
        "http://a.test/app/",
    );
}

#[test]
fn fields_are_read_by_name() {
    let client = Client::new(|request: &Request| {
        format!(
            "{} {:?} {:?} {:?} {} {}",
            request.mimetype(),
            request.content_type().param("charset"),
            request.user_agent(),
            request.referrer(),
            request.content_length().unwrap_or(0),
            request.is_secure(),
        )
    });
    let response = client
        .post("https://a.test/")
        .body("Text/Plain; charset=\"utf-8\"", "tea")
        .header("user-agent", "test")
        .send()
        .unwrap();
    assert_eq!(
        response.text(),
        "text/plain Some(\"utf-8\") Some(\"test\") None 3 true"
    );
}

#[test]
fn args_values_and_conversions() {
    let client = Client::new(|request: &Request| -> Result<String> {
        let page: u32 = request.args().get_as("page")?;
        let tags: Vec<_> = request.values()?.get_all("tag").collect();
        Ok(format!("{page} {}", tags.join(",")))
    });
    let ask = |target: &str| {
        let asked = client.post(target).header("accept", "text/plain");
        asked.form([("tag", "c")]).send().unwrap()
    };
    assert_eq!(ask("/?page=2&tag=a&tag=b").text(), "2 a,b,c");
    let missing = ask("/");
    assert_eq!(
        (
            missing.status(),
            missing.text().contains("`page` is missing")
        ),
        (StatusCode::BAD_REQUEST, true)
    );
    let wrong = ask("/?page=two");
    assert_eq!(wrong.status(), 400);
    assert!(
        wrong.text().contains("`page` is \"two\", which is no u32"),
        "{}",
        wrong.text()
    );
}

#[derive(Debug, Deserialize, Serialize)]
struct Cart {
    items: Vec<String>,
}

#[test]
fn json_comes_in_and_goes_out() {
    let client = Client::new(|request: &Request| -> Result<Response> {
        let mut cart: Cart = request.json()?;
        cart.items.push("cake".into());
        Ok(Response::json(&cart))
    });
    let response = client
        .post("/")
        .json(&Cart {
            items: vec!["tea".into()],
        })
        .send()
        .unwrap();
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.json::<Cart>().unwrap().items, ["tea", "cake"]);
    let send = |kind: &str, body: &'static str| client.post("/").body(kind, body).send().unwrap();
    assert_eq!(send("text/plain", "{}").status(), 415);
    assert_eq!(
        send("application/problem+json", r#"{"items": []}"#).status(),
        200
    );
    let broken = send("application/json", "{\"items\": [1]}");
    assert_eq!(broken.status(), 400);
    assert!(
        broken.text().contains("line 1 column 12"),
        "{}",
        broken.text()
    );
    assert_eq!(send("application/json", "\u{fffd}").status(), 400);
}

#[test]
fn a_stream_is_read_as_it_comes() {
    let client = Client::new(|request: &Request| -> Result<String> {
        let mut text = String::new();
        request.stream().read_to_string(&mut text)?;
        Ok(text.to_uppercase())
    });
    assert_eq!(
        client
            .put("/")
            .body("text/plain", "tea")
            .send()
            .unwrap()
            .text(),
        "TEA"
    );
}

#[test]
fn an_exception_is_an_answer_in_the_form_the_client_likes() {
    let client = Client::new(|_: &Request| -> Result<&'static str> {
        let allow = "GET, HEAD".parse()?;
        Err(HttpException::method_not_allowed()
            .with_description("not <this>\nway")
            .with_header(devserve::http::header::ALLOW, allow))?
    });
    let ask = |accept: &str| client.get("/").header("accept", accept).send().unwrap();
    let html = ask("text/html,application/xhtml+xml,*/*;q=0.8");
    assert_eq!(html.status(), 405);
    assert_eq!(
        html.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(html.header("allow"), Some("GET, HEAD"));
    assert!(
        html.text().contains("<p>not &lt;this&gt;<br>way</p>"),
        "{}",
        html.text()
    );
    assert_eq!(ask("*/*").text(), html.text());
    let text = ask("text/plain");
    assert_eq!(text.text(), "405 Method Not Allowed\n\nnot <this>\nway\n");
    let json: serde_json::Value = ask("application/json").json().unwrap();
    assert_eq!(json["status"], 405);
    assert_eq!(json["detail"], "not <this>\nway");
    let problem = ask("application/problem+json, application/json;q=0.9");
    assert_eq!(
        problem.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(problem.json::<serde_json::Value>().unwrap(), json);
}

#[test]
fn a_view_may_fail_with_exceptions_only() {
    fn view(request: &Request) -> Result<String, HttpException> {
        let form = request.form()?;
        Ok(format!(
            "{} {}",
            form.require("a")?,
            form.get_as::<u8>("b")?
        ))
    }
    let client = Client::new(view);
    let send = |b: &str| {
        client
            .post("/")
            .header("accept", "text/plain")
            .form([("a", "1"), ("b", b)])
            .send()
            .unwrap()
    };
    assert_eq!(send("2").text(), "1 2");
    assert_eq!(
        send("300").text(),
        "400 Bad Request\n\n`b` is \"300\", which is no u8: number too large to fit in target type\n"
    );
    assert_eq!(client.get("/").send().unwrap().status(), 400);
}

#[test]
fn an_error_that_is_no_answer_goes_up_unchanged() {
    let client = Client::new(|_: &Request| -> Result<&'static str> { Err("no tea")? });
    let error = client.get("/").send().unwrap_err();
    assert_eq!(error.to_string(), "no tea");
    assert!(error.at().file().ends_with("toolkit_requests.rs"));
}
