//! What is left of many faults: nothing. In a child, because descriptors are the process's.

use std::fs;
use std::io::{Read, Write};
use std::process::Command;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use devserve::server::{Settings, Stopped};
use devserve::wsgi::{self, Body, Environ, Reply, Result};

use super::faults::{pour, reset};
use super::{PATIENCE, Serving, check, connect, get, read_until, serve_with};

const CHILD: &str = "DEVSERVE_TEST_LEAKS";
const WORKERS: usize = 6;
const ROUNDS: usize = 30;

/// How clients go wrong: what they send, and of what comes, how much they read.
const FAULTS: [(&str, usize); 12] = [
    ("", 0),
    ("GET / HT", 0),
    ("NONSENSE\r\n\r\n", 12),
    ("GET /chunks HTTP/1.1\r\nHost: x\r\n\r\n", 1),
    ("GET /file HTTP/1.1\r\nHost: x\r\n\r\n", 100_000),
    ("GET /panics HTTP/1.1\r\nHost: x\r\n\r\n", 12),
    ("GET /breaks HTTP/1.1\r\nHost: x\r\n\r\n", 12),
    (
        "GET /leaves HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: it\r\n\r\n",
        12,
    ),
    (
        "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nGET /",
        12,
    ),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
        0,
    ),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
        12,
    ),
    (
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        12,
    ),
];

#[test]
fn many_faults_leave_nothing_behind() {
    if std::env::var_os(CHILD).is_some() {
        return suffer();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "engine::leaks::many_faults_leave_nothing_behind"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

fn suffer() {
    let settings = Settings {
        workers: WORKERS,
        head_timeout: Duration::from_millis(100),
        write_timeout: Duration::from_millis(100),
        linger: Duration::from_millis(100),
        ..Settings::default()
    };
    let together = Barrier::new(WORKERS);
    let app = wsgi::app_fn(move |environ| {
        if environ.path() == "/together" {
            together.wait();
        }
        answer(environ)
    });
    let serving = serve_with(app, settings);
    let before = descriptors();
    for round in 0..ROUNDS {
        suffer_once(&serving, round);
    }
    // Every worker is there, and free.
    let mut streams: Vec<_> = (0..WORKERS).map(|_| connect(&serving)).collect();
    for stream in &mut streams {
        stream.write_all(get("/together").as_bytes()).unwrap();
    }
    for stream in &mut streams {
        check(&read_until(stream, "\r\n\r\n"), "200 OK", &[]);
    }
    drop(streams);
    let deadline = Instant::now() + PATIENCE;
    while descriptors() > before {
        assert!(
            Instant::now() < deadline,
            "{before} became {}",
            descriptors()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(serving.stop(PATIENCE), Stopped { cut: 0 });
}

/// Meets every fault, each ended in one of three ways.
fn suffer_once(serving: &Serving, round: usize) {
    let mut silent = Vec::new();
    for (number, (sent, read)) in FAULTS.iter().enumerate() {
        let mut stream = connect(serving);
        stream.write_all(sent.as_bytes()).unwrap();
        stream.read_exact(&mut vec![0; *read]).unwrap();
        match (round + number) % 3 {
            0 => reset(stream),
            1 => drop(stream),
            _ => silent.push(stream), // until the others are done
        }
    }
}

fn answer(environ: &mut Environ) -> Result<Reply> {
    environ.input().read_to_end(&mut Vec::new()).ok();
    let body = match &*environ.path() {
        "/panics" => panic!("as it should"),
        "/breaks" => Body::chunks([Ok("some"), Err("as it should".into())]),
        "/leaves" => {
            let body = Body::upgrade(|mut it| drop(it.reader.read_to_end(&mut Vec::new())));
            return Ok(http::Response::builder()
                .status(101)
                .header("upgrade", "it")
                .body(body)?);
        }
        _ => pour(environ)?,
    };
    Ok(Reply::new(body))
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}
