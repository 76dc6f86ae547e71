//! Packed answers, as a client sees them.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use devserve::http::Method;
use devserve::middleware::{Coding, Compression, Lint};
use devserve::testing::{Client, TestResponse};
use devserve::wsgi::{self, App, Body, Environ};
use devserve::{Request, Response};

fn song(request: &Request) -> Response {
    let text = "la ".repeat(1000);
    match &*request.path() {
        "/short" => Response::text("la"),
        "/stream" => Response::stream(["la ", "li ", "lu "].map(Ok)),
        _ => Response::text(text).etag("v1").make_conditional(request),
    }
}

fn unpacked(answer: &TestResponse) -> String {
    let packed = &answer.bytes()[..];
    let mut text = String::new();
    match answer.header("content-encoding") {
        None => text = answer.text().into_owned(),
        Some("gzip") => drop(flate2::read::GzDecoder::new(packed).read_to_string(&mut text)),
        Some("br") => drop(brotli::Decompressor::new(packed, 4096).read_to_string(&mut text)),
        Some("zstd") => text = String::from_utf8(zstd::decode_all(packed).unwrap()).unwrap(),
        Some(other) => panic!("unknown coding {other}"),
    }
    text
}

#[track_caller]
fn check(accept: &str, want: Option<&str>) {
    let client = Client::new(Compression::new(song));
    let answer = client.get("/").header("accept-encoding", accept).send();
    let answer = answer.unwrap();
    assert_eq!(answer.header("content-encoding"), want, "{accept}");
    assert_eq!(answer.header("vary"), Some("accept-encoding"), "{accept}");
    assert_eq!(unpacked(&answer), "la ".repeat(1000), "{accept}");
    let tag = if want.is_some() { "W/\"v1\"" } else { "\"v1\"" };
    assert_eq!(answer.header("etag"), Some(tag), "{accept}");
}

#[test]
fn the_client_chooses_the_coding() {
    check("gzip", Some("gzip"));
    check("br", Some("br"));
    check("zstd", Some("zstd"));
    check("gzip, deflate, br, zstd", Some("zstd"));
    check("gzip;q=1, zstd;q=0.5", Some("gzip"));
    check("*", Some("zstd"));
    check("identity, gzip;q=0", None);
    check("deflate", None);
    check("", None);
}

#[test]
fn the_app_chooses_what_is_packed() {
    let rules = Compression::new(song)
        .least_bytes(1)
        .codings([Coding::Gzip]);
    let client = Client::new(rules);
    let asked = |target| client.get(target).header("accept-encoding", "zstd, gzip");
    let short = asked("/short").send().unwrap();
    assert_eq!(short.header("content-encoding"), Some("gzip"));
    assert_eq!(unpacked(&short), "la");
    let silent = client.get("/").send().unwrap();
    assert_eq!(silent.header("content-encoding"), None);
    assert_eq!(silent.header("content-length"), Some("3000"));
}

#[test]
fn a_part_of_it_and_news_of_none_go_as_they_are() {
    let client = Client::new(Compression::new(song));
    let asked = || client.get("/").header("accept-encoding", "gzip");
    let part = asked().header("range", "bytes=0-1").send().unwrap();
    assert_eq!((part.status().as_u16(), &*part.text()), (206, "la"));
    assert_eq!(part.header("etag"), Some("\"v1\""));
    // What it was told of the packed answer still counts.
    let known = asked().header("if-none-match", "W/\"v1\"").send().unwrap();
    assert_eq!(known.status(), 304);
    assert_eq!(known.header("content-encoding"), None);
}

#[test]
fn a_head_is_that_of_the_get() {
    let client = Client::new(Compression::new(song));
    let head = client.head("/").header("accept-encoding", "gzip").send();
    let head = head.unwrap();
    assert_eq!(head.header("content-encoding"), Some("gzip"));
    assert_eq!(head.header("etag"), Some("W/\"v1\""));
    assert_eq!(head.header("content-length"), None);
    assert!(head.bytes().is_empty());
}

