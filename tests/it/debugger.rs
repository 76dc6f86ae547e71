//! The debugger around apps that return errors. Panics have a binary of their own.

use std::sync::{Arc, Mutex};

use devserve::debugger::Debugger;
use devserve::http::{HeaderMap, Method};
use devserve::wsgi::{self, App, Body, Environ, Reply, Result};
use scraper::{Html, Selector};

/// The cart of one shopper.
fn read_cart(id: &str) -> Result<u32> {
    let number: u32 = id.parse()?; // this is the line
    Ok(number)
}

#[derive(Debug, thiserror::Error)]
#[error("the cart could not be read")]
struct CartError {
    #[source]
    cause: std::num::ParseIntError,
}

fn shop() -> impl App {
    wsgi::app_fn(|environ| match &*environ.path() {
        "/chain" => {
            let cause = "three".parse::<u8>().unwrap_err();
            Err(CartError { cause })?
        }
        "/markup" => Err("<script>alert(1)</script> & more")?,
        "/late" => Ok(Reply::new(Body::chunks([
            Ok("first"),
            Err("the second failed".into()),
        ]))),
        "/at-once" => Ok(Reply::new(Body::chunks([
            Ok(""),
            Err("before the first byte".into()),
        ]))),
        _ => Ok(Reply::new(Body::from(read_cart("three")?.to_string()))),
    })
}

