//! Clients that vanish, stop reading or never stop asking, and handlers that never end. Each
//! costs itself; the next client is served, and nothing is left of the last.

use std::io::{self, ErrorKind, Read, Write};
use std::iter;
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use devserve::net::Address;
use devserve::server::{Failure, Settings, Stopped};
use devserve::wsgi::{self, Body, Environ, Reply, Result};
use socket2::SockRef;

use super::{
    PATIENCE, Server, Serving, check, connect, echo, get, read_until, serve, serve_with, talk,
};

/// Answers without an end, or with more than sockets hold, one for each way to make a body.
const POURS: [&str; 5] = ["/whole", "/chunks", "/reader", "/writer", "/file"];

pub(super) fn pour(environ: &Environ) -> Result<Body> {
    const PART: usize = 64 << 10;
    Ok(match &*environ.path() {
        "/whole" => vec![b'x'; 32 << 20].into(),
        "/chunks" => Body::chunks(iter::repeat_with(|| Ok(vec![b'x'; PART]))),
        "/reader" => Body::reader(io::repeat(b'x')),
        "/writer" => Body::writer(|out| {
            loop {
                out.write_all(&[b'x'; PART])?;
            }
        }),
        "/file" => {
            let file = tempfile::tempfile()?;
            file.set_len(1 << 30)?;
            Body::file(file)?
        }
        _ => "small".into(),
    })
}

/// A server of these, and how each answer ended: the error where the client had gone, told
/// once the body was closed.
fn serve_pours(settings: Settings) -> (Serving, mpsc::Receiver<Option<ErrorKind>>) {
    let (close, closed) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let app = wsgi::app_fn(move |environ| {
        let close = close.clone();
        let body = pour(environ)?.on_close(move || close.send(()).unwrap());
        Ok(Reply::new(body))
    });
    let closed = Mutex::new(closed);
    let serving = Server::new(app)
        .settings(settings)
        .records(move |record| {
            closed.lock().unwrap().try_recv().unwrap();
            let kind = match &record.failure {
                Some(Failure::ClientGone(error)) => Some(error.kind()),
                _ => None, // it is the test's to say that this is wrong
            };
            tell.send(kind).ok();
        })
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    (serving, told)
}

fn ask(serving: &Serving, path: &str) -> TcpStream {
    let mut stream = connect(serving);
    stream.write_all(get(path).as_bytes()).unwrap();
    stream
}

