//! Connections, from the handshake to the announced end.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use devserve::net::{Address, Identity};
use devserve::server::{Server, Settings};
use devserve::wsgi::{self, Body, Environ, Reply, Result};

use super::{PATIENCE, Secure, check, client, dial, read_to_end, read_until};

/// Answers with the path and the length of the body it was sent.
fn count(environ: &mut Environ) -> Result<Reply> {
    let mut body = Vec::new();
    environ.input().read_to_end(&mut body)?;
    Ok(Reply::new(
        format!("{} {}\n", environ.path(), body.len()).into(),
    ))
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn last(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

#[test]
fn answers_in_both_versions_and_agrees_on_http_1_1() {
    let secure = Secure::new(wsgi::app_fn(count));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut client = secure.connect_with(&[version]);
        for path in ["/one", "/two"] {
            client.write_all(get(path).as_bytes()).unwrap();
            let answer = read_until(&mut client, " 0\n");
            check(&answer, "200 OK", &format!("{path} 0\n"));
        }
        assert_eq!(client.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    }
}

#[test]
fn an_app_is_told_of_https() {
    let secure = Secure::new(wsgi::app_fn(|environ| {
        let keys = ["wsgi.url_scheme", "HTTPS", "SERVER_PORT"];
        let values = keys.map(|key| environ.get(key).map(|value| value.to_string()));
        Ok(Reply::new(format!("{values:?}").into()))
    }));
    let address = secure.serving.address().to_string();
    let port = address.rsplit(':').next().unwrap();
    let answer = secure.talk(&last("/"));
    let want = format!("[Some(\"https\"), Some(\"on\"), Some(\"{port}\")]");
    check(&answer, "200 OK", &want);
}

#[test]
fn requests_that_come_in_one_record_are_all_answered() {
    let secure = Secure::new(wsgi::app_fn(count));
    let mut client = secure.connect();
    // More than the engine reads at once, so that it finds some of it already deciphered.
    let requests: String = (0..600).map(|at| get(&format!("/{at}"))).collect();
    client.write_all(requests.as_bytes()).unwrap();
    for at in 0..600 {
        let answer = read_until(&mut client, " 0\n");
        check(&answer, "200 OK", &format!("/{at} 0\n"));
    }
    // A body that nobody reads up to its end, and the next request right behind it.
    let body = "x".repeat(9_000);
    let post = format!("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n{body}");
    client
        .write_all((post + &get("/after")).as_bytes())
        .unwrap();
    check(
        &read_until(&mut client, " 9000\n"),
        "200 OK",
        "/body 9000\n",
    );
    check(&read_until(&mut client, " 0\n"), "200 OK", "/after 0\n");
}

#[test]
fn silent_clients_hold_no_worker_and_are_ended_in_time() {
    let settings = Settings {
        workers: 1,
        head_timeout: Duration::from_millis(600),
        ..Settings::default()
    };
    let secure = Secure::with(wsgi::app_fn(count), settings);
    let mut silent: Vec<_> = (0..3).map(|_| secure.dial()).collect();
    // A record that is announced and does not come, as well.
    silent[0].write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
    check(&secure.talk(&last("/")), "200 OK", "/ 0\n");
    for stream in &mut silent {
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "nothing is said");
    }
}

#[test]
fn beyond_the_cap_those_who_said_nothing_make_room() {
    let settings = Settings {
        connections: 3,
        ..Settings::default()
    };
    let secure = Secure::with(wsgi::app_fn(count), settings);
    let silent: Vec<_> = (0..3).map(|_| secure.dial()).collect();
    check(&secure.talk(&last("/")), "200 OK", "/ 0\n");
    drop(silent);
}

#[test]
fn a_goodbye_in_the_handshake_ends_it() {
    let secure = Secure::new(wsgi::app_fn(count));
    let began = Instant::now();
    let mut stream = secure.dial();
    stream.write_all(&[21, 3, 3, 0, 2, 1, 0]).unwrap(); // close_notify, and no word before
    stream.read_to_end(&mut Vec::new()).ok(); // an alert may come, or a reset
    assert!(began.elapsed() < PATIENCE / 4, "it was waited for");
    check(&secure.talk(&last("/")), "200 OK", "/ 0\n");
}

#[test]
fn an_end_is_announced_and_a_cut_is_not() {
    let secure = Secure::new(wsgi::app_fn(|environ| {
        let rest: Result<&str> = match &*environ.path() {
            "/whole" => Ok("done"),
            _ => Err("no rows".into()),
        };
        Ok(Reply::new(Body::chunks([Ok("some "), rest])))
    }));
    // To HTTP/1.0, nothing but the end says where the body ends.
    let answer = secure.talk("GET /whole HTTP/1.0\r\n\r\n");
    check(&answer, "200 OK", "some done");
    let mut cut = secure.connect();
    cut.write_all(b"GET /cut HTTP/1.0\r\n\r\n").unwrap();
    let mut read = Vec::new();
    let error = cut.read_to_end(&mut read).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    check(&String::from_utf8(read).unwrap(), "200 OK", "some ");
}

#[test]
fn a_stop_is_announced_to_idle_clients() {
    let secure = Secure::new(wsgi::app_fn(count));
    let mut client = secure.connect();
    client.write_all(get("/").as_bytes()).unwrap();
    read_until(&mut client, "/ 0\n");
    secure.serving.stop(PATIENCE);
    assert_eq!(read_to_end(&mut client), "");
}

#[test]
fn a_client_that_has_said_goodbye_still_gets_its_answer() {
    let secure = Secure::new(wsgi::app_fn(count));
    let mut client = secure.connect();
    client.write_all(get("/").as_bytes()).unwrap();
    client.conn.send_close_notify();
    client.flush().unwrap();
    check(&read_to_end(&mut client), "200 OK", "/ 0\n");
}

#[test]
fn an_upload_that_breaks_off_is_an_error_with_a_goodbye_or_without() {
    for says_goodbye in [true, false] {
        let (sender, came) = mpsc::channel();
        let sender = std::sync::Mutex::new(sender);
        let secure = Secure::new(wsgi::app_fn(move |environ| {
            let read = environ.input().read_to_end(&mut Vec::new());
            let kind = read.map_err(|error| error.kind());
            sender.lock().unwrap().send(kind)?;
            Ok(Reply::new(Body::empty()))
        }));
        let mut client = secure.connect();
        client
            .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nsome")
            .unwrap();
        if says_goodbye {
            client.conn.send_close_notify();
            client.flush().unwrap();
        }
        client.sock.shutdown(Shutdown::Write).unwrap();
        let kind = came.recv_timeout(PATIENCE).unwrap();
        assert_eq!(kind, Err(ErrorKind::UnexpectedEof), "{says_goodbye}");
    }
}

#[test]
fn a_hello_that_is_cut_or_garbled_harms_nobody_else() {
    let settings = Settings {
        workers: 2,
        head_timeout: Duration::from_millis(500),
        ..Settings::default()
    };
    let secure = Secure::with(wsgi::app_fn(count), settings);
    let mut hello = Vec::new();
    secure.connect().conn.write_tls(&mut hello).unwrap();
    let cut = (0..hello.len()).step_by(5).map(|at| hello[..at].to_vec());
    let garbled = (0..hello.len()).step_by(5).map(|at| {
        let mut hello = hello.clone();
        hello[at] ^= 0xA5;
        hello
    });
    for sent in cut.chain(garbled) {
        let mut stream = secure.dial();
        stream.write_all(&sent).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        stream.read_to_end(&mut Vec::new()).ok(); // its end, which may be a reset
    }
    check(&secure.talk(&last("/")), "200 OK", "/ 0\n");
}

#[test]
fn what_is_no_handshake_ends_with_an_alert() {
    let secure = Secure::new(wsgi::app_fn(count));
    let mut stream = secure.dial();
    stream.write_all(&[22, 3, 1, 0, 4, 9, 0, 0, 0]).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).ok(); // the end may be a reset
    assert_eq!(said.first(), Some(&21), "{said:?}");
}

#[test]
fn who_trusts_the_ca_once_trusts_every_start() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let identity = Identity::adhoc_in(folder.path(), "127.0.0.1").unwrap();
        let authority = identity.authority().unwrap().to_owned();
        let address = Address::tcp("127.0.0.1", 0);
        let server = Server::new(wsgi::app_fn(count)).tls(identity);
        (server.bind(&address).unwrap(), authority)
    };
    let (first, authority) = start();
    let trusted = tempfile::NamedTempFile::new().unwrap();
    std::fs::copy(authority, trusted.path()).unwrap();
    drop(first);
    let (second, _) = start();
    for name in ["localhost", "shop.localhost", "127.0.0.1", "::1"] {
        let stream = dial(&second.address().to_string());
        let mut client = client(stream, trusted.path(), name, rustls::ALL_VERSIONS);
        client.write_all(last("/").as_bytes()).unwrap();
        check(&read_to_end(&mut client), "200 OK", "/ 0\n");
    }
    let stream = dial(&second.address().to_string());
    let mut other = client(stream, trusted.path(), "example.org", rustls::ALL_VERSIONS);
    let refused = other.write_all(last("/").as_bytes()).unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
}
