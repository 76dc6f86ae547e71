//! What apps answer.

use std::collections::BTreeSet;
use std::io::{Read, Seek, Write};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, SystemTime};

use devserve::net::Address;
use devserve::server::{Failure, Settings};
use devserve::wsgi::{self, Body, Reply};
use devserve::{Request, Response};

use super::{PATIENCE, Server, check, connect, echo, get, read_until, serve, serve_with, talk};

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
            &["Content-Length: 8\r\n", "Date: ", "Server: devserve/"],
        );
        assert_eq!(read_until(&mut stream, "\n"), format!("GET {path} \n"));
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
    check(&head, "200 OK", &["Content-Length: 3\r\n"]);
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
fn head_equals_get_in_all_fields() {
    let serving = serve(wsgi::app_fn(|environ| {
        let reply = http::Response::builder().header("X-Note", "tea");
        Ok(match &*environ.path() {
            "/chunks" => reply.body(Body::chunks(["a", "b"].map(Ok)))?,
            "/empty" => reply.body(Body::empty())?,
            "/told" => reply.header("Content-Length", "3").body("tea".into())?,
            _ => reply.body("tea".into())?,
        })
    }));
    for path in ["/", "/told", "/empty", "/chunks"] {
        let [get, head] = ["GET", "HEAD"].map(|method| {
            let sent = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            let answer = talk(&serving, sent.as_bytes());
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            let fields = head.lines().filter(|line| {
                // A body of unknown length has no field in an answer without one.
                !line.starts_with("Date:") && !line.starts_with("Transfer-Encoding:")
            });
            (
                fields.map(str::to_owned).collect::<BTreeSet<_>>(),
                body.len(),
            )
        });
        assert_eq!((head.0, head.1), (get.0, 0), "{path}");
    }
}