/// Ends a connection with a reset, as a process that dies does.
pub(super) fn reset(stream: TcpStream) {
    SockRef::from(&stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
}

/// It answers a newcomer, and none of those before is still with it.
#[track_caller]
fn check_well(serving: &Serving) {
    check(&talk(serving, get("/well").as_bytes()), "200 OK", &[]);
    assert_eq!(serving.stop(PATIENCE), Stopped { cut: 0 });
}

fn two_workers() -> Settings {
    Settings {
        workers: 2,
        ..Settings::default()
    }
}

#[test]
fn resets_right_after_connecting_are_nothing() {
    let serving = serve_with(wsgi::app_fn(echo), two_workers());
    for _ in 0..100 {
        reset(connect(&serving));
    }
    check_well(&serving);
}

#[test]
fn a_reset_at_any_byte_of_a_request_is_not_its_end() {
    let (tell, told) = mpsc::channel();
    let app = wsgi::app_fn(move |environ| {
        if environ.path() == "/" {
            tell.send("begun")?;
            let read = environ.input().read_to_end(&mut Vec::new());
            tell.send(if read.is_ok() { "whole" } else { "broken" })?;
        }
        Ok(Reply::new(Body::empty()))
    });
    let serving = serve_with(app, two_workers());
    let send = |bytes: &str| {
        let mut stream = connect(&serving);
        stream.write_all(bytes.as_bytes()).unwrap();
        stream
    };
    for (fields, body) in [
        ("", ""),
        ("Content-Length: 5\r\n", "hello"),
        (
            "Transfer-Encoding: chunked\r\n",
            "5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
        ),
    ] {
        let head = format!("POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        for end in 0..head.len() {
            reset(send(&head[..end]));
        }
        for end in 0..body.len() {
            let stream = send(&format!("{head}{}", &body[..end]));
            assert_eq!(told.recv_timeout(PATIENCE), Ok("begun"));
            reset(stream);
            assert_eq!(told.recv_timeout(PATIENCE), Ok("broken"), "at {end}");
        }
    }
    check_well(&serving);
    assert!(told.try_recv().is_err(), "half a head is no request");
}

#[test]
fn a_reset_at_any_byte_of_an_answer_ends_it() {
    let (serving, told) = serve_pours(two_workers());
    let answer = talk(&serving, get("/small").as_bytes());
    assert_eq!(told.recv_timeout(PATIENCE), Ok(None));
    for end in 1..=answer.len() {
        let mut stream = ask(&serving, "/small");
        stream.read_exact(&mut vec![0; end]).unwrap();
        reset(stream);
        assert_eq!(told.recv_timeout(PATIENCE), Ok(None)); // it was sent
    }
    for path in POURS {
        for end in [1, 300, 100_000] {
            let mut stream = ask(&serving, path);
            stream.read_exact(&mut vec![0; end]).unwrap();
            reset(stream);
            let kind = told.recv_timeout(PATIENCE).unwrap();
            assert!(
                matches!(
                    kind,
                    Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
                ),
                "{path} after {end}: {kind:?}"
            );
        }
    }
    check_well(&serving);
}

#[test]
fn who_stops_reading_is_cut_and_frees_the_worker() {
    let settings = Settings {
        workers: 1,
        write_timeout: Duration::from_millis(100),
        ..Settings::default()
    };
    let (serving, told) = serve_pours(settings);
    for path in POURS {
        let mut silent = ask(&serving, path);
        read_until(&mut silent, "\r\n\r\n");
        // This one waits for the only worker.
        check(&talk(&serving, get("/small").as_bytes()), "200 OK", &[]);
        let kind = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(kind, Some(ErrorKind::TimedOut), "{path}");
        assert_eq!(told.recv_timeout(PATIENCE), Ok(None));
        let mut rest = Vec::new();
        // What was on its way, and then the end, which may come as a reset.
        silent.read_to_end(&mut rest).ok();
        assert!(!rest.ends_with(b"0\r\n\r\n"), "{path} looks whole");
    }
    check_well(&serving);
}

#[test]
fn an_answer_outlives_the_end_of_what_its_client_sends() {
    let (entered, started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let gate = Mutex::new((entered, held));
    let serving = serve(wsgi::app_fn(move |environ| {
        if environ.path() == "/well" {
            return Ok(Reply::new(Body::empty()));
        }
        let gate = gate.lock().unwrap();
        gate.0.send(())?;
        gate.1.recv_timeout(PATIENCE)?;
        let chunks = iter::repeat_n((), 64).map(|()| Ok(vec![b'x'; 64 << 10]));
        Ok(Reply::new(Body::chunks(chunks)))
    }));
    let mut stream = ask(&serving, "/");
    started.recv_timeout(PATIENCE).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    release.send(()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.ends_with(b"\r\n0\r\n\r\n"));
    assert_eq!(answer.iter().filter(|byte| **byte == b'x').count(), 4 << 20);
    check_well(&serving);
}

#[test]
fn two_thousand_requests_in_one_burst_are_answered_in_order() {
    let serving = serve(wsgi::app_fn(echo));
    let burst: String = (0..2000).map(|number| get(&format!("/{number}"))).collect();
    let mut stream = connect(&serving);
    let mut sending = stream.try_clone().unwrap();
    let sender = thread::spawn(move || {
        sending.write_all(burst.as_bytes()).unwrap();
        sending.shutdown(Shutdown::Write).unwrap();
    });
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    sender.join().unwrap();
    let bodies: Vec<_> = answers
        .lines()
        .filter(|line| line.starts_with("GET "))
        .collect();
    let wanted: Vec<_> = (0..2000).map(|number| format!("GET /{number} ")).collect();
    assert!(bodies == wanted, "{bodies:?}");
    assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), 2000);
    check_well(&serving);
}

