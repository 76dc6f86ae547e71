//! The engine on a real socket, byte for byte.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use devserve::net::Address;
use devserve::server::{Server, Serving, Settings};
use devserve::wsgi::{self, App, Body, Environ, Reply, Result};

const PATIENCE: Duration = Duration::from_secs(10);

fn serve(app: impl App) -> Serving {
    serve_with(app, Settings::default())
}

fn serve_with(app: impl App, settings: Settings) -> Serving {
    Server::new(app)
        .settings(settings)
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap()
}

fn connect(serving: &Serving) -> TcpStream {
    let stream = TcpStream::connect(serving.address().to_string()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends all, says that no more will come, and reads to the end.
fn talk(serving: &Serving, sent: &[u8]) -> String {
    let mut stream = connect(serving);
    stream.write_all(sent).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(end.as_bytes()) {
        stream.read_exact(&mut byte).unwrap_or_else(|error| {
            panic!("{error} after {:?}", String::from_utf8_lossy(&read));
        });
        read.push(byte[0]);
    }
    String::from_utf8(read).unwrap()
}

/// Answers with the method, the path and the body it was sent.
fn echo(environ: &mut Environ) -> Result<Reply> {
    let mut body = Vec::new();
    if environ.path() != "/unread" {
        environ.input().read_to_end(&mut body)?;
    }
    let text = format!(
        "{} {} {}\n",
        environ.method(),
        environ.path(),
        String::from_utf8_lossy(&body)
    );
    Ok(Reply::new(text.into()))
}

#[track_caller]
fn check(answer: &str, status_line: &str, parts: &[&str]) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status_line}\r\n")),
        "{answer:?}"
    );
    for part in parts {
        assert!(answer.contains(part), "no {part:?} in {answer:?}");
    }
}

#[test]
fn answers_and_keeps_the_connection() {
    let serving = serve(wsgi::app_fn(echo));
    let mut stream = connect(&serving);
    for path in ["/a", "/b"] {
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let head = read_until(&mut stream, "\r\n\r\n");
        check(
            &head,
            "200 OK",
            &["content-length: 8\r\n", "date: ", "server: devserve/"],
        );
        assert_eq!(read_until(&mut stream, "\n"), format!("GET {path} \n"));
    }
}

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
        answer.contains("connection: close\r\n"),
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
        let answer = talk(&serving, sent.as_bytes());
        check(&answer, status, &["connection: close\r\n", "text/plain"]);
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
            &["connection: close", says],
        );
    }
}

#[test]
fn head_and_bodiless_statuses_send_no_body() {
    let serving = serve(wsgi::app_fn(|environ| {
        let status = environ.path()[1..].parse::<u16>()?;
        Ok(http::Response::builder()
            .status(status)
            .body("tea".into())?)
    }));
    let head = talk(&serving, b"HEAD /200 HTTP/1.1\r\nHost: x\r\n\r\n");
    check(&head, "200 OK", &["content-length: 3\r\n"]);
    assert!(head.ends_with("\r\n\r\n"), "{head}");
    for status in ["204 No Content", "304 Not Modified"] {
        let answer = talk(
            &serving,
            format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", &status[..3]).as_bytes(),
        );
        check(&answer, status, &[]);
        assert!(
            answer.ends_with("\r\n\r\n") && !answer.contains("content-length"),
            "{answer}"
        );
    }
}

#[test]
fn each_chunk_is_on_the_wire_before_the_next_is_made() {
    let (sender, receiver) = mpsc::channel::<&'static str>();
    let receiver = Mutex::new(Some(receiver));
    let serving = serve(wsgi::app_fn(move |_| {
        let receiver = receiver.lock().unwrap().take().ok_or("asked twice")?;
        Ok(Reply::new(Body::chunks(receiver.into_iter().map(Ok))))
    }));
    let mut stream = connect(&serving);
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    sender.send("one").unwrap();
    check(
        &read_until(&mut stream, "\r\n\r\n"),
        "200 OK",
        &["transfer-encoding: chunked"],
    );
    assert_eq!(read_until(&mut stream, "one\r\n"), "3\r\none\r\n");
    sender.send("two").unwrap();
    assert_eq!(read_until(&mut stream, "two\r\n"), "3\r\ntwo\r\n");
    drop(sender);
    assert_eq!(read_until(&mut stream, "\r\n\r\n"), "0\r\n\r\n");
}

