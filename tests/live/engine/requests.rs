//! What clients send.

use std::io::{Read, Write};
use std::sync::mpsc;

use devserve::wsgi::{self, Body, Reply};

use super::{PATIENCE, check, connect, echo, is_met, read_until, serve, talk};

#[test]
fn pipelined_requests_are_answered_in_order() {
    let serving = serve(wsgi::app_fn(echo));
    let sent = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n\
                POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\
                POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nzz\r\n0\r\n\r\n\
                GET /3 HTTP/1.0\r\n\r\n";
    let answer = talk(&serving, sent.as_bytes());
    let places: Vec<_> = ["GET /1 ", "POST /2 abc", "POST /unread ", "GET /3 "]
        .iter()
        .map(|part| {
            answer
                .find(part)
                .unwrap_or_else(|| panic!("no {part} in {answer}"))
        })
        .collect();
    assert!(places.is_sorted(), "{answer}");
    assert!(
        answer.contains("Connection: close\r\n"),
        "HTTP/1.0 does not go on: {answer}"
    );
}

#[test]
fn bodies_come_in_by_length_and_in_chunks() {
    let serving = serve(wsgi::app_fn(echo));
    let chunked = b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: y\r\n\r\n";
    check(&talk(&serving, chunked), "200 OK", &["POST /c abcde\n"]);
}

#[test]
fn malformed_requests_get_their_status_and_a_line_and_the_next_is_served() {
    let serving = serve(wsgi::app_fn(echo));
    let long = "a".repeat(70_000);
    for (sent, status) in [
        ("GARBAGE\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request"),
        (
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            "400 Bad Request",
        ),
        (
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 4611686018427387904000\r\n\r\n",
            "400 Bad Request",
        ),
        (
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "501 Not Implemented",
        ),
        (
            "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
            "505 HTTP Version Not Supported",
        ),
        (
            "GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n",
            "417 Expectation Failed",
        ),
        (
            "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
            "501 Not Implemented",
        ),
        ("GET / HTTP/1.1\r\nHost", "400 Bad Request"),
        (
            &format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
            "414 URI Too Long",
        ),
        (
            &format!("GET / HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n"),
            "431 Request Header Fields Too Large",
        ),
    ] {
        if !is_met(sent.as_bytes()) {
            continue;
        }
        let answer = talk(&serving, sent.as_bytes());
        check(&answer, status, &["Connection: close\r\n", "text/plain"]);
        assert!(
            answer.trim_end().lines().last().unwrap().contains(": "),
            "no words in {answer:?}"
        );
    }
    check(
        &talk(&serving, b"GET /ok HTTP/1.1\r\nHost: x\r\n\r\n"),
        "200 OK",
        &["GET /ok"],
    );
}

#[test]
fn a_broken_body_is_an_error_to_the_app_and_ends_the_connection() {
    let serving = serve(wsgi::app_fn(|environ| {
        let read = environ.input().read_to_end(&mut Vec::new());
        Ok(Reply::new(format!("{}\n", read.unwrap_err()).into()))
    }));
    for (body, says) in [
        ("zz\r\n", "malformed"),
        ("3\r\nabcd\r\n", "malformed"),
        ("3\r\nab", "cut short"),
    ] {
        let sent =
            format!("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        check(
            &talk(&serving, sent.as_bytes()),
            "200 OK",
            &["Connection: close", says],
        );
    }
}

#[test]
fn go_on_is_said_when_the_app_reads_and_only_then() {
    let serving = serve(wsgi::app_fn(echo));
    let mut stream = connect(&serving);
    let head = "HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    write!(stream, "POST /read {head}").unwrap();
    assert_eq!(
        read_until(&mut stream, "\r\n\r\n"),
        "HTTP/1.1 100 Continue\r\n\r\n"
    );
    stream.write_all(b"ok").unwrap();
    check(&read_until(&mut stream, "POST /read ok\n"), "200 OK", &[]);
    write!(stream, "POST /unread {head}").unwrap();
    check(
        &read_until(&mut stream, "\r\n\r\n"),
        "200 OK",
        &["Connection: close\r\n"],
    );
}

#[test]
fn a_stray_line_end_after_a_body_is_no_request() {
    let serving = serve(wsgi::app_fn(echo));
    let sent = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok\r\n";
    let answer = talk(&serving, sent.as_bytes());
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    check(&answer, "200 OK", &["POST /a ok"]);
}

#[test]
fn an_app_may_answer_while_another_thread_reads_its_input() {
    let serving = serve(wsgi::app_fn(|environ| {
        let mut input = environ.input();
        let (sender, read) = mpsc::channel();
        std::thread::spawn(move || {
            let mut text = String::new();
            sender.send(input.read_exact(&mut [0]).map(|()| String::new()))?;
            sender.send(input.read_to_string(&mut text).map(|_| text))
        });
        read.recv_timeout(PATIENCE)??; // from here on it waits for the rest
        let rest = std::iter::once_with(move || Ok(read.recv_timeout(PATIENCE)??));
        Ok(Reply::new(Body::chunks(
            std::iter::once(Ok("go on; ".to_owned())).chain(rest),
        )))
    }));
    let mut stream = connect(&serving);
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n!"
    )
    .unwrap();
    read_until(&mut stream, "go on; \r\n");
    stream.write_all(b"tea").unwrap();
    read_until(&mut stream, "3\r\ntea\r\n0\r\n\r\n");
}
