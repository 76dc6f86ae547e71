use std::io::{self, Read};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::net::Stream;
use crate::wire::Incoming;

/// A request's body as an app reads it, from whichever thread it likes.
///
/// It waits with the body out of hand, so that the thread that answers is not held up: an
/// answer may begin while the request still comes in.
#[derive(Debug)]
pub(crate) struct Input {
    incoming: Arc<Mutex<Incoming>>,
    stream: Arc<Stream>,
}

impl Input {
    /// The body of `incoming`, which comes in on `stream`.
    pub(crate) fn new(incoming: Arc<Mutex<Incoming>>, stream: Arc<Stream>) -> Self {
        Self { incoming, stream }
    }
}

impl Read for Input {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        loop {
            let patience = {
                let mut incoming = Incoming::lock(&self.incoming);
                if let Some(read) = incoming.read_ready(place)? {
                    return Ok(read);
                }
                incoming.patience()
            };
            let began = Instant::now();
            let waited = self.stream.wait_readable(patience);
            Incoming::lock(&self.incoming).waited(began.elapsed(), waited)?;
        }
    }
}
