//! The rules of RFC 9112, case by case: what is refused ends the connection, so that nothing
//! behind it is taken for a request; what is allowed goes on.

use std::io;

use devserve::http::StatusCode;
use devserve::http::h1::Fault;
use devserve::net::Address;
use devserve::wsgi::{self, Environ, Reply, Result};

use super::{Server, Serving, ends_what_it_refuses, get, is_met, serve, talk};

/// Answers with what it read; a body that breaks off, or its framing, is the client's fault.
fn app(environ: &mut Environ) -> Result<Reply> {
    let mut text = format!("{} {} ", environ.method(), environ.path());
    let read = std::io::Read::read_to_string(&mut environ.input(), &mut text);
    let status = read.map_or_else(|error| status_of(&error), |_| StatusCode::OK);
    Ok(http::Response::builder()
        .status(status)
        .body(format!("{text}.").into())?)
}

fn status_of(error: &io::Error) -> StatusCode {
    let fault = error.get_ref().and_then(|fault| fault.downcast_ref());
    fault.map_or(StatusCode::BAD_REQUEST, Fault::status)
}

/// The statuses of all answers to `sent` and one more request behind it.
fn statuses(serving: &Serving, sent: &[u8]) -> Vec<u16> {
    let sent = [sent, get("/next").as_bytes()].concat();
    let answer = talk(serving, &sent);
    let mut statuses: Vec<u16> = answer
        .split("HTTP/1.1 ")
        .skip(1)
        .filter_map(|answer| answer[..3].parse().ok())
        .collect();
    if answer.contains("GET /next .") {
        assert_eq!(statuses.pop(), Some(200));
        statuses.push(0); // the next request was understood
    }
    statuses
}

#[track_caller]
fn refused<S: AsRef<[u8]>>(status: u16, cases: impl IntoIterator<Item = S>) {
    let serving = serve(wsgi::app_fn(app));
    for case in cases.into_iter().filter(|case| is_met(case.as_ref())) {
        let mut got = statuses(&serving, case.as_ref());
        if !ends_what_it_refuses() {
            got.truncate(1);
        }
        assert_eq!(got, [status], "{}", shown(case.as_ref()));
    }
}

#[track_caller]
fn allowed<S: AsRef<[u8]>>(cases: impl IntoIterator<Item = S>) {
    let serving = serve(wsgi::app_fn(app));
    for case in cases.into_iter().filter(|case| is_met(case.as_ref())) {
        let got = statuses(&serving, case.as_ref());
        assert_eq!(got, [200, 0], "{}", shown(case.as_ref()));
    }
}

fn shown(sent: &[u8]) -> String {
    sent[..sent.len().min(100)].escape_ascii().to_string()
}

fn lines<const N: usize>(lines: [&str; N]) -> [String; N] {
    lines.map(|line| format!("{line}\r\nHost: x\r\n\r\n"))
}

fn fields<const N: usize>(fields: [&str; N]) -> [String; N] {
    fields.map(|field| format!("GET / HTTP/1.1\r\nHost: x\r\n{field}\r\n\r\n"))
}

fn chunked<const N: usize>(bodies: [&str; N]) -> [String; N] {
    bodies.map(|body| {
        format!("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
    })
}

#[test]
fn a_request_line_is_three_words_that_fit_together() {
    allowed(lines([
        "get / HTTP/1.1",
        "BREW /pot HTTP/1.1",
        "GET /%00 HTTP/1.1",
        "GET /caf\u{e9} HTTP/1.1",
        "GET http://x/path HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "OPTIONS http://x HTTP/1.1",
        "\r\n\r\nGET / HTTP/1.1",
    ]));
    refused(
        400,
        lines([
            "GET / HTTP/1.1 more",
            "GET  / HTTP/1.1",
            "G@T / HTTP/1.1",
            "GET * HTTP/1.1",
            "GET path HTTP/1.1",
            "GET x:80 HTTP/1.1",
            "GET ftp://x/ HTTP/1.1",
            "GET /#part HTTP/1.1",
            "GET / http/1.1",
            "GET / HTTP/11",
            "GET /",
        ]),
    );
    refused(501, lines(["CONNECT x:80 HTTP/1.1"]));
    let other = ["GET / HTTP/0.9", "GET / HTTP/1.2", "GET / HTTP/2.0"];
    refused(505, lines(other));
    refused(505, ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]);
    allowed(["GET / HTTP/1.1\nHost: x\n\n"]); // a bare LF ends a line (RFC 9112 §2.2)
}

