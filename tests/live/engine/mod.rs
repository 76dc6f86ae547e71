//! The engine on a real socket, byte for byte; or the second one, where `tiny_http` asks.

mod answers;
mod connections;
mod faults;
mod leaks;
mod lives;
mod requests;
mod rules;
mod shortage;
mod signals;
mod threads;
#[cfg(feature = "tiny-http")]
mod tiny_http;
mod upgrade;
pub(crate) mod websocket;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use devserve::http::h1::Limits;
use devserve::net::{Address, BindError};
use devserve::server::{self, Record, Serving, Settings};
use devserve::wsgi::{App, Environ, Reply, Result};

const PATIENCE: Duration = Duration::from_secs(10);

/// The builder of the engine under test.
struct Server {
    app: Box<dyn App>,
    settings: Settings,
    sink: Box<dyn Fn(&Record) + Send + Sync>,
}

impl Server {
    fn new(app: impl App) -> Self {
        Self {
            app: Box::new(app),
            settings: Settings::default(),
            sink: Box::new(|_| {}),
        }
    }

    fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    fn workers(mut self, workers: usize) -> Self {
        self.settings.workers = workers;
        self
    }

    fn connections(mut self, connections: usize) -> Self {
        self.settings.connections = connections;
        self
    }

    fn records(mut self, sink: impl Fn(&Record) + Send + Sync + 'static) -> Self {
        self.sink = Box::new(sink);
        self
    }

    fn bind(self, address: &Address) -> std::result::Result<Serving, BindError> {
        #[cfg(feature = "tiny-http")]
        if tiny_http::is_under_test() {
            return tiny_http::bind(self, address);
        }
        let server = server::Server::new(self.app).settings(self.settings);
        server.records(self.sink).bind(address)
    }
}

/// Whether the engine under test keeps this case of a rule.
fn is_met(case: &[u8]) -> bool {
    #[cfg(feature = "tiny-http")]
    if tiny_http::is_under_test() {
        return tiny_http::is_met(case);
    }
    !case.is_empty()
}

/// Whether nothing behind a request that was refused is taken for another.
fn ends_what_it_refuses() -> bool {
    #[cfg(feature = "tiny-http")]
    if tiny_http::is_under_test() {
        return false;
    }
    true
}

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
