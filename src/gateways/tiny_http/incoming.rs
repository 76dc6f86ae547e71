use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tiny_http::Request;

use crate::gateways::tiny_http::connection::Connection;
use crate::gateways::tiny_http::way::Writer;
use crate::http::h1::{Fault, Framing, Limits};

/// A request's body, as long as there is no answer: `tiny_http` gives the way back only for
/// the request itself.
pub(super) struct Incoming {
    request: Option<Request>,
    rest: Rest,
    limit: u64,
}

/// What is still to come of a body.
enum Rest {
    /// So many bytes.
    Length(u64),
    /// What `tiny_http` makes of the chunks; no more than so many bytes.
    Chunks(u64),
    /// Nothing.
    Done,
    /// Nothing that can be understood.
    Broken(Fault),
    /// What there was has been read away.
    ReadAway,
}

impl Incoming {
    /// The body of `request`, which is cut by `framing`.
    pub(super) fn new(request: Request, framing: Framing, limits: &Limits) -> Self {
        let limit = limits.body_bytes;
        let rest = match framing {
            Framing::None => Rest::Done,
            Framing::Length(len) => Rest::Length(len),
            Framing::Chunked | Framing::UntilClose => Rest::Chunks(limit),
        };
        Self {
            request: Some(request),
            rest,
            limit,
        }
    }

    /// The body of a request that is refused, as `tiny_http` has cut it.
    pub(super) fn of_refused(request: Request, connection: Connection) -> Self {
        let rest = match connection {
            Connection::EndsUnframed => Rest::Done,
            Connection::StaysOpen | Connection::Ends => Rest::Chunks(u64::MAX), // read to its end, whatever that is
        };
        Self {
            request: Some(request),
            rest,
            limit: u64::MAX,
        }
    }

    pub(super) fn lock(this: &Mutex<Self>) -> MutexGuard<'_, Self> {
        this.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the body broke off, or its framing.
    pub(super) fn is_broken(&self) -> bool {
        matches!(self.rest, Rest::Broken(_))
    }

    /// The way back, once. What is left of the body is read away first, or it would be taken
    /// for a request.
    pub(super) fn begin_answer(&mut self) -> Option<Writer> {
        let was_whole = matches!(self.rest, Rest::Done);
        let mut waste = [0; 8 << 10];
        loop {
            match self.read_some(&mut waste) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
                _ => {} // there may be more
            }
        }
        if !was_whole && !self.is_broken() {
            self.rest = Rest::ReadAway;
        }
        self.request
            .take()
            .map(|request| Writer(request.into_writer()))
    }

    fn read_some(&mut self, place: &mut [u8]) -> io::Result<usize> {
        let most = match &self.rest {
            Rest::Length(left) => usize::try_from(*left).unwrap_or(usize::MAX),
            // One byte more than may come, to see that it does.
            Rest::Chunks(left) => usize::try_from(left.saturating_add(1)).unwrap_or(usize::MAX),
            Rest::Done => 0,
            Rest::Broken(fault) => return Err(fault_of(fault)),
            Rest::ReadAway => {
                return Err(io::Error::other(
                    "the answer has begun, and tiny_http gives no more of the request",
                ));
            }
        };
        let most = most.min(place.len());
        let Some(request) = self.request.as_mut().filter(|_| most > 0) else {
            return Ok(0); // to its reader, a read of nothing would be the end
        };
        match request.as_reader().read(&mut place[..most]) {
            Ok(0) => self.end(),
            Ok(read) => {
                let read_bytes = read as u64;
                self.rest = match self.rest {
                    Rest::Length(left) if left == read_bytes => Rest::Done,
                    Rest::Length(left) => Rest::Length(left - read_bytes),
                    Rest::Chunks(left) if left < read_bytes => {
                        return self.breaks(Fault::BodyTooLong { limit: self.limit });
                    }
                    Rest::Chunks(left) => Rest::Chunks(left - read_bytes),
                    _ => return Ok(read), // nothing was asked for
                };
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => self.breaks(Fault::Chunk),
            Err(error) => Err(error),
        }
    }

    fn end(&mut self) -> io::Result<usize> {
        match self.rest {
            Rest::Length(_) => self.breaks(Fault::Cut),
            _ => {
                self.rest = Rest::Done;
                Ok(0)
            }
        }
    }

    fn breaks(&mut self, fault: Fault) -> io::Result<usize> {
        let error = fault_of(&fault);
        self.rest = Rest::Broken(fault);
        Err(error)
    }
}

fn fault_of(fault: &Fault) -> io::Error {
    let kind = match fault {
        Fault::Cut => io::ErrorKind::UnexpectedEof,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, fault.clone())
}

/// A request's body as an app reads it.
pub(super) struct Input(pub(super) Arc<Mutex<Incoming>>);

impl Read for Input {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        Incoming::lock(&self.0).read_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiny_http::TestRequest;

    fn incoming(body: &'static str, len: u64) -> Arc<Mutex<Incoming>> {
        // `TestRequest` says the length of its body by itself; ours is what the head said.
        let request = TestRequest::new().with_body(body).into();
        Arc::new(Mutex::new(Incoming::new(
            request,
            Framing::Length(len),
            &Limits::default(),
        )))
    }

    #[test]
    fn a_body_that_is_cut_short_does_not_look_whole() {
        let shared = incoming("tea", 5);
        let mut text = String::new();
        let error = Input(Arc::clone(&shared)).read_to_string(&mut text);
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(Incoming::lock(&shared).is_broken());
    }

    #[test]
    fn what_was_read_away_is_no_quiet_end() {
        let shared = incoming("tea", 3);
        let mut input = Input(Arc::clone(&shared));
        input.read_exact(&mut [0]).unwrap();
        assert!(Incoming::lock(&shared).begin_answer().is_some());
        assert!(input.read(&mut [0]).is_err());
        let whole = incoming("tea", 3);
        let mut input = Input(Arc::clone(&whole));
        input.read_exact(&mut [0; 3]).unwrap();
        assert!(Incoming::lock(&whole).begin_answer().is_some());
        assert_eq!(input.read(&mut [0]).unwrap(), 0);
    }
}
