use std::io::{self, Read, Write};
use std::os::fd::IntoRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::LazyLock;

use devserve::http::Method;
use devserve::net::{Address, Listener};
use devserve::server::{Server, Serving};
use devserve::wsgi::{self, Body, Environ, Error, StartResponse};

use super::super::random::hash;

/// What the app does with a request. The words of its path say so: `/some/stream` reads some of
/// the body and answers with a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Play {
    pub(super) reads: Reads,
    pub(super) answers: Answers,
}

/// How much of the body is read before the answer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    All,
    Nothing,
    /// The first bytes, [`SOME`] of them if there are so many.
    Some,
}

/// How it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    Whole,
    /// In chunks, whose length nobody knows.
    Stream,
    /// By `write`, and the rest as a body.
    Write,
    /// With less than the `Content-Length` says.
    Short,
    /// With more.
    Long,
    /// With an error after the first chunk.
    Break,
    /// With a panic after the first chunk.
    Burst,
    /// With an error.
    Error,
    /// With a panic.
    Panic,
    /// 200, and a stream with nothing in it.
    Empty,
    /// 204.
    NoContent,
    /// 304.
    NotModified,
    /// And `Connection: close`.
    Close,
}

/// What [`Reads::Some`] reads.
pub(super) const SOME: usize = 3;

/// By how much [`Answers::Short`] and [`Answers::Long`] are wrong.
pub(super) const OFF_BY: usize = 5;

/// The server's answer where the app fails.
pub(super) const FAILED: &str = "500 Internal Server Error\n";

impl Play {
    pub(super) fn of(target: &[u8]) -> Self {
        let mut play = Self {
            reads: Reads::All,
            answers: Answers::Whole,
        };
        for word in target.split(|&byte| byte == b'/') {
            match word {
                b"none" => play.reads = Reads::Nothing,
                b"some" => play.reads = Reads::Some,
                b"stream" => play.answers = Answers::Stream,
                b"write" => play.answers = Answers::Write,
                b"short" => play.answers = Answers::Short,
                b"long" => play.answers = Answers::Long,
                b"break" => play.answers = Answers::Break,
                b"burst" => play.answers = Answers::Burst,
                b"error" => play.answers = Answers::Error,
                b"panic" => play.answers = Answers::Panic,
                b"empty" => play.answers = Answers::Empty,
                b"204" => play.answers = Answers::NoContent,
                b"304" => play.answers = Answers::NotModified,
                b"close" => play.answers = Answers::Close,
                _ => {} // part of another target
            }
        }
        play
    }
}

/// What the app saw of a request, as it says in every answer.
pub(super) fn seen(method: &Method, target: &[u8], body: &[u8]) -> String {
    let seen = [method.as_str().as_bytes(), b" ", target, b"\n", body].concat();
    format!("{:016x} {}", hash(&seen), body.len())
}

/// The body of every answer that has one.
pub(super) fn text(seen: &str) -> String {
    format!("seen {seen}\n")
}

fn play(environ: &mut Environ, start_response: &mut dyn StartResponse) -> wsgi::Result<Body> {
    let Play { reads, answers } = Play::of(environ.raw_target());
    let mut body = Vec::new();
    match reads {
        Reads::All => environ.input().read_to_end(&mut body)?,
        Reads::Some => environ.input().take(SOME as u64).read_to_end(&mut body)?,
        Reads::Nothing => 0,
    };
    let seen = seen(environ.method(), environ.raw_target(), &body);
    let text = text(&seen);
    let status = match answers {
        Answers::Error => return Err(io::Error::other("the app fails").into()),
        Answers::Panic => burst(),
        Answers::NoContent => "204 No Content",
        Answers::NotModified => "304 Not Modified",
        _ => "200 OK", // as usual
    };
    let mut headers = vec![("X-Seen".to_owned(), seen)];
    match answers {
        Answers::Short => {
            headers.push(("Content-Length".into(), (text.len() + OFF_BY).to_string()))
        }
        Answers::Long => headers.push(("Content-Length".into(), (text.len() - OFF_BY).to_string())),
        Answers::Close => headers.push(("Connection".into(), "close".into())),
        _ => {} // the server knows what to say
    }
    let mut writer = start_response.start(status, headers)?;
    let (one, other) = text.split_at(text.len() / 2);
    let chunks = [one.to_owned(), String::new(), other.to_owned()].map(Ok::<_, Error>);
    Ok(match answers {
        Answers::Stream => Body::chunks(chunks),
        Answers::Write => {
            writer.write_all(one.as_bytes())?;
            Body::from(other.to_owned())
        }
        Answers::Break => {
            let error = Err(io::Error::other("the app fails").into());
            Body::chunks([Ok(text), error])
        }
        Answers::Burst => Body::chunks(
            [Some(text), None]
                .into_iter()
                .map(|chunk| Ok(chunk.unwrap_or_else(|| burst()))),
        ),
        Answers::Empty => Body::chunks(Vec::<wsgi::Result<String>>::new()),
        _ => Body::from(text), // the head makes the difference
    })
}

/// A panic without a word: the hook, which libFuzzer ends the process in, does not hear of it.
fn burst() -> ! {
    std::panic::resume_unwind(Box::new("the app panics"))
}

/// The server of this process, and where it listens. Its name is in no folder, so that nothing
/// stays behind.
pub(super) static SERVER: LazyLock<(Serving, SocketAddr)> = LazyLock::new(|| {
    let name = format!("devserve-fuzz-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(name).expect("the name is short");
    let socket = UnixListener::bind_addr(&address).expect("the name is ours alone");
    let listener = Listener::bind(&Address::Fd(socket.into_raw_fd())).expect("it listens");
    let server = Server::new(wsgi::application(play));
    let serving = server.serve(listener).expect("there are threads to be had");
    (serving, address)
});