#[test]
fn each_chunk_is_sent_before_the_next_is_made() {
    for coding in ["gzip", "br", "zstd"] {
        let made = Arc::new(AtomicUsize::new(0));
        let counter = made.clone();
        let app = Compression::new(devserve::app(move |_| {
            let counter = counter.clone();
            Response::stream((0..3).map(move |number| {
                counter.fetch_add(1, Ordering::Relaxed);
                Ok(format!("chunk {number}\n"))
            }))
        }));
        let mut environ = Environ::new(Method::GET, "/");
        let fields = environ.headers_mut();
        fields.insert("accept-encoding", coding.parse().unwrap());
        let body = app.call(&mut environ).unwrap().into_body();
        let mut seen = Vec::new();
        body.send(&mut |_| {
            seen.push(made.load(Ordering::Relaxed));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen[..3], [1, 2, 3], "{coding}");
    }
}

#[test]
fn what_an_app_writes_is_packed_and_sent_at_once() {
    let app = wsgi::application(|_, start_response| {
        let mut out = start_response.start("200 OK", [("Content-Type", "text/plain")])?;
        out.write_all(b"written, ")?;
        Ok(Body::from("returned"))
    });
    let client = Client::new(Compression::new(app));
    let answer = client.get("/").header("accept-encoding", "gzip").send();
    let answer = answer.unwrap();
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(unpacked(&answer), "written, returned");
}

#[test]
fn a_head_may_be_replaced_before_anything_is_sent() {
    let app = wsgi::application(|_, start_response| {
        start_response.start("200 OK", [("Content-Type", "text/plain")])?;
        let fields = [("Content-Type", "text/plain")];
        start_response.start_again("500 Broken", fields, "it broke")?;
        Ok(Body::from("sorry ".repeat(1000)))
    });
    let client = Client::new(Compression::new(app));
    let answer = client.get("/").header("accept-encoding", "gzip").send();
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 500);
    assert_eq!(unpacked(&answer), "sorry ".repeat(1000));
}

#[test]
fn the_body_is_closed_once_and_after_its_last_chunk() {
    let closed = Arc::new(AtomicUsize::new(0));
    let counter = closed.clone();
    let app = wsgi::app_fn(move |environ| {
        let counter = counter.clone();
        let mut reply = App::call(&song, environ)?;
        let body = std::mem::take(reply.body_mut());
        *reply.body_mut() = body.on_close(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        Ok(reply)
    });
    let client = Client::new(Compression::new(app));
    client
        .get("/")
        .header("accept-encoding", "br")
        .send()
        .unwrap();
    assert_eq!(closed.load(Ordering::Relaxed), 1);
}

#[test]
fn it_keeps_the_contract_on_both_sides() {
    let app = wsgi::application(|environ, start_response| {
        let fields = [("Content-Type", "text/plain"), ("Content-Length", "3000")];
        start_response.start("200 OK", fields)?;
        if environ.path() == "/written" {
            start_response.write("la ".repeat(500).as_bytes())?;
            return Ok("la ".repeat(500).into());
        }
        Ok(Body::chunks((0..1000).map(|_| Ok("la "))))
    });
    let watched = Compression::new(Lint::new(app).strict());
    let client = Client::new(Lint::new(watched).strict());
    for target in ["/written", "/streamed"] {
        for accept in ["zstd", "br", "gzip", "identity"] {
            let answer = client.get(target).header("accept-encoding", accept);
            let answer = answer.send().unwrap();
            assert_eq!(unpacked(&answer), "la ".repeat(1000), "{target} {accept}");
        }
        let head = client.head(target).header("accept-encoding", "br");
        let head = head.send().unwrap();
        assert_eq!(head.header("content-encoding"), Some("br"), "{target}");
    }
}
