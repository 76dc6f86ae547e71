//! Connections that leave HTTP.

use std::io::{Read, Write};
use std::net::Shutdown;

use devserve::wsgi::{self, Body};

use super::{check, connect, get, read_until, serve, talk};

const ASK: &str =
    "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n";

fn echo() -> impl wsgi::App {
    wsgi::application(|_environ, start_response| {
        start_response.start("101 Switching Protocols", [("Upgrade", "echo")])?;
        Ok(Body::upgrade(|connection| {
            let (mut reader, mut writer) = (connection.reader, connection.writer);
            writer.write_all(b"hello\n").unwrap();
            // Two threads at once, each with its half.
            let shouting = std::thread::spawn(move || {
                let mut byte = [0];
                while let Ok(1) = reader.read(&mut byte) {
                    writer.write_all(&[byte[0].to_ascii_uppercase()]).unwrap();
                }
            });
            shouting.join().unwrap();
        }))
    })
}

#[test]
fn a_handler_may_take_the_connection_as_two_halves() {
    let serving = serve(echo());
    let mut stream = connect(&serving);
    // What comes right behind the head belongs to the other protocol already.
    write!(stream, "{ASK}abc").unwrap();
    let head = read_until(&mut stream, "\r\n\r\n");
    check(
        &head,
        "101 Switching Protocols",
        &["Connection: upgrade\r\n", "Upgrade: echo\r\n"],
    );
    assert!(!head.contains("content-length"), "{head}");
    assert_eq!(read_until(&mut stream, "ABC"), "hello\nABC");
    stream.write_all(b"def").unwrap();
    assert_eq!(read_until(&mut stream, "DEF"), "DEF");
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(
        stream.read(&mut [0]).unwrap(),
        0,
        "it ends when its handler does"
    );
}

#[test]
fn who_has_not_asked_to_leave_http_is_not_made_to() {
    let serving = serve(echo());
    check(
        &talk(&serving, get("/echo").as_bytes()),
        "500 Internal Server Error",
        &[],
    );
    let serving = serve(wsgi::application(|_environ, start_response| {
        start_response.start("101 Switching Protocols", [("Upgrade", "echo")])?;
        Ok("no upgrade".into())
    }));
    check(
        &talk(&serving, ASK.as_bytes()),
        "500 Internal Server Error",
        &[],
    );
}