#[test]
fn a_stream_to_http_1_0_ends_with_the_connection() {
    let serving = serve(wsgi::app_fn(|_| {
        Ok(Reply::new(Body::chunks(["a", "b"].map(Ok))))
    }));
    let answer = talk(
        &serving,
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    );
    check(&answer, "200 OK", &["connection: close\r\n"]);
    assert!(
        answer.ends_with("\r\n\r\nab") && !answer.contains("chunked"),
        "{answer}"
    );
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
        &["connection: close\r\n"],
    );
}

#[test]
fn an_error_before_the_first_byte_is_a_500_and_a_later_one_cuts() {
    let serving = serve(wsgi::app_fn(|environ| match &*environ.path() {
        "/err" => Err("no rows".into()),
        "/panic" => panic!("no rows"),
        "/early" => Ok(Reply::new(Body::chunks::<&str>([Err("no rows".into())]))),
        "/late" => Ok(Reply::new(Body::chunks([
            Ok("some"),
            Err("no rows".into()),
        ]))),
        "/latepanic" => Ok(Reply::new(Body::chunks(
            [1, 0].into_iter().map(|n| Ok(format!("{}", 1 / n))),
        ))),
        _ => Ok(Reply::new("fine".into())),
    }));
    for path in ["err", "panic", "early"] {
        let answer = talk(
            &serving,
            format!("GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes(),
        );
        check(
            &answer,
            "500 Internal Server Error",
            &["500 Internal Server Error\n"],
        );
        assert!(
            !answer.contains("no rows"),
            "the engine explains nothing: {answer}"
        );
    }
    for path in ["late", "latepanic"] {
        let mut stream = connect(&serving);
        write!(stream, "GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        // A cut may reach the client as a reset; either way there is no last chunk.
        stream.read_to_end(&mut answer).ok();
        assert!(
            !String::from_utf8_lossy(&answer).contains("0\r\n\r\n"),
            "{answer:?}"
        );
    }
    check(
        &talk(&serving, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        "200 OK",
        &["fine"],
    );
}

#[test]
fn a_body_never_leaves_the_length_it_declared() {
    let serving = serve(wsgi::app_fn(|environ| {
        let body = if environ.path() == "/long" {
            "abcdef"
        } else {
            "a"
        };
        Ok(http::Response::builder()
            .header("content-length", "3")
            .body(Body::chunks([Ok(body)]))?)
    }));
    let mut stream = connect(&serving);
    stream
        .write_all(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\nGET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    check(
        &read_until(&mut stream, "\r\n\r\nabc"),
        "200 OK",
        &["content-length: 3"],
    );
    check(
        &read_until(&mut stream, "\r\n\r\nabc"),
        "200 OK",
        &["content-length: 3"],
    );
    let answer = talk(
        &serving,
        b"GET /short HTTP/1.1\r\nHost: x\r\n\r\nGET /short HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    assert_eq!(
        answer.matches("HTTP/1.1").count(),
        1,
        "a short answer ends the connection: {answer}"
    );
}

#[test]
fn write_goes_out_at_once_and_start_again_replaces_what_was_not_sent() {
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let serving = serve(wsgi::application(move |environ, start_response| {
        let mut write = start_response.start("200 Fine", [("Content-Type", "text/plain")])?;
        if environ.path() == "/again" {
            start_response.start_again("503 Closed", [], "the kettle is broken")?;
            return Ok("later".into());
        }
        write.write_all(b"first")?;
        held.lock().unwrap().recv_timeout(PATIENCE)?;
        Ok("second".into())
    }));
    let mut stream = connect(&serving);
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    check(
        &read_until(&mut stream, "first\r\n"),
        "200 Fine",
        &["transfer-encoding: chunked"],
    );
    release.send(()).unwrap();
    read_until(&mut stream, "second\r\n0\r\n\r\n");
    check(
        &talk(&serving, b"GET /again HTTP/1.1\r\nHost: x\r\n\r\n"),
        "503 Closed",
        &["later"],
    );
}

#[test]
fn a_hundred_connections_opened_at_once_are_all_answered() {
    let serving = serve(wsgi::app_fn(|_| {
        std::thread::sleep(Duration::from_millis(5)); // a handler that blocks
        Ok(Reply::new("tea".into()))
    }));
    let mut streams: Vec<_> = (0..100).map(|_| connect(&serving)).collect();
    for stream in &mut streams {
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
    }
    for stream in &mut streams {
        check(&read_until(stream, "\r\n\r\ntea"), "200 OK", &[]);
    }
}

#[test]
fn a_slow_head_is_told_so_and_holds_no_worker() {
    let settings = Settings {
        head_timeout: Duration::from_millis(300),
        workers: 1,
        ..Settings::default()
    };
    let serving = serve_with(wsgi::app_fn(echo), settings);
    let mut slow = connect(&serving);
    slow.write_all(b"GET / HT").unwrap();
    check(
        &talk(&serving, b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"),
        "200 OK",
        &["GET /quick"],
    );
    check(
        &read_until(&mut slow, "\r\n\r\n"),
        "408 Request Timeout",
        &["connection: close"],
    );
}

#[test]
fn beyond_the_cap_idle_connections_make_room() {
    let serving = serve_with(
        wsgi::app_fn(echo),
        Settings {
            connections: 2,
            ..Settings::default()
        },
    );
    let mut first = connect(&serving);
    first
        .write_all(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    read_until(&mut first, "GET /1 \n");
    for _ in 0..4 {
        check(
            &talk(&serving, b"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"),
            "200 OK",
            &["GET /2"],
        );
    }
}

#[test]
fn an_early_answer_to_a_large_upload_arrives() {
    let serving = serve(wsgi::app_fn(|_| {
        Ok(http::Response::builder()
            .status(413)
            .body("too much".into())?)
    }));
    let mut stream = connect(&serving);
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n"
    )
    .unwrap();
    let upload = stream.try_clone().unwrap();
    let uploading = std::thread::spawn(move || (&upload).write_all(&vec![b'x'; 8_000_000]).is_ok());
    let answer = read_until(&mut stream, "too much");
    check(&answer, "413 Payload Too Large", &["connection: close"]);
    uploading.join().unwrap();
}

#[test]
fn a_stop_lets_running_requests_end_and_cuts_what_does_not() {
    let (entered, started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let gate = Mutex::new((entered, held));
    let serving = Arc::new(serve(wsgi::app_fn(move |_| {
        let gate = gate.lock().unwrap();
        gate.0.send(())?;
        gate.1.recv_timeout(PATIENCE)?;
        Ok(Reply::new("done".into()))
    })));
    let mut idle = connect(&serving);
    let mut running = connect(&serving);
    running
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    started.recv_timeout(PATIENCE).unwrap();
    let stopper = std::thread::spawn({
        let serving = Arc::clone(&serving);
        move || serving.stop(PATIENCE)
    });
    assert_eq!(
        idle.read(&mut [0]).unwrap_or(0),
        0,
        "idle connections end at once"
    );
    release.send(()).unwrap();
    check(
        &read_until(&mut running, "done"),
        "200 OK",
        &["connection: close"],
    );
    assert_eq!(stopper.join().unwrap().cut, 0);
    assert!(
        TcpStream::connect(serving.address().to_string()).is_err(),
        "the port is free again"
    );
}

#[test]
fn a_handler_that_never_ends_does_not_hold_up_a_stop() {
    let (entered, started) = mpsc::channel();
    let (_release, held) = mpsc::channel::<()>();
    let gate = Mutex::new((entered, held));
    let serving = serve(wsgi::app_fn(move |_| {
        let gate = gate.lock().unwrap();
        gate.0.send(())?;
        gate.1.recv().ok();
        Ok(Reply::new("late".into()))
    }));
    let mut running = connect(&serving);
    running
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    started.recv_timeout(PATIENCE).unwrap();
    assert_eq!(serving.stop(Duration::from_millis(50)).cut, 1);
    assert_eq!(running.read(&mut [0]).unwrap_or(0), 0);
}

#[test]
fn every_request_leaves_one_record() {
    let (sender, records) = mpsc::channel();
    let sender = Mutex::new(sender);
    let serving = Server::new(wsgi::app_fn(echo))
        .records(move |record| {
            let line = format!(
                "{:?} {} {:?} {} {}",
                record.method.as_ref().map(|method| method.as_str()),
                record.target_text(),
                record.status.map(|status| status.as_u16()),
                record.body_bytes,
                record
                    .failure
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            );
            sender.lock().unwrap().send(line).unwrap();
        })
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    talk(&serving, b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\nBAD\r\n\r\n");
    let mut next = || records.recv_timeout(PATIENCE).unwrap();
    assert_eq!(next(), "Some(\"GET\") /a?b Some(200) 8 ");
    assert!(next().ends_with("the request line is malformed"));
}

#[test]
fn serves_on_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let serving = Server::new(wsgi::app_fn(echo))
        .bind(&Address::unix(&path))
        .unwrap();
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /u HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    check(&answer, "200 OK", &["GET /u"]);
    drop(serving);
    assert!(!path.exists());
}
