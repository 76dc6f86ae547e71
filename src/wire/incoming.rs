use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::http::h1::{BodyDecoder, Decoded, Expectation, Fault, Framing, Limits};
use crate::net::Pace;
use crate::wire::Wire;

/// A message's body as it comes in. It reads no further than the body goes, and a body that
/// breaks off or breaks its framing is an error, never a quiet end.
#[derive(Debug)]
pub(crate) struct Incoming {
    // `None` once the exchange is over and the wire went back.
    wire: Option<Wire>,
    decoder: BodyDecoder,
    // Whether the other side waits to be told to go on; told at the first read.
    expectation: Expectation,
    // A fault ends the body for good; every later read says so again.
    fault: Option<Fault>,
    pace: Pace,
}

/// Why a wire cannot carry another message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// More of the body is to come than is worth reading away.
    TooMuch,
    /// The body was broken, or reading it failed.
    Broken,
}

impl Incoming {
    pub(crate) fn new(
        wire: Wire,
        framing: Framing,
        expectation: Expectation,
        limits: &Limits,
        pace: Pace,
    ) -> Self {
        let decoder = BodyDecoder::new(framing, limits);
        Self {
            wire: Some(wire),
            decoder,
            expectation,
            fault: None,
            pace,
        }
    }

    /// A shared body, for a moment: nobody waits for bytes with it in hand.
    pub(crate) fn lock(shared: &Mutex<Self>) -> MutexGuard<'_, Self> {
        // Whoever panicked has left it whole: no state changes half-way.
        shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the next wait for bytes may last.
    pub(crate) fn patience(&self) -> Option<Duration> {
        self.pace.patience()
    }

    /// Takes in how a wait for bytes went. A body whose rest cannot be waited for any longer
    /// has ended.
    pub(crate) fn waited(&mut self, elapsed: Duration, waited: io::Result<()>) -> io::Result<()> {
        self.pace.waited(elapsed);
        waited.inspect_err(|_| self.give_up())
    }

    /// The answer is on its way, so nobody is told to go on any more (RFC 9110 §10.1.1).
    pub(crate) fn answered(&mut self) -> Expectation {
        std::mem::replace(&mut self.expectation, Expectation::None)
    }

    /// Whether all of the body was read.
    pub(crate) fn is_done(&self) -> bool {
        self.decoder.is_done()
    }

    /// Whether all of the body has arrived, so that reading it will not wait.
    pub(crate) fn is_at_hand(&self) -> bool {
        let arrived = self
            .wire
            .as_ref()
            .map_or(0, |wire| wire.arrived().len() as u64);
        self.decoder.remaining().is_some_and(|rest| rest <= arrived)
    }

    /// Whether no more than `most` bytes are to come, as far as the framing says.
    pub(crate) fn rest_within(&self, most: u64) -> bool {
        self.fault.is_none() && self.decoder.remaining().is_none_or(|rest| rest <= most)
    }

    /// Gives the wire back, for the next message or to be closed: `Err` says why it must be
    /// closed. A rest of at most `most` bytes is read away first, in no more time than
    /// `patience`.
    pub(crate) fn reclaim(
        &mut self,
        most: u64,
        patience: Duration,
    ) -> Option<(Wire, Result<(), Unread>)> {
        let drained = match self.is_done() {
            true => Ok(()),
            false => self.drain(most, Instant::now() + patience),
        };
        self.wire.take().map(|wire| (wire, drained))
    }

    fn drain(&mut self, most: u64, deadline: Instant) -> Result<(), Unread> {
        let mut left = most;
        let mut scratch = [0; 4 << 10];
        while !self.is_done() {
            if self.fault.is_some() {
                return Err(Unread::Broken);
            }
            let waits = self.expectation == Expectation::Continue;
            if waits || left == 0 || self.decoder.remaining().is_some_and(|rest| rest > left) {
                return Err(Unread::TooMuch);
            }
            self.pace = Pace::new(deadline.saturating_duration_since(Instant::now()), 0);
            match self.read(&mut scratch) {
                Ok(read) => left = left.saturating_sub(read as u64),
                Err(_) => return Err(Unread::Broken), // whatever it was, the place is lost
            }
        }
        Ok(())
    }

    /// Ends a body whose rest cannot be waited for any longer.
    pub(crate) fn give_up(&mut self) {
        self.fault.get_or_insert(Fault::Cut);
    }