#[test]
fn an_interim_status_is_no_answer() {
    let serving = serve(wsgi::app_fn(|environ| {
        let status = environ.path()[1..].parse::<u16>()?;
        Ok(http::Response::builder()
            .status(status)
            .body(Body::empty())?)
    }));
    for path in ["/100", "/101", "/103"] {
        let answer = talk(&serving, get(path).as_bytes());
        check(&answer, "500 Internal Server Error", &[]);
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
}

#[test]
fn nothing_an_app_says_makes_a_further_field() {
    let serving = serve(wsgi::application(|environ, start_response| {
        let (status, name, value) = match &*environ.path() {
            "/status" => ("200 OK\r\nSet-Cookie: a", "X-Note", "tea"),
            "/name" => ("200 OK", "X-Note: tea\r\nSet-Cookie", "a"),
            "/lf" => ("200 OK", "X-Note", "tea\nSet-Cookie: a"),
            "/cr" => ("200 OK", "X-Note", "tea\rSet-Cookie: a"),
            _ => ("200 OK", "X-Note", "tea\r\n\r\nSet-Cookie: a"),
        };
        start_response.start(status, [(name, value)])?;
        Ok("tea".into())
    }));
    for path in ["/status", "/name", "/lf", "/cr", "/value"] {
        let answer = talk(&serving, get(path).as_bytes());
        check(&answer, "500 Internal Server Error", &[]);
        assert!(!answer.contains("Set-Cookie"), "{answer}");
    }
}

#[test]
fn date_is_now_and_server_is_what_it_was_set_to() {
    let named = |name: &str| {
        let settings = Settings {
            server_name: name.into(),
            ..Settings::default()
        };
        let app = wsgi::app_fn(|environ| {
            let reply = http::Response::builder();
            let reply = match &*environ.path() {
                "/own" => reply
                    .header("Server", "the app")
                    .header("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
                _ => reply,
            };
            Ok(reply.body("tea".into())?)
        });
        serve_with(app, settings)
    };
    let serving = named("teahouse/1");
    let answer = talk(&serving, get("/").as_bytes());
    check(&answer, "200 OK", &["Server: teahouse/1\r\n"]);
    let (_, date) = answer.split_once("\r\nDate: ").unwrap();
    let date = httpdate::parse_http_date(date.split_once('\r').unwrap().0).unwrap();
    let apart = SystemTime::now().duration_since(date).unwrap();
    assert!(apart < PATIENCE, "{apart:?}");
    let own = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
    let answer = talk(&serving, get("/own").as_bytes());
    check(&answer, "200 OK", &["Server: the app\r\n", own]);
    assert_eq!(answer.matches("Date:").count(), 1, "{answer}");
    let answer = talk(&named(""), get("/").as_bytes());
    assert!(!answer.contains("Server:"), "{answer}");
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
        &["Transfer-Encoding: chunked"],
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
    check(&answer, "200 OK", &["Connection: close\r\n"]);
    assert!(
        answer.ends_with("\r\n\r\nab") && !answer.contains("chunked"),
        "{answer}"
    );
}

#[test]
fn an_error_before_the_first_byte_is_a_500_and_a_later_one_cuts() {
    let serving = serve(wsgi::app_fn(|environ| match &*environ.path() {
        "/err" => Err("no rows".into()),
        "/panic" => panic!("no rows"),
        "/early" => Ok(Reply::new(Body::chunks([Ok(""), Err("no rows".into())]))),
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
        &["Content-Length: 3"],
    );
    check(
        &read_until(&mut stream, "\r\n\r\nabc"),
        "200 OK",
        &["Content-Length: 3"],
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
        &["Transfer-Encoding: chunked"],
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
    let next = || records.recv_timeout(PATIENCE).unwrap();
    assert_eq!(next(), "Some(\"GET\") /a?b Some(200) 8 ");
    assert!(next().ends_with("the request line is malformed"));
}

#[test]
fn a_body_that_breaks_its_length_is_on_record() {
    let (sender, records) = mpsc::channel();
    let sender = Mutex::new(sender);
    let serving = Server::new(wsgi::app_fn(|environ| {
        let declared = environ.path()[1..].to_owned();
        let reply = http::Response::builder().header("Content-Length", declared);
        Ok(reply.body("tea".into())?)
    }))
    .records(move |record| {
        let failure = record.failure.as_ref().map(ToString::to_string);
        sender.lock().unwrap().send(failure).unwrap();
    })
    .bind(&Address::tcp("127.0.0.1", 0))
    .unwrap();
    for (declared, says) in [("2", Some("longer")), ("3", None), ("4", Some("shorter"))] {
        let mut stream = connect(&serving);
        stream
            .write_all(get(&format!("/{declared}")).as_bytes())
            .unwrap();
        let failure = records.recv_timeout(PATIENCE).unwrap();
        let is_told = failure
            .as_deref()
            .unwrap_or("nothing")
            .contains(says.unwrap_or("nothing"));
        assert!(is_told, "{declared}: {failure:?}");
    }
}

#[test]
fn a_client_that_stops_reading_gets_no_second_answer() {
    const MUCH: usize = 16 << 20; // more than sockets hold
    let (failed, refused) = mpsc::channel();
    let (go_on, emptied) = mpsc::channel::<()>();
    let (record, recorded) = mpsc::channel();
    let ends = Mutex::new((failed, emptied));
    let record = Mutex::new(record);
    let serving = Server::new(wsgi::application(move |_, start_response| {
        let mut write = start_response.start("200 OK", [("Content-Length", "16777216")])?;
        let written = write.write_all(&vec![b'x'; MUCH]);
        let ends = ends.lock().unwrap();
        ends.0.send(())?;
        ends.1.recv_timeout(PATIENCE)?;
        written?;
        Ok(Body::empty())
    }))
    .settings(Settings {
        write_timeout: Duration::from_millis(100),
        ..Settings::default()
    })
    .records(move |it| {
        let is_gone = matches!(it.failure, Some(Failure::ClientGone(_)));
        record.lock().unwrap().send(is_gone).unwrap();
    })
    .bind(&Address::tcp("127.0.0.1", 0))
    .unwrap();
    let mut stream = connect(&serving);
    stream.write_all(get("/").as_bytes()).unwrap();
    refused.recv_timeout(PATIENCE).unwrap();
    // What was sent is taken only now, so that a second answer would find room.
    let mut answer = Vec::new();
    stream
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    assert!(stream.read_to_end(&mut answer).is_err(), "it is still open");
    go_on.send(()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.read_to_end(&mut answer).ok();
    assert!(answer.len() < MUCH);
    let is_answer = |window: &[u8]| window == b"HTTP/1.1";
    assert_eq!(answer.windows(8).filter(|it| is_answer(it)).count(), 1);
    // The app made an error of its own of it; that is not what went wrong.
    assert!(recorded.recv_timeout(PATIENCE).unwrap());
}

#[test]
fn a_close_hook_that_panics_comes_after_the_whole_answer() {
    let serving = serve(wsgi::app_fn(|_| {
        let body = Body::chunks(["tea"].map(Ok));
        Ok(Reply::new(body.on_close(|| panic!("in a hook"))))
    }));
    let mut stream = connect(&serving);
    stream.write_all(get("/").as_bytes()).unwrap();
    read_until(&mut stream, "3\r\ntea\r\n0\r\n\r\n");
}

#[test]
fn a_file_goes_out_whole_from_where_it_stands_and_its_loss_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let content: Vec<u8> = (0..1_000_000_u32)
        .map(|place| (place % 251) as u8)
        .collect();
    std::fs::write(&path, &content).unwrap();
    let serving = serve(wsgi::app_fn(move |environ| {
        let mut file = std::fs::File::options()
            .read(true)
            .write(true)
            .open(&path)?;
        file.seek(std::io::SeekFrom::Start(100))?;
        let body = Body::file(file.try_clone()?)?;
        if environ.path() == "/shrinks" {
            file.set_len(500_000)?;
        }
        Ok(Reply::new(body))
    }));
    let ask = |path: &str| {
        let mut stream = connect(&serving);
        stream.write_all(get(path).as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // A cut may arrive as a reset.
        stream.read_to_end(&mut answer).ok();
        let head = answer
            .windows(4)
            .position(|end| end == b"\r\n\r\n")
            .unwrap()
            + 4;
        assert!(String::from_utf8_lossy(&answer[..head]).contains("Content-Length: 999900\r\n"));
        answer.split_off(head)
    };
    assert!(ask("/") == content[100..], "the bytes differ");
    let cut = ask("/shrinks");
    assert!(cut.len() < 500_000 && cut == content[100..][..cut.len()]);
}

#[test]
fn parts_of_a_file_go_out_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.bin");
    let content: Vec<u8> = (0..1_000_000_u32)
        .map(|place| (place % 251) as u8)
        .collect();
    std::fs::write(&path, &content).unwrap();
    let view = move |request: &Request| Response::send_file(&path, request);
    let serving = serve(devserve::app(view));
    let ask = |range: &str| {
        let mut stream = connect(&serving);
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\nRange: bytes={range}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let mut ends = answer.windows(4);
        let head = ends.position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let body = answer.split_off(head);
        let head = String::from_utf8(answer).unwrap();
        assert!(head.starts_with("HTTP/1.1 206 "), "{head}");
        let length = format!("Content-Length: {}\r\n", body.len());
        assert!(head.contains(&length), "{head}");
        body
    };
    assert!(
        ask("100-900099") == content[100..900_100],
        "the bytes differ"
    );
    assert!(ask("-900000") == content[100_000..], "the bytes differ");
    let parts = ask("500000-899999,7-300006");
    for part in [500_000..900_000, 7..300_007] {
        let head = format!("bytes {}-{}/1000000\r\n\r\n", part.start, part.end - 1);
        let mut heads = parts.windows(head.len());
        let start = heads.position(|it| it == head.as_bytes()).unwrap() + head.len();
        assert!(
            parts[start..][..part.len()] == content[part],
            "the bytes differ"
        );
    }
}
