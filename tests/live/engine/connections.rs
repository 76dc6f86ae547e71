//! Connections, from the first byte to the last, and how many there may be.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::{Duration, Instant};

use devserve::net::Address;
use devserve::server::{Failure, Settings};
use devserve::wsgi::{self, Reply};

use super::{
    PATIENCE, Server, Serving, check, connect, echo, get, read_until, serve, serve_with, talk,
};

#[test]
fn a_hundred_connections_opened_at_once_are_all_answered() {
    for many in [6, 33, 100] {
        let serving = serve(wsgi::app_fn(|_| {
            std::thread::sleep(Duration::from_millis(5)); // a handler that blocks
            Ok(Reply::new("tea".into()))
        }));
        let mut streams: Vec<_> = (0..many).map(|_| connect(&serving)).collect();
        for stream in &mut streams {
            stream
                .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                .unwrap();
        }
        for stream in &mut streams {
            check(&read_until(stream, "\r\n\r\ntea"), "200 OK", &[]);
        }
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
        &["Connection: close"],
    );
}

/// The time is the client's to take, not the server's.
#[test]
fn a_head_that_has_come_in_time_may_wait_for_a_worker() {
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let app = wsgi::app_fn(move |environ| {
        if environ.path() == "/held" {
            held.lock().unwrap().recv().ok();
        }
        echo(environ)
    });
    let settings = Settings {
        head_timeout: Duration::from_millis(300),
        workers: 1,
        ..Settings::default()
    };
    let serving = serve_with(app, settings);
    let mut in_parts = connect(&serving);
    in_parts.write_all(b"GET /whole HT").unwrap();
    std::thread::sleep(Duration::from_millis(100)); // so that it is seen to have begun
    let mut holds = connect(&serving);
    holds.write_all(get("/held").as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    in_parts.write_all(b"TP/1.1\r\nHost: x\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(900));
    release.send(()).unwrap();
    check(
        &read_until(&mut in_parts, "/whole \n"),
        "200 OK",
        &["GET /whole"],
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
    check(&answer, "413 Payload Too Large", &["Connection: close"]);
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
        &["Connection: close"],
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
fn serves_on_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let facts = wsgi::app_fn(|environ| {
        let text = |key| environ.get(key).map(|value| value.to_string());
        let facts = [
            "SERVER_NAME",
            "SERVER_PORT",
            "SERVER_PROTOCOL",
            "REMOTE_ADDR",
        ]
        .map(text);
        Ok(Reply::new(format!("{facts:?}").into()))
    });
    let serving = Server::new(facts).bind(&Address::unix(&path)).unwrap();
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /u HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let facts = r#"[Some("localhost"), Some("0"), Some("HTTP/1.0"), None]"#;
    check(&answer, "200 OK", &[facts]);
    drop(serving);
    assert!(!path.exists());
}

#[test]
fn a_sink_that_panics_costs_its_connection_and_no_worker() {
    let serving = Server::new(wsgi::app_fn(echo))
        .workers(2)
        .connections(3)
        .records(|record| assert_ne!(record.target_text(), "/bad"))
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    for _ in 0..8 {
        talk(&serving, get("/bad").as_bytes());
    }
    check(&talk(&serving, get("/ok").as_bytes()), "200 OK", &[]);
}

#[test]
fn a_sink_that_panics_does_not_stop_the_clock() {
    let serving = Server::new(wsgi::app_fn(echo))
        .settings(Settings {
            head_timeout: Duration::from_millis(100),
            ..Settings::default()
        })
        .records(|record| assert!(!matches!(record.failure, Some(Failure::Malformed(_)))))
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    for _ in 0..2 {
        let mut slow = connect(&serving);
        slow.write_all(b"GET / HT").unwrap();
        check(
            &read_until(&mut slow, "\r\n\r\n"),
            "408 Request Timeout",
            &[],
        );
    }
}

#[test]
fn a_head_begun_in_a_pipeline_has_no_more_time_than_any_other() {
    let serving = serve_with(
        wsgi::app_fn(echo),
        Settings {
            head_timeout: Duration::from_millis(100),
            ..Settings::default()
        },
    );
    let mut stream = connect(&serving);
    write!(stream, "{}GET /2 HT", get("/1")).unwrap();
    read_until(&mut stream, "GET /1 \n");
    check(
        &read_until(&mut stream, "\r\n\r\n"),
        "408 Request Timeout",
        &[],
    );
}

#[test]
fn an_idle_connection_makes_room_and_not_the_newest() {
    let settings = Settings {
        connections: 3,
        ..Settings::default()
    };
    let serving = serve_with(wsgi::app_fn(echo), settings);
    // Two of them: the last one answered may not be back from its worker yet.
    let mut idle = ["/1", "/2"].map(|path| {
        let mut stream = connect(&serving);
        stream.write_all(get(path).as_bytes()).unwrap();
        read_until(&mut stream, &format!("GET {path} \n"));
        stream
    });
    let mut silent = connect(&serving);
    check(&talk(&serving, get("/3").as_bytes()), "200 OK", &["GET /3"]);
    silent.write_all(get("/4").as_bytes()).unwrap();
    read_until(&mut silent, "GET /4 \n");
    let is_closed = |stream: &mut TcpStream| {
        stream
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        stream.read(&mut [0]).is_ok_and(|read| read == 0)
    };
    let deadline = Instant::now() + PATIENCE;
    while !idle.iter_mut().any(is_closed) {
        assert!(Instant::now() < deadline, "nobody made room");
    }
}

#[test]
fn a_body_that_never_comes_does_not_hold_its_worker() {
    let serving = serve_with(
        wsgi::app_fn(echo),
        Settings {
            workers: 1,
            linger: Duration::from_millis(100),
            ..Settings::default()
        },
    );
    let mut silent = connect(&serving);
    silent
        .write_all(b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        .unwrap();
    read_until(&mut silent, "POST /unread \n");
    check(&talk(&serving, get("/ok").as_bytes()), "200 OK", &[]);
}

#[test]
fn a_body_that_stalls_does_not_hold_its_worker() {
    let settings = Settings {
        body_timeout: Duration::from_millis(100),
        body_rate: 0,
        ..Settings::default()
    };
    let app = wsgi::app_fn(|environ| {
        let read = environ.input().read_to_end(&mut Vec::new());
        let error = read.unwrap_err().kind();
        Ok(Reply::new(format!("{error:?}\n").into()))
    });
    let serving = serve_with(app, settings);
    let mut stream = connect(&serving);
    let sent = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf";
    stream.write_all(sent.as_bytes()).unwrap();
    let answer = read_until(&mut stream, "TimedOut\n");
    check(&answer, "200 OK", &["Connection: close"]);
}

#[test]
fn a_connection_that_stays_idle_is_closed() {
    let settings = Settings {
        keep_alive: Duration::from_millis(100),
        ..Settings::default()
    };
    let serving = serve_with(wsgi::app_fn(echo), settings);
    let silent = connect(&serving);
    let mut idle = connect(&serving);
    idle.write_all(get("/1").as_bytes()).unwrap();
    check(&read_until(&mut idle, "GET /1 \n"), "200 OK", &[]);
    for mut stream in [silent, idle] {
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "without a word");
    }
}

#[test]
fn what_is_sent_ahead_waits_in_the_sockets() {
    const MOST: usize = 64 << 20; // more than sockets hold
    let (entered, started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let gate = Mutex::new((entered, held));
    let serving = serve(wsgi::app_fn(move |_| {
        let gate = gate.lock().unwrap();
        gate.0.send(())?;
        gate.1.recv_timeout(PATIENCE)?;
        Err("enough".into())
    }));
    let mut stream = connect(&serving);
    stream.write_all(get("/").as_bytes()).unwrap();
    started.recv_timeout(PATIENCE).unwrap();
    stream
        .set_write_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let many = get("/").repeat(1000);
    let taken = (0..MOST / many.len()).take_while(|_| stream.write_all(many.as_bytes()).is_ok());
    let taken = taken.count() * many.len();
    assert!(taken < MOST / 2, "{taken} bytes were taken");
    drop(release);
}

#[test]
fn what_comes_after_the_last_request_does_not_cost_its_answer() {
    let (entered, started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let gate = Mutex::new((entered, held));
    let serving = serve(wsgi::app_fn(move |_| {
        let gate = gate.lock().unwrap();
        gate.0.send(())?;
        gate.1.recv_timeout(PATIENCE)?;
        Ok(Reply::new("done".into()))
    }));
    let mut stream = connect(&serving);
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    started.recv_timeout(PATIENCE).unwrap();
    stream.write_all(&[b'x'; 1000]).unwrap();
    release.send(()).unwrap();
    let mut answer = String::new();
    // Closing over unread bytes would be a reset, and on some systems the answer's end.
    stream.read_to_string(&mut answer).unwrap();
    check(&answer, "200 OK", &["done"]);
}

#[test]
fn requests_that_wait_for_each_other_all_run() {
    const AT_ONCE: usize = 40;
    let together = Barrier::new(AT_ONCE);
    let serving = serve(wsgi::app_fn(move |environ| {
        if environ.path() == "/together" {
            together.wait();
        }
        Ok(Reply::new("done".into()))
    }));
    let mut streams: Vec<_> = (0..AT_ONCE).map(|_| connect(&serving)).collect();
    // Brief ones first: the server takes it that the next are brief as well.
    for path in ["/", "/", "/together", "/", "/together"] {
        for stream in &mut streams {
            stream.write_all(get(path).as_bytes()).unwrap();
        }
        for stream in &mut streams {
            read_until(stream, "\r\n\r\ndone");
        }
    }
}

#[test]
fn a_client_may_leave_at_any_byte() {
    let serving = serve_with(
        wsgi::app_fn(echo),
        Settings {
            workers: 2,
            connections: 4,
            ..Settings::default()
        },
    );
    let sent =
        b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for end in 0..=sent.len() {
        // Closed without reading, so that what the engine says meets a reset.
        connect(&serving).write_all(&sent[..end]).unwrap();
    }
    // Newcomers find no room before the server has heard of the last ones' end.
    let given_up = Instant::now() + PATIENCE;
    let mut answer = Vec::new();
    while !answer.starts_with(b"HTTP/1.1 200 OK") {
        assert!(
            Instant::now() < given_up,
            "{}",
            String::from_utf8_lossy(&answer)
        );
        let mut stream = connect(&serving);
        answer.clear();
        let asked = stream.write_all(get("/ok").as_bytes());
        asked.and_then(|()| stream.shutdown(Shutdown::Write)).ok();
        stream.read_to_end(&mut answer).ok();
    }
}

#[test]
fn with_every_worker_busy_newcomers_wait_their_turn() {
    let (entered, started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let gate = Mutex::new(entered);
    let held = Mutex::new(held);
    let serving = serve_with(
        wsgi::app_fn(move |_| {
            gate.lock().unwrap().send(())?;
            held.lock().unwrap().recv_timeout(PATIENCE)?;
            Ok(Reply::new("done".into()))
        }),
        Settings {
            workers: 2,
            ..Settings::default()
        },
    );
    let mut streams: Vec<_> = (0..6).map(|_| connect(&serving)).collect();
    for stream in &mut streams {
        stream.write_all(get("/").as_bytes()).unwrap();
    }
    for _ in 0..6 {
        started.recv_timeout(PATIENCE).unwrap();
        release.send(()).unwrap();
    }
    for stream in &mut streams {
        read_until(stream, "\r\n\r\ndone");
    }
}

/// A server with one worker, room for one more request and three connections, which tells what
/// it serves, and holds each until it is released.
fn serve_one_by_one() -> (Serving, mpsc::Receiver<String>, mpsc::Sender<()>) {
    let (entered, started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let serving = serve_with(
        wsgi::app_fn(move |environ| {
            entered.send(environ.path().into_owned())?;
            held.lock().unwrap().recv_timeout(PATIENCE)?;
            Ok(Reply::new("done".into()))
        }),
        Settings {
            workers: 1,
            queue: 1,
            connections: 3,
            ..Settings::default()
        },
    );
    (serving, started, release)
}

/// Two ask at once: runs `then` when one of them waits, because the other was turned away.
fn while_one_waits(serving: &Serving, then: impl FnOnce()) {
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let tell = tell.clone();
            scope.spawn(move || tell.send(talk(serving, get("/other").as_bytes())).unwrap());
        }
        let turned_away = told.recv_timeout(PATIENCE).unwrap();
        check(&turned_away, "503 Service Unavailable", &[]);
        then();
        check(&told.recv_timeout(PATIENCE).unwrap(), "200 OK", &["done"]);
    });
}

#[test]
fn who_asks_much_at_once_is_served_in_turn_with_others() {
    let (serving, started, release) = serve_one_by_one();
    let mut many = connect(&serving);
    many.write_all(get("/many").repeat(3).as_bytes()).unwrap();
    assert_eq!(started.recv_timeout(PATIENCE).unwrap(), "/many");
    while_one_waits(&serving, || {
        (0..4).for_each(|_| release.send(()).unwrap());
    });
    let served: Vec<_> = started.iter().take(3).collect();
    assert_eq!(served, ["/other", "/many", "/many"]);
}

#[test]
fn who_waits_for_a_worker_makes_no_room_for_newcomers() {
    let (serving, started, release) = serve_one_by_one();
    let mut first = connect(&serving);
    first.write_all(get("/first").as_bytes()).unwrap();
    started.recv_timeout(PATIENCE).unwrap();
    while_one_waits(&serving, || {
        for _ in 0..5 {
            let answer = talk(&serving, get("/newcomer").as_bytes());
            check(&answer, "503 Service Unavailable", &[]);
        }
        (0..2).for_each(|_| release.send(()).unwrap());
    });
}

#[test]
fn who_waits_for_a_worker_is_served_before_a_stop_is_over() {
    let (serving, started, release) = serve_one_by_one();
    let mut first = connect(&serving);
    first.write_all(get("/first").as_bytes()).unwrap();
    started.recv_timeout(PATIENCE).unwrap();
    std::thread::scope(|scope| {
        while_one_waits(&serving, || {
            let stopped = scope.spawn(|| serving.stop(PATIENCE));
            let address = serving.address().to_string();
            while TcpStream::connect(&address).is_ok() {
                std::thread::yield_now(); // the stop begins with the listener
            }
            (0..2).for_each(|_| release.send(()).unwrap());
            assert_eq!(stopped.join().unwrap().cut, 0);
        });
    });
    read_until(&mut first, "\r\n\r\ndone");
}

#[test]
fn a_body_that_drips_does_not_hold_its_worker() {
    let settings = Settings {
        body_timeout: Duration::from_millis(300),
        body_rate: 1000,
        ..Settings::default()
    };
    let app = wsgi::app_fn(|environ| {
        let read = environ.input().read_to_end(&mut Vec::new());
        Ok(Reply::new(
            format!("{:?}\n", read.unwrap_err().kind()).into(),
        ))
    });
    let serving = serve_with(app, settings);
    let mut stream = connect(&serving);
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let dripping = stream.try_clone().unwrap();
    let dripper = std::thread::spawn(move || {
        // Well within the time for a single wait; it ends when the server has had enough.
        while (&dripping).write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    check(
        &read_until(&mut stream, "TimedOut\n"),
        "200 OK",
        &["Connection: close"],
    );
    drop(stream);
    drop(serving);
    dripper.join().unwrap();
}

#[test]
fn beyond_the_queue_a_request_is_told_that_nobody_is_free() {
    let (entered, started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let gate = Mutex::new((entered, held));
    let settings = Settings {
        workers: 1,
        queue: 1,
        ..Settings::default()
    };
    let app = wsgi::app_fn(move |environ| {
        let gate = gate.lock().unwrap();
        gate.0.send(())?;
        gate.1.recv_timeout(PATIENCE)?;
        Ok(Reply::new(environ.path().into_owned().into()))
    });
    let serving = serve_with(app, settings);
    let ask = |path: &str| {
        let mut stream = connect(&serving);
        stream.write_all(get(path).as_bytes()).unwrap();
        stream
    };
    let mut served = ask("/served");
    started.recv_timeout(PATIENCE).unwrap();
    // Of these two, whichever is heard of first has the one place in the queue.
    let mut others = [ask("/a"), ask("/b")];
    let is_refused = |stream: &TcpStream| {
        let mut start = [0; 12];
        stream
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        stream.peek(&mut start).is_ok() && start.ends_with(b"503")
    };
    let deadline = Instant::now() + PATIENCE;
    let refused = loop {
        if let Some(refused) = others.iter().position(is_refused) {
            break refused;
        }
        assert!(Instant::now() < deadline, "nobody was turned away");
    };
    others[refused].set_read_timeout(Some(PATIENCE)).unwrap();
    let answer = read_until(&mut others[refused], "\r\n\r\n");
    check(&answer, "503 Service Unavailable", &["Retry-After: 1\r\n"]);
    release.send(()).unwrap();
    release.send(()).unwrap();
    read_until(&mut served, "/served");
    let queued = &mut others[1 - refused];
    queued.set_read_timeout(Some(PATIENCE)).unwrap();
    check(&read_until(queued, "\r\n\r\n/"), "200 OK", &[]);
}

#[test]
fn beyond_the_cap_of_busy_connections_newcomers_are_told_so() {
    let (entered, started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let gate = Mutex::new((entered, held));
    let serving = serve_with(
        wsgi::app_fn(move |_| {
            let gate = gate.lock().unwrap();
            gate.0.send(())?;
            gate.1.recv_timeout(PATIENCE)?;
            Ok(Reply::new("done".into()))
        }),
        Settings {
            connections: 1,
            ..Settings::default()
        },
    );
    let mut busy = connect(&serving);
    busy.write_all(get("/").as_bytes()).unwrap();
    started.recv_timeout(PATIENCE).unwrap();
    check(
        &read_until(&mut connect(&serving), "again\n"),
        "503 Service Unavailable",
        &["Connection: close\r\n", "Retry-After: 1\r\n"],
    );
    release.send(()).unwrap();
    read_until(&mut busy, "\r\n\r\ndone");
}

#[test]
fn dropping_a_server_ends_it_at_once() {
    let serving = serve(wsgi::app_fn(echo));
    let address = serving.address().to_string();
    let mut idle = connect(&serving);
    drop(serving);
    assert_eq!(idle.read(&mut [0]).unwrap_or(0), 0);
    assert!(TcpStream::connect(address).is_err());
}