    /// Reads what is there, without waiting: `None` where nothing is, 0 at the end.
    pub(crate) fn read_ready(&mut self, place: &mut [u8]) -> io::Result<Option<usize>> {
        let Some(wire) = &mut self.wire else {
            return Err(io::Error::other(
                "the request is over; its body can no longer be read",
            ));
        };
        if let Some(fault) = &self.fault {
            return Err(io::Error::new(io::ErrorKind::InvalidData, fault.clone()));
        }
        if place.is_empty() {
            return Ok(Some(0));
        }
        loop {
            match self.decoder.decode(wire.arrived()) {
                Err(fault) => {
                    self.fault = Some(fault.clone());
                    return Err(io::Error::new(io::ErrorKind::InvalidData, fault));
                }
                Ok(Decoded::End { skip }) => {
                    wire.advance(skip);
                    return Ok(Some(0));
                }
                Ok(Decoded::Data { skip, len }) => {
                    wire.advance(skip);
                    let len = len.min(place.len());
                    place[..len].copy_from_slice(&wire.arrived()[..len]);
                    wire.advance(len);
                    self.decoder.took(len);
                    return Ok(Some(len));
                }
                Ok(Decoded::More { skip }) => wire.advance(skip),
            }
            if self.expectation == Expectation::Continue {
                self.expectation = Expectation::None;
                wire.stream()
                    .write_all_parts(&[b"HTTP/1.1 100 Continue\r\n\r\n"])?;
            }
            // A long rest of known length needs no detour through the buffer.
            let direct = match self.decoder.remaining() {
                Some(rest) if wire.arrived().is_empty() => {
                    usize::try_from(rest).unwrap_or(usize::MAX).min(place.len())
                }
                _ => 0, // chunked, or bytes of it are waiting
            };
            let read = match direct {
                0 => wire.fill_ready(),
                len => wire.stream().read_ready_into(&mut place[..len]),
            };
            match read {
                Ok(None) => return Ok(None),
                Ok(Some(0)) if self.decoder.ends_at_close() => return Ok(Some(0)),
                Ok(Some(0)) => {
                    self.fault = Some(Fault::Cut);
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, Fault::Cut));
                }
                Ok(Some(len)) if direct > 0 => {
                    self.pace.moved(len);
                    self.decoder.took(len);
                    return Ok(Some(len));
                }
                Ok(Some(len)) => self.pace.moved(len),
                Err(error) => {
                    self.fault = Some(Fault::Cut);
                    return Err(error);
                }
            }
        }
    }
}

impl Read for Incoming {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(read) = self.read_ready(place)? {
                return Ok(read);
            }
            if let Some(wire) = &self.wire {
                let began = Instant::now();
                let waited = wire.stream().wait_readable(self.patience());
                self.waited(began.elapsed(), waited)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::net::Stream;

    const SOON: Duration = Duration::from_millis(10);

    fn incoming(sent: &str, framing: Framing, expectation: Expectation) -> (Incoming, UnixStream) {
        let (mut other, ours) = UnixStream::pair().unwrap();
        other.write_all(sent.as_bytes()).unwrap();
        let wire = Wire::new(Stream::from(ours));
        (
            Incoming::new(
                wire,
                framing,
                expectation,
                &Limits::default(),
                Pace::unhurried(),
            ),
            other,
        )
    }

    fn read(incoming: &mut Incoming) -> io::Result<String> {
        let mut text = String::new();
        incoming.read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn reads_the_body_and_leaves_the_next_message() {
        let sent = "3\r\nabc\r\n0\r\n\r\nGET";
        let (mut body, _other) = incoming(sent, Framing::Chunked, Expectation::None);
        assert_eq!(read(&mut body).unwrap(), "abc");
        let (wire, drained) = body.reclaim(0, SOON).unwrap();
        assert_eq!((wire.arrived(), drained), (&b"GET"[..], Ok(())));
        assert!(read(&mut body).unwrap_err().to_string().contains("over"));
    }

    #[test]
    fn a_body_that_breaks_off_is_an_error_each_time() {
        let (mut body, other) = incoming("abc", Framing::Length(9), Expectation::None);
        other.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(
            read(&mut body).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
        assert!(read(&mut body).is_err());
        assert_eq!(body.reclaim(99, SOON).unwrap().1, Err(Unread::Broken));
    }

    #[test]
    fn says_go_on_at_the_first_read_only() {
        let (mut body, mut other) = incoming("", Framing::Length(3), Expectation::Continue);
        let reader = std::thread::spawn(move || read(&mut body).unwrap());
        let mut told = [0; 25];
        other.read_exact(&mut told).unwrap();
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
        other.write_all(b"abc").unwrap();
        assert_eq!(reader.join().unwrap(), "abc");
    }

    #[test]
    fn a_small_rest_is_read_away_and_a_large_one_is_not() {
        let (mut body, _other) = incoming("abcdeGET", Framing::Length(5), Expectation::None);
        let (mut wire, drained) = body.reclaim(5, SOON).unwrap();
        wire.fill_ready().unwrap();
        assert_eq!((wire.arrived(), drained), (&b"GET"[..], Ok(())));
        let (mut body, _other) = incoming("abcdeGET", Framing::Length(5), Expectation::None);
        assert_eq!(body.reclaim(4, SOON).unwrap().1, Err(Unread::TooMuch));
        let (mut body, _other) = incoming("", Framing::Length(5), Expectation::Continue);
        assert_eq!(
            body.reclaim(9, SOON).unwrap().1,
            Err(Unread::TooMuch),
            "it was never sent"
        );
        let (mut body, _other) = incoming("abc", Framing::Length(5), Expectation::None);
        assert_eq!(
            body.reclaim(9, SOON).unwrap().1,
            Err(Unread::Broken),
            "it does not come"
        );
    }
}