#[test]
fn options_of_the_whole_server_have_no_path() {
    let serving = serve(wsgi::app_fn(|environ| {
        let text = |key| environ.get(key).map(|value| value.to_string());
        let facts = ["REQUEST_URI", "SCRIPT_NAME", "PATH_INFO"].map(text);
        Ok(Reply::new(format!("{facts:?}").into()))
    }));
    let answer = talk(&serving, b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(
        answer.ends_with(r#"[Some("*"), Some(""), Some("")]"#),
        "{answer}"
    );
}

#[test]
fn an_absolute_target_outweighs_the_host_field() {
    let serving = serve(wsgi::app_fn(|environ| {
        let host = environ.get("HTTP_HOST").map(|host| host.to_string());
        Ok(Reply::new(format!("{host:?} {}", environ.path()).into()))
    }));
    let answer = talk(&serving, b"GET http://b:81/p HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(answer.ends_with(r#"Some("b:81") /p"#), "{answer}");
}

#[test]
fn host_is_there_once_and_a_host() {
    refused(
        400,
        [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        ],
    );
}

#[test]
fn fields_are_lines_without_control_characters() {
    allowed(fields(["X: caf\u{e9}", "X:", "X: \t a \t "]));
    allowed([b"GET / HTTP/1.1\r\nHost: x\r\nX: caf\xe9\r\n\r\n"]);
    refused(
        400,
        fields([
            "X: a\r\n folded",
            "X: a\r\n\tfolded: b",
            "X : a",
            "no colon",
            ": a",
            "X(: a",
            "X: a\0",
            "X: a\rb",
        ]),
    );
    refused(400, ["GET / HTTP/1.1\r\n X: a\r\nHost: x\r\n\r\n"]);
}

#[test]
fn a_length_is_one_number() {
    for length in ["abc", "-1", "+5", "5, 6", "5, 5", "", "0x5", "5 5", "1.0"] {
        refused(400, fields([&format!("Content-Length: {length}")]));
    }
    refused(
        400,
        fields([
            "Content-Length: 9223372036854775808",    // 2^63
            "Content-Length: 18446744073709551616",   // 2^64
            "Content-Length: 18446744073709551621",   // 2^64 + 5
            "Content-Length: 1180591620717411303424", // 2^70
            "Content-Length: 5\r\nContent-Length: 5",
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
        ]),
    );
    allowed(["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 005\r\n\r\nhello"]);
}

#[test]
fn chunked_is_the_only_coding() {
    let twice = "Transfer-Encoding: chunked, chunked";
    refused(501, fields(["Transfer-Encoding: gzip, chunked", twice]));
    allowed(["POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n"]);
    refused(
        400,
        fields([
            "Transfer-Encoding: gzip",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding:",
            "Transfer-Encoding: \"chunked\"",
            "Transfer-Encoding: chunked, gzip",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        ]),
    );
    refused(
        400,
        ["POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    );
    refused(417, fields(["Expect: tea"]));
}

#[test]
fn chunks_are_sizes_and_data() {
    allowed(chunked([
        "0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
        "005;name=\"a \\\" b\";x\r\nhello\r\n0;last\r\n\r\n",
        "1\r\na\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n",
    ]));
    refused(
        400,
        chunked([
            "zz\r\n",
            "-5\r\nhello\r\n0\r\n\r\n",
            "+5\r\nhello\r\n0\r\n\r\n",
            "0x5\r\nhello\r\n0\r\n\r\n",
            "8000000000000000\r\n",
            "fffffffffffffffe\r\nhello",
            "10000000000000000\r\n",
            "10000000000000005\r\nhello\r\n0\r\n\r\n",
            "5 5\r\nhello\r\n0\r\n\r\n",
            "5;=x\r\nhello\r\n0\r\n\r\n",
            "5;x=\"y\r\nhello\r\n0\r\n\r\n",
            "\r\nhello\r\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "5\r\nhello, and more\r\n0\r\n\r\n",
            "5\nhello\r\n0\r\n\r\n",
            "0\r\nno field\r\n\r\n",
        ]),
    );
}

#[test]
fn what_has_no_end_is_refused_in_bounded_memory() {
    let long = "a".repeat(1 << 20);
    refused(414, [format!("GET /{long}")]);
    refused(431, [format!("GET / HTTP/1.1\r\nHost: x\r\nX: {long}")]);
    refused(
        431,
        [format!(
            "GET / HTTP/1.1\r\nHost: x\r\n{}\r\n",
            "X: 1\r\n".repeat(10_000)
        )],
    );
    refused(400, ["\r\n".repeat(1 << 20)]);
    refused(400, chunked([&format!("1;{long}")]));
    refused(400, chunked([&format!("0\r\nX: {long}")]));
    refused(400, chunked([&format!("0\r\n{}", "X: 1\r\n".repeat(5000))]));
}

#[test]
fn a_body_that_is_cut_short_does_not_look_whole() {
    let serving = serve(wsgi::app_fn(app));
    for case in [
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ] {
        if !is_met(case.as_bytes()) {
            continue;
        }
        let answer = talk(&serving, case.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{case:?}: {answer}");
        assert!(answer.contains("Connection: close\r\n"), "{answer}");
    }
}

#[test]
fn what_nobody_read_is_never_taken_for_a_request() {
    let serving = serve(wsgi::app_fn(|environ| {
        Ok(Reply::new(
            format!("{} {} .", environ.method(), environ.path()).into(),
        ))
    }));
    let hidden = get("/hidden");
    let len = hidden.len();
    for framed in [
        format!("Content-Length: {len}\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\n\r\n{len:x}\r\n{hidden}\r\n0\r\n\r\n"),
    ] {
        let case = format!("POST / HTTP/1.1\r\nHost: x\r\n{framed}");
        assert_eq!(statuses(&serving, case.as_bytes()), [200, 0], "{case}");
    }
    for framed in [
        format!("Content-Length: 1000000\r\n\r\n{}", hidden.repeat(10)),
        format!("Transfer-Encoding: chunked\r\n\r\nzz\r\n{hidden}"),
        format!("Content-Length: {len}\r\nExpect: 100-continue\r\n\r\n{hidden}x"),
    ] {
        let case = format!("POST / HTTP/1.1\r\nHost: x\r\n{framed}");
        if is_met(case.as_bytes()) {
            assert_eq!(statuses(&serving, case.as_bytes()), [200], "{case}");
        }
    }
}

#[test]
fn http_1_0_goes_on_only_where_it_asks() {
    let serving = serve(wsgi::app_fn(app));
    let keep = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    assert_eq!(statuses(&serving, keep.as_bytes()), [200, 0]);
    assert!(talk(&serving, keep.as_bytes()).contains("Connection: keep-alive\r\n"));
    for last in [
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ] {
        assert_eq!(statuses(&serving, last.as_bytes()), [200], "{last}");
    }
}

#[test]
fn an_app_may_end_the_connection_and_may_not_break_it() {
    let serving = serve(wsgi::app_fn(|environ| {
        let reply = http::Response::builder();
        let reply = match environ.path().as_ref() {
            "/close" => reply.header("Connection", "close"),
            "/coding" => reply.header("Transfer-Encoding", "gzip"),
            "/length" => reply.header("Content-Length", "nonsense"),
            _ => reply,
        };
        let text = format!("{} {} .", environ.method(), environ.path());
        Ok(reply.body(text.into())?)
    }));
    assert_eq!(statuses(&serving, get("/close").as_bytes()), [200]);
    assert_eq!(statuses(&serving, get("/coding").as_bytes()), [200, 0]);
    assert_eq!(statuses(&serving, get("/length").as_bytes()), [200, 0]);
}

#[test]
fn fields_about_the_connection_are_the_engine_s() {
    let serving = serve(wsgi::app_fn(|_| {
        let fields = [
            ("Connection", "x-mine, keep-alive"),
            ("Keep-Alive", "timeout=of-the-app"),
            ("Proxy-Connection", "of-the-app"),
            ("TE", "of-the-app"),
            ("Trailer", "of-the-app"),
            ("Transfer-Encoding", "of-the-app"),
            ("Upgrade", "of-the-app"),
            ("X-Mine", "stays"),
        ];
        let reply = fields
            .iter()
            .fold(http::Response::builder(), |reply, field| {
                reply.header(field.0, field.1)
            });
        Ok(reply.body("tea".into())?)
    }));
    let answer = talk(&serving, get("/").as_bytes());
    assert!(answer.contains("X-Mine: stays\r\n"), "{answer}");
    assert!(!answer.contains("of-the-app"), "{answer}");
    assert!(!answer.contains("Connection:"), "{answer}");
}

#[test]
fn an_expectation_in_http_1_0_is_none() {
    let serving = serve(wsgi::app_fn(app));
    let sent = "POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok";
    assert_eq!(statuses(&serving, sent.as_bytes()), [200]);
}

#[test]
fn limits_are_the_server_s_to_set() {
    let limits = devserve::http::h1::Limits {
        request_line_bytes: 30,
        head_bytes: 80,
        fields: 3,
        body_bytes: 5,
        ..Default::default()
    };
    let serving = Server::new(wsgi::app_fn(app))
        .limits(limits)
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    for (sent, want) in [
        ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n", 200),
        (
            "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\nC: d\r\nE: f\r\n\r\n",
            431,
        ),
        ("GET /0123456789012345678901 HTTP/1.1\r\n\r\n", 414),
        (
            "GET / HTTP/1.1\r\nHost: x\r\nA: 0123456789012345678901234567890123456789012345678901234567890\r\n\r\n",
            431,
        ),
    ] {
        let answer = talk(&serving, sent.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {want} ")), "{answer}");
    }
    assert_eq!(body_status(&serving, "Content-Length: 5\r\n\r\nabcde"), 200);
    assert_eq!(
        body_status(&serving, "Content-Length: 6\r\n\r\nabcdef"),
        413
    );
    let chunks = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n";
    assert_eq!(body_status(&serving, &format!("{chunks}0\r\n\r\n")), 200);
    assert_eq!(
        body_status(&serving, &format!("{chunks}1\r\nf\r\n0\r\n\r\n")),
        413
    );
}

#[test]
fn nobody_is_asked_to_send_a_body_that_is_too_long() {
    let limits = devserve::http::h1::Limits {
        body_bytes: 5,
        ..Default::default()
    };
    let serving = Server::new(wsgi::app_fn(app))
        .limits(limits)
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    let asks = "Content-Length: 6\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(body_status(&serving, asks), 413);
}

#[test]
fn a_server_may_insist_on_lengths() {
    let limits = devserve::http::h1::Limits {
        needs_length: true,
        ..Default::default()
    };
    let serving = Server::new(wsgi::app_fn(app))
        .limits(limits)
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    assert_eq!(body_status(&serving, "Content-Length: 1\r\n\r\na"), 200);
    assert_eq!(
        body_status(&serving, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        411
    );
    assert_eq!(body_status(&serving, "\r\n"), 200, "no body is no body");
}

/// What a POST with this after its Host is answered with.
fn body_status(serving: &Serving, rest: &str) -> u16 {
    let answer = talk(
        serving,
        format!("POST / HTTP/1.1\r\nHost: x\r\n{rest}").as_bytes(),
    );
    answer["HTTP/1.1 ".len()..][..3].parse().unwrap()
}
