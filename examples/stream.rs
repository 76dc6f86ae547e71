//! Answers that are made while they are sent.
//!
//! `devserve run --example stream`, then:
//!
//! ```text
//! curl -N http://127.0.0.1:8000/count     # a line each half second, each sent at once
//! curl -N http://127.0.0.1:8000/events    # the same as server-sent events
//! curl -T Cargo.toml http://127.0.0.1:8000/shout    # the upload comes back in capitals
//! curl -N http://127.0.0.1:8000/broken    # fails half-way: curl notices
//! ```

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use devserve::exceptions::HttpException;
use devserve::wsgi::{Body, BodyWriter};
use devserve::{Request, Response, Result};

pub(crate) fn app(request: &Request) -> Result<Response> {
    match &*request.path() {
        "/" => Ok(Response::text("try /count, /events, /shout and /broken\n")),
        "/count" => Ok(Response::stream((1..=5).map(|number| {
            pause();
            Ok(format!("{number}\n"))
        }))
        .content_type("text/plain; charset=utf-8")),
        "/events" => Ok(Response::new("text/event-stream", Body::writer(events))),
        "/shout" => Ok(Response::reader(Shout(request.stream())).content_type("text/plain")),
        "/broken" => Ok(Response::stream([
            Ok("so far so good\n"),
            Err("and then this".into()),
        ])),
        _ => Err(HttpException::not_found().into()),
    }
}

/// A producer writes; each flush is a chunk on the wire.
fn events(out: &mut BodyWriter<'_>) -> Result<()> {
    for number in 1..=5 {
        pause();
        write!(out, "data: {number}\n\n")?;
        out.flush()?;
    }
    Ok(())
}

/// A reader is read while its bytes are sent, here from the request's own body.
struct Shout<R>(R);

impl<R: Read> Read for Shout<R> {
    fn read(&mut self, place: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(place)?;
        place[..read].make_ascii_uppercase();
        Ok(read)
    }
}

fn pause() {
    thread::sleep(Duration::from_millis(500));
}

fn main() -> Result<()> {
    devserve::run(app)
}
