use std::io::{self, Read};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::h1::{self, Fault, Framing, RequestHead, ResponseHead};
use crate::net::{Pace, Stream};
use crate::proxy::answer::{Answer, ProxyError};
use crate::proxy::upload::{PART_BYTES, send_part};
use crate::wire::{Incoming, Wire};

/// An upstream's answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) head: ResponseHead,
    pub(crate) body: AskedBody,
}

/// The body of an answer as it comes. Without it, the connection ends.
#[derive(Debug)]
pub(crate) struct AskedBody {
    incoming: Incoming,
    connection: Connection,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum AskError {
    /// The request's body broke off on its way in.
    Body(io::Error),
    /// The upstream ended the connection before an answer; `TimedOut` where it let us wait.
    NoAnswer(io::Error),
    /// The upstream's answer is no HTTP/1.1.
    Malformed(Fault),
}

/// Sends a request upstream on a connection for it alone, and returns the answer as soon as its
/// head is there. No wait for the upstream lasts longer than `patience`: for its taking what is
/// sent, for the answer behind the last of that, and for each next part of it.
///
/// The body goes there on a thread of its own, framed as the head says, which may still be at it
/// when the answer begins. It ends with its reader, or at the first byte that a connection no
/// longer takes.
pub(crate) fn ask(
    head: &RequestHead,
    body: impl Read + Send + 'static,
    upstream: Stream,
    patience: Duration,
) -> Result<Asked, AskError> {
    let pace = Pace::new(patience, 0);
    upstream.set_write_pace(pace);
    let wire = Wire::new(upstream);
    // From here on, whatever fails ends the connection and with it the upload.
    let connection = Connection(Some(Arc::clone(wire.stream())));
    let mut out = Vec::with_capacity(1024);
    let close: &[(&str, &[u8])] = match head.asks_upgrade() {
        true => &[],
        false => &[("connection", b"close")],
    };
    h1::write_request(&mut out, head, head.framing, close);
    let sent = wire.stream().write_all_parts(&[&out]);
    sent.map_err(AskError::NoAnswer)?;
    let upload = match head.framing {
        Framing::None => None,
        framing => Some(Upload::start(body, framing, wire.stream()).map_err(AskError::NoAnswer)?),
    };
    let wait = |stream: &Stream| wait(stream, upload.as_deref(), patience);
    match Answer::read(wire, head, pace, wait, || Ok(())) {
        Ok(Answer { head, body }) => Ok(Asked {
            head,
            body: AskedBody {
                incoming: body,
                connection,
            },
        }),
        Err(ProxyError::Malformed(fault)) => Err(AskError::Malformed(fault)),
        Err(ProxyError::NotTaken(error) | ProxyError::NoAnswer(error)) => {
            match upload.and_then(|upload| upload.fault()) {
                Some(fault) => Err(AskError::Body(fault)),
                None => Err(AskError::NoAnswer(error)),
            }
        }
    }
}

/// Waits for more of an answer; while a body still goes out, an upstream need not speak.
fn wait(stream: &Stream, upload: Option<&Upload>, patience: Duration) -> io::Result<()> {
    let mut since = Instant::now();
    loop {
        let left = (since + patience).saturating_duration_since(Instant::now());
        match stream.wait_readable(Some(left)) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                let heard_all = upload.map_or(Some(since), Upload::ended);
                match heard_all {
                    Some(ended) if ended <= since => return Err(error),
                    Some(ended) => since = ended,
                    None => since = Instant::now(),
                }
            }
            waited => return waited,
        }
    }
}

/// A body on its way to the upstream.
#[derive(Debug)]
struct Upload(Mutex<State>);

#[derive(Debug)]
enum State {
    Running,
    Ended {
        at: Instant,
        fault: Option<io::Error>,
    },
}

impl Upload {
    fn start(
        mut body: impl Read + Send + 'static,
        framing: Framing,
        upstream: &Arc<Stream>,
    ) -> io::Result<Arc<Self>> {
        let upload = Arc::new(Self(Mutex::new(State::Running)));
        let (of_thread, upstream) = (Arc::clone(&upload), Arc::clone(upstream));
        let run = move || {
            let fault = send(&mut body, framing, &upstream).err();
            let is_broken = fault.is_some();
            let at = Instant::now();
            *of_thread.state() = State::Ended { at, fault };
            if is_broken {
                // The upstream must not take it for the whole; it may still answer.
                upstream.shutdown(Shutdown::Write);
            }
        };
        thread::Builder::new()
            .name("devserve-upload".into())
            .spawn(run)?;
        Ok(upload)
    }

