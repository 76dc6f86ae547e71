//! Both sides of the contract, watched.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use devserve::http::Method;
use devserve::middleware::{Lint, Rule, Violation};
use devserve::testing::Client;
use devserve::wsgi::{self, App, Body, Environ};
use devserve::{Request, Response};

/// The rules that one request to `app` breaks, by either door.
#[track_caller]
fn check(app: impl App, want: &[Rule]) {
    let app = Arc::new(app);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    let report = move |violation: &Violation| sink.lock().unwrap().push(violation.rule);
    let lint = Lint::new(app.clone()).lenient().report(report);
    // What the server makes of it is not watched here.
    let served = wsgi::call(&lint, &mut Environ::new(Method::GET, "/"));
    assert_eq!(*seen.lock().unwrap(), want, "{served:?}");
    let strict = Lint::new(app).strict().report(|_| {});
    let served = wsgi::call(&strict, &mut Environ::new(Method::GET, "/"));
    let failed = served.err().map(|error| {
        let violation = error.downcast_ref::<Violation>();
        violation.unwrap_or_else(|| panic!("{error}")).rule
    });
    assert_eq!(failed, want.first().copied());
}

const TEXT: [(&str, &str); 1] = [("Content-Type", "text/plain")];

#[test]
fn an_app_that_keeps_the_rules() {
    check(|_: &Request| "Hello", &[]);
    check(|_: &Request| Response::empty(), &[]);
    check(|_: &Request| Response::stream(["a", "b"].map(Ok)), &[]);
    check(|_: &Request| Response::redirect("/a"), &[]);
    let classic = wsgi::application(|_, start_response| {
        let fields = [("Content-Type", "text/plain"), ("Content-Length", "4")];
        start_response.start("200 OK", fields)?.write_all(b"ab")?;
        Ok("cd".into())
    });
    check(classic, &[]);
    let again = wsgi::application(|_, start_response| {
        start_response.start("200 OK", TEXT)?;
        start_response.start_again("500 Broken", TEXT, "it broke")?;
        Ok("sorry".into())
    });
    check(again, &[]);
}

#[test]
fn an_app_that_calls_start_response_wrong() {
    check(wsgi::application(|_, _| Ok("x".into())), &[Rule::HeadFirst]);
    let twice = wsgi::application(|_, start_response| {
        start_response.start("200 OK", TEXT)?;
        start_response.start("200 OK", TEXT)?;
        Ok("x".into())
    });
    check(twice, &[Rule::HeadOnce]);
    let early = wsgi::application(|_, start_response| {
        start_response.write(b"x")?;
        Ok(Body::empty())
    });
    check(early, &[Rule::HeadFirst]);
}

#[test]
fn an_app_whose_answer_is_wrong() {
    let view = |response: fn() -> Response| devserve::app(move |_| response());
    let long = || Response::text("Hello").header("content-length", "6");
    check(view(long), &[Rule::BodyLength]);
    let stream = || Response::stream(["ab", "cd"].map(Ok)).header("content-length", "3");
    check(view(stream), &[Rule::BodyLength]);
    let hop = || Response::text("x").header("connection", "close");
    check(view(hop), &[Rule::HopByHop]);
    let tag = || Response::text("x").header("etag", "v1");
    check(view(tag), &[Rule::EntityTag]);
    let body = wsgi::application(|_, start_response| {
        start_response.start("304 Not Modified", [("ETag", "\"a\"")])?;
        Ok("x".into())
    });
    check(body, &[Rule::NoContent]);
    let untyped = wsgi::application(|_, start_response| {
        start_response.start("200 OK", [])?;
        start_response.write(b"a")?;
        Ok("b".into())
    });
    check(untyped, &[Rule::ContentType]);
}

#[test]
fn a_server_that_breaks_them_is_told_before_the_app_runs() {
    let app = |_: &Request| -> Response { unreachable!("the request is wrong") };
    let mut environ = Environ::new(Method::GET, "/");
    environ.set_mount("/", "/");
    let error = wsgi::call(&Lint::new(app).strict(), &mut environ).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a path in the environ is empty or begins with a slash: SCRIPT_NAME is \"/\" (server's \
         mistake, RFC 3875 §4.1.5 and §4.1.13)"
    );
}

#[test]
fn a_body_is_closed_once_and_streams_as_before() {
    let closed = Arc::new(AtomicUsize::new(0));
    let counter = closed.clone();
    let app = wsgi::app_fn(move |environ| {
        let counter = counter.clone();
        let view = |_: &Request| Response::stream(["a", "b"].map(Ok));
        let close = move || {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        Ok(App::call(&view, environ)?.map(|body| body.on_close(close)))
    });
    let client = Client::new(Lint::new(Lint::new(app)));
    assert_eq!(client.get("/").send().unwrap().text(), "ab");
    assert_eq!(closed.load(Ordering::Relaxed), 1);
}