fn get(path: &str, fields: &[(&'static str, &str)]) -> Environ {
    let mut environ = Environ::new(Method::GET, path);
    for (name, value) in fields {
        environ.headers_mut().insert(*name, value.parse().unwrap());
    }
    environ
}

/// Status, fields and body of the shop's answer under a debugger.
fn ask(path: &str, fields: &[(&'static str, &str)]) -> (u16, HeaderMap, String) {
    let reply = wsgi::call(&Debugger::new(shop()), &mut get(path, fields)).unwrap();
    let (head, body) = reply.into_parts();
    (
        head.status.as_u16(),
        head.headers,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

const HTML: (&str, &str) = ("accept", "text/html,*/*;q=0.8");

#[track_caller]
fn text_of(html: &str, selector: &str) -> String {
    let document = Html::parse_document(html);
    let selector = Selector::parse(selector).unwrap();
    let found = document
        .select(&selector)
        .next()
        .expect("the page has such an element");
    found
        .text()
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn an_error_is_explained_at_its_question_mark() {
    let (status, headers, html) = ask("/cart", &[HTML]);
    assert_eq!(status, 500);
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(text_of(&html, "h1"), "invalid digit found in string");
    let open = text_of(&html, ".frame[open] summary");
    assert!(
        open.starts_with("it::debugger::read_cart tests/it/debugger.rs:"),
        "{open}"
    );
    let line = text_of(&html, ".frame[open] .now");
    assert_eq!(line, "let number: u32 = id.parse()?; // this is the line");
    let caller = text_of(&html, ".frame:not([open]) summary");
    assert!(
        caller.starts_with("closure in it::debugger::shop"),
        "{caller}"
    );
}

#[test]
fn causes_are_told_from_the_outermost_in() {
    let (_, _, html) = ask("/chain", &[HTML]);
    assert_eq!(text_of(&html, "h1"), "the cart could not be read");
    assert_eq!(
        text_of(&html, ".chain"),
        "caused by invalid digit found in string"
    );
    let (_, _, text) = ask("/chain", &[]);
    let begin = "error: the cart could not be read\ncaused by: invalid digit found in string\n  at tests/it/debugger.rs:";
    assert!(text.starts_with(begin), "{text}");
}

#[test]
fn a_terminal_gets_text_and_an_interface_json() {
    let (_, headers, text) = ask("/cart", &[("accept", "*/*")]);
    assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    assert!(text.contains("let number: u32 = id.parse()?;"), "{text}");
    assert!(
        !text.contains("rust_begin") && !text.contains("capture::catch"),
        "{text}"
    );
    let (status, headers, json) = ask("/cart", &[("accept", "application/json")]);
    assert_eq!(
        (status, &headers["content-type"]),
        (500, &"application/json".parse().unwrap())
    );
    assert!(
        json.contains("\"function\":\"it::debugger::read_cart\""),
        "{json}"
    );
}

#[test]
fn a_foreign_host_learns_nothing() {
    for host in ["evil.example", "192.168.0.9:8000"] {
        let (status, _, html) = ask("/cart", &[HTML, ("host", host)]);
        assert_eq!(status, 500);
        for detail in ["invalid digit", "debugger.rs", "read_cart"] {
            assert!(!html.contains(detail), "{host} is told {detail}");
        }
    }
    let debugger = Debugger::new(shop()).allow_host("shop.test");
    let reply = wsgi::call(&debugger, &mut get("/cart", &[("host", "shop.test:8000")])).unwrap();
    assert!(reply.body().starts_with(b"error: invalid digit"));
}

#[test]
fn secrets_are_nowhere_on_the_page() {
    let secrets = [
        ("cookie", "id=t0psecret"),
        ("authorization", "Bearer t0psecret"),
        ("x-api-key", "t0psecret"),
        ("referer", "http://localhost/?token=t0psecret"),
    ];
    for accept in ["text/html", "application/json", "text/plain"] {
        let fields: Vec<_> = secrets.into_iter().chain([("accept", accept)]).collect();
        let (_, _, body) = ask("/cart?password=t0psecret&page=2", &fields);
        assert!(!body.contains("t0psecret"), "{accept}: {body}");
        assert!(accept == "text/plain" || body.contains("page=2"));
    }
}

#[test]
fn markup_in_what_strangers_send_stays_text() {
    let (_, _, html) = ask(
        "/markup?<b>",
        &[HTML, ("x-note", "<script>alert(2)</script>\"'>")],
    );
    assert!(!html.contains("<script>alert"), "{html}");
    assert_eq!(text_of(&html, "h1"), "<script>alert(1)</script> & more");
    assert_eq!(text_of(&html, "title"), "<script>alert(1)</script> & more");
}

#[test]
fn a_body_that_fails_before_its_first_byte_is_still_a_page() {
    let (status, _, text) = ask("/at-once", &[]);
    assert_eq!(status, 500);
    assert!(text.starts_with("error: before the first byte"), "{text}");
}

#[test]
fn a_body_that_fails_later_is_told_to_the_sink_and_the_server() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let debugger = Debugger::new(shop())
        .report_to(move |failure| sink.lock().unwrap().push(failure.message.clone()));
    let reply = debugger.call(&mut get("/late", &[])).unwrap();
    assert_eq!(reply.status(), 200);
    let mut sent = Vec::new();
    let error = reply.into_body().send(&mut |chunk| {
        sent.push(chunk.to_vec());
        Ok(())
    });
    assert_eq!(sent, [b"first"]);
    assert_eq!(error.unwrap_err().to_string(), "the second failed");
    assert_eq!(*told.lock().unwrap(), ["the second failed"]);
}

#[test]
fn a_client_that_goes_away_is_no_fault_of_the_app() {
    let told = Arc::new(Mutex::new(0));
    let sink = Arc::clone(&told);
    let stream = wsgi::app_fn(|_| Ok(Reply::new(Body::chunks((0..9).map(|_| Ok("chunk"))))));
    let debugger = Debugger::new(stream).report_to(move |_| *sink.lock().unwrap() += 1);
    let reply = debugger.call(&mut get("/", &[])).unwrap();
    let gone = std::io::ErrorKind::BrokenPipe;
    let error = reply
        .into_body()
        .send(&mut |_| Err(std::io::Error::from(gone).into()))
        .unwrap_err();
    assert_eq!(error.downcast_ref::<std::io::Error>().unwrap().kind(), gone);
    assert_eq!(*told.lock().unwrap(), 0);
}

#[test]
fn the_classic_form_gets_its_page_until_it_has_written() {
    let shop = wsgi::application(|environ, start_response| {
        let mut write = start_response.start("200 OK", [("X-Shop", "open")])?;
        if &*environ.path() == "/late" {
            std::io::Write::write_all(&mut write, b"written")?;
        }
        Err("the till is empty")?
    });
    let debugger = Debugger::new(shop);
    let reply = wsgi::call(&debugger, &mut get("/early", &[])).unwrap();
    assert_eq!(reply.status(), 500);
    assert!(!reply.headers().contains_key("x-shop"));
    assert!(reply.body().starts_with(b"error: the till is empty"));
    let error = wsgi::call(&debugger, &mut get("/late", &[])).unwrap_err();
    assert_eq!(error.to_string(), "the till is empty");
}

#[test]
fn an_error_that_is_an_answer_is_given_and_not_explained() {
    let told = Arc::new(Mutex::new(0));
    let sink = Arc::clone(&told);
    let app = wsgi::app_fn(|_| Err(devserve::exceptions::HttpException::not_found())?);
    let debugger = Debugger::new(app).report_to(move |_| *sink.lock().unwrap() += 1);
    let reply = wsgi::call(&debugger, &mut get("/", &[])).unwrap();
    assert_eq!((reply.status().as_u16(), *told.lock().unwrap()), (404, 0));
}

#[test]
fn an_answer_passes_untouched() {
    let app = wsgi::app_fn(|_| Ok(Reply::new(Body::sized_reader(&b"tea and more"[..], 3))));
    let reply = Debugger::new(app).call(&mut get("/", &[])).unwrap();
    assert_eq!(
        (reply.status().as_u16(), reply.body().len()),
        (200, Some(3))
    );
}