    /// When it came to its end; `None` while it goes on.
    fn ended(&self) -> Option<Instant> {
        match &*self.state() {
            State::Running => None,
            State::Ended { at, .. } => Some(*at),
        }
    }

    /// What went wrong with the body itself.
    fn fault(&self) -> Option<io::Error> {
        match &mut *self.state() {
            State::Running => None,
            State::Ended { fault, .. } => fault.take(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // It is replaced whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes a body on as it comes.
///
/// # Errors
/// Those of the body. An upstream that takes no more of it shows that by its answer.
fn send(body: &mut impl Read, framing: Framing, upstream: &Stream) -> io::Result<()> {
    let mut part = vec![0; PART_BYTES];
    let mut left = match framing {
        Framing::Length(len) => len,
        _ => u64::MAX,
    };
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(PART_BYTES);
        let len = match body.read(&mut part[..most]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if len == 0 && framing != Framing::Chunked {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if send_part(upstream, framing, &part[..len]).is_err() || len == 0 {
            return Ok(());
        }
        left -= len as u64;
    }
    Ok(())
}

impl AskedBody {
    /// The connection, once it has left HTTP.
    pub(crate) fn into_wire(mut self) -> Option<Wire> {
        self.connection.0 = None;
        let (wire, _) = self.incoming.reclaim(0, Duration::ZERO)?;
        Some(wire)
    }
}

impl Read for AskedBody {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        self.incoming.read(place)
    }
}

/// A connection that nobody needs once this is gone: both its directions end then, wherever
/// anybody waits for it.
#[derive(Debug)]
struct Connection(Option<Arc<Stream>>);

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(stream) = &self.0 {
            stream.shutdown(Shutdown::Both);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc;

    use super::*;
    use crate::http::h1::{Expectation, Persistence};
    use crate::http::{HeaderMap, Method, Target, Version};

    const PATIENCE: Duration = Duration::from_millis(300);

    /// Bodies whose second part takes longer than anybody waits for an upstream.
    struct Slow {
        parts: u8,
        go_on: mpsc::Receiver<()>,
    }

    impl Read for Slow {
        fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
            self.parts += 1;
            if self.parts == 2 {
                self.go_on.recv_timeout(3 * PATIENCE).ok();
            }
            place[0] = b'x';
            Ok(usize::from(self.parts <= 2))
        }
    }

    fn ask_slowly(go_on: mpsc::Receiver<()>) -> (Result<Asked, AskError>, UnixStream) {
        let (ours, mut other) = UnixStream::pair().unwrap();
        let head = RequestHead {
            method: Method::POST,
            target: Target::parse("/".into()).unwrap(),
            version: Version::HTTP_11,
            headers: HeaderMap::new(),
            framing: Framing::Chunked,
            persistence: Persistence::Close,
            expectation: Expectation::None,
        };
        let upstream = thread::spawn(move || {
            let mut heard = Vec::new();
            while !heard.ends_with(b"0\r\n\r\n") {
                let mut byte = [0];
                other.read_exact(&mut byte).unwrap();
                heard.push(byte[0]);
            }
            other.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            other
        });
        let body = Slow { parts: 0, go_on };
        let asked = ask(&head, body, Stream::from(ours), PATIENCE);
        (asked, upstream.join().unwrap())
    }

    #[test]
    fn an_upstream_need_not_speak_while_it_listens() {
        let (_never, go_on) = mpsc::channel();
        let (asked, _other) = ask_slowly(go_on);
        assert_eq!(asked.unwrap().head.status, 204);
    }

    #[test]
    fn the_connection_ends_with_the_answer() {
        let (tell, go_on) = mpsc::channel();
        tell.send(()).unwrap();
        let (asked, mut other) = ask_slowly(go_on);
        drop(asked.unwrap());
        assert_eq!(other.read(&mut [0]).unwrap(), 0);
    }
}
