//! The engine on a real socket, byte for byte.

mod answers;
mod connections;
mod lives;
mod requests;
mod rules;
mod shortage;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use devserve::net::Address;
use devserve::server::{Server, Serving, Settings};
use devserve::wsgi::{App, Environ, Reply, Result};

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

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
}

/// Sends all, says that no more will come, and reads to the end.
fn talk(serving: &Serving, sent: &[u8]) -> String {
    talk_to(&serving.address().to_string(), sent)
}

fn talk_to(address: &str, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
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
