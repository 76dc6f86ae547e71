//! What comes after HTTP: raw bytes, both ways.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;

use devserve::Request;
use devserve::middleware::HttpProxy;
use devserve::server::Serving;
use devserve::wsgi::{self, Body};
use tungstenite::Message;

use super::{PATIENCE, hear, serve};
use crate::engine::websocket::{check_echo, example, open};

fn connect(serving: &Serving) -> TcpStream {
    let stream = TcpStream::connect(serving.address().to_string()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The echo of WebSockets behind a proxy, and behind a proxy of that.
fn chain() -> [Serving; 3] {
    let (upstream, origin) = serve(example::app());
    let proxy = |origin: &str| HttpProxy::new(|_: &Request| "").pass("/", origin);
    let (near, near_origin) = serve(proxy(&origin));
    let (far, _) = serve(proxy(&near_origin));
    [upstream, near, far]
}

#[test]
fn a_websocket_goes_through_one_proxy_and_through_two() {
    let [upstream, near, far] = chain();
    check_echo(open(connect(&near)));
    check_echo(open(connect(&far)));
    drop([far, near, upstream]);
}

#[test]
fn a_handshake_that_is_refused_is_answered_in_http() {
    let [_upstream, near, _far] = chain();
    let mut stream = connect(&near);
    let ask = "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\nUpgrade: x\r\n\r\n";
    stream.write_all(ask.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
}

#[test]
fn who_has_not_asked_to_leave_http_is_not_made_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let upstream = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        hear(&mut stream);
        let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n";
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        stream
            .write_all([switch, answer].concat().as_bytes())
            .unwrap();
    });
    let site = HttpProxy::new(|_: &Request| "").pass("/", &origin);
    let (serving, _) = serve(site);
    let mut stream = connect(&serving);
    let ask = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: close\r\n\r\n";
    stream.write_all(ask.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let is_whole = answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok");
    assert!(is_whole, "{answer}");
    upstream.join().unwrap();
}

#[test]
fn the_end_of_one_direction_leaves_the_other() {
    // Says how much it heard once it has heard the end.
    let counting = wsgi::application(|_environ, start_response| {
        start_response.start("101 Switching Protocols", [("Upgrade", "count")])?;
        Ok(Body::upgrade(|mut connection| {
            let heard = io::copy(&mut connection.reader, &mut io::sink()).unwrap();
            write!(connection.writer, "{heard} bytes").unwrap();
        }))
    });
    let (_upstream, origin) = serve(counting);
    let (proxy, _) = serve(HttpProxy::new(|_: &Request| "").pass("/", &origin));
    let mut stream = connect(&proxy);
    let ask = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: count\r\n\r\n";
    // What comes right behind the head belongs to the other protocol already.
    stream.write_all([ask, "abc"].concat().as_bytes()).unwrap();
    stream.write_all(&vec![0; 1 << 20]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, said) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.to_lowercase().contains("connection: upgrade"),
        "{head}"
    );
    assert!(head.to_lowercase().contains("upgrade: count"), "{head}");
    assert_eq!(said, "1048579 bytes");
}

#[test]
fn who_vanishes_takes_the_other_side_along() {
    let [upstream, near, far] = chain();
    let mut client = open(connect(&near));
    client.send(Message::text("still there?")).unwrap();
    client.read().unwrap();
    drop(upstream);
    // Whatever the last word is, it comes, as the upstream is gone.
    while client.read().is_ok() {}
    drop((near, far));
}

#[test]
fn an_upgrade_goes_to_a_unix_socket_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("echo.sock");
    let address = devserve::net::Address::unix(&path);
    let _upstream = devserve::server::Server::new(example::app())
        .bind(&address)
        .unwrap();
    check_echo(open(UnixStream::connect(&path).unwrap()));
    let site = HttpProxy::new(|_: &Request| "").pass("/", &address.to_string());
    let (proxy, _) = serve(site);
    check_echo(open(connect(&proxy)));
}