#[test]
fn requests_behind_one_that_runs_wait_outside() {
    const OFFERED: usize = 64 << 20; // more than sockets hold
    let (entered, started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let gate = Mutex::new((entered, held));
    let serving = serve(wsgi::app_fn(move |environ| {
        if environ.path() == "/held" {
            let gate = gate.lock().unwrap();
            gate.0.send(())?;
            gate.1.recv_timeout(PATIENCE)?;
        }
        Ok(Reply::new(Body::empty()))
    }));
    let mut stream = ask(&serving, "/held");
    started.recv_timeout(PATIENCE).unwrap();
    let many = get("/next").repeat(1000);
    stream
        .set_write_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let mut taken = 0;
    while taken < OFFERED
        && let Ok(sent) = stream.write(many.as_bytes())
    {
        taken += sent;
    }
    assert!(taken < OFFERED, "all was read ahead");
    release.send(()).unwrap();
    reset(stream);
    check_well(&serving);
}

#[test]
fn who_asks_for_ever_and_never_listens_is_cut() {
    let settings = Settings {
        write_timeout: Duration::from_millis(200),
        ..two_workers()
    };
    let serving = serve_with(wsgi::app_fn(echo), settings);
    let mut stream = connect(&serving);
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let flood = thread::spawn(move || {
        let many = get("/flood").repeat(1000);
        loop {
            if let Err(error) = stream.write_all(many.as_bytes()) {
                return error.kind();
            }
        }
    });
    for _ in 0..20 {
        check(&talk(&serving, get("/ok").as_bytes()), "200 OK", &["/ok"]);
    }
    let kind = flood.join().unwrap();
    assert!(
        matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
        "{kind:?}"
    );
    check_well(&serving);
}

#[test]
fn what_never_ends_leaves_others_alone_until_a_stop_cuts_it() {
    let (tell, told) = mpsc::channel();
    let (_release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let app = wsgi::app_fn(move |environ| {
        let tell = tell.clone();
        Ok(Reply::new(match &*environ.path() {
            "/blocks" => {
                tell.send("blocks")?;
                held.lock().unwrap().recv().ok();
                "late".into()
            }
            "/reads" => {
                tell.send("reads")?;
                let read = environ.input().read_to_end(&mut Vec::new());
                tell.send(if read.is_ok() { "read" } else { "gave up" })?;
                Body::empty()
            }
            "/chunks" => pour(environ)?.on_close(move || tell.send("closed").unwrap()),
            _ => Body::empty(),
        }))
    });
    let settings = Settings {
        workers: 4,
        ..Settings::default()
    };
    let serving = serve_with(app, settings);
    let blocks = ask(&serving, "/blocks");
    assert_eq!(told.recv_timeout(PATIENCE), Ok("blocks"));
    let mut reads = connect(&serving);
    write!(
        reads,
        "POST /reads HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    )
    .unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok("reads"));
    let mut pours = ask(&serving, "/chunks");
    read_until(&mut pours, "\r\n\r\n");
    for _ in 0..5 {
        check(&talk(&serving, get("/ok").as_bytes()), "200 OK", &[]);
    }
    let stopped = serving.stop(Duration::from_millis(50));
    assert_eq!(stopped, Stopped { cut: 3 });
    // Those that wait for their clients are told; only the sleeper sleeps on.
    let mut ends = [(); 2].map(|()| told.recv_timeout(PATIENCE).unwrap());
    ends.sort_unstable();
    assert_eq!(ends, ["closed", "gave up"]);
    for mut stream in [blocks, reads, pours] {
        let end = io::copy(&mut stream, &mut io::sink()).map_err(|error| error.kind());
        assert!(
            matches!(end, Ok(_) | Err(ErrorKind::ConnectionReset)),
            "{end:?}"
        );
    }
}

#[test]
fn a_panic_after_leaving_http_costs_its_connection() {
    let app = wsgi::application(|environ, start_response| {
        if environ.path() == "/well" {
            start_response.start("200 OK", [])?;
            return Ok(Body::empty());
        }
        start_response.start("101 Switching Protocols", [("Upgrade", "echo")])?;
        Ok(Body::upgrade(|_connection| panic!("in another protocol")))
    });
    let serving = serve_with(app, two_workers());
    for _ in 0..4 {
        let mut stream = connect(&serving);
        write!(
            stream,
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"
        )
        .unwrap();
        read_until(&mut stream, "\r\n\r\n");
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    }
    check_well(&serving);
}
