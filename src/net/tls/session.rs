use std::io::{self, IoSlice, Read, Write};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, ServerConnection};

use crate::net::line::Line;
use crate::net::tls::{Handshake, Identity, Trust};

/// The first byte of a client that speaks TLS: the type of its first record (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;
/// All types of records, with RFC 6520's. No HTTP method begins with one of them.
const RECORD_TYPES: RangeInclusive<u8> = 20..=24;
/// What the outbox keeps between two writes.
const OUTBOX_BYTES: usize = 4 << 10;

/// The TLS of one connection.
///
/// One thread may read while another writes: the state is locked only for as long as it takes
/// to seal or open what is at hand, never while the socket is waited for. Reading never waits,
/// so it does read the socket with the state in hand; that keeps records in their order.
//
// Lock order: `outbox`, then `state`. Whoever has the outbox has the word on the socket: what
// is sealed is sent in the order it was sealed.
#[derive(Debug)]
pub(in crate::net) struct Session {
    state: Mutex<Connection>,
    // Sealed, and not taken by the socket yet.
    outbox: Mutex<Vec<u8>>,
    // Whether TLS is spoken at all; unknown until the first byte.
    tongue: OnceLock<Tongue>,
    // Nothing may be said any more: it was said, or the connection is broken.
    is_over: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tongue {
    Tls,
    Plain,
}

impl Session {
    pub(in crate::net) fn new(identity: &Identity) -> io::Result<Self> {
        let state = ServerConnection::new(identity.config()).map_err(io::Error::other)?;
        Ok(Self::over(state.into(), OnceLock::new()))
    }

    /// The client's side, with a server that `trust` believes to be `host`: a name, or an
    /// address without brackets.
    pub(in crate::net) fn with_server(trust: &Trust, host: &str) -> io::Result<Self> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let config = trust.config().map_err(io::Error::other)?;
        let state = ClientConnection::new(config, name).map_err(io::Error::other)?;
        Ok(Self::over(state.into(), OnceLock::from(Tongue::Tls)))
    }

    fn over(state: Connection, tongue: OnceLock<Tongue>) -> Self {
        Self {
            state: Mutex::new(state),
            outbox: Mutex::default(),
            tongue,
            is_over: AtomicBool::new(false),
        }
    }

    /// Takes the handshake as far as what has arrived goes.
    pub(in crate::net) fn handshake(&self, line: &Line) -> io::Result<Handshake> {
        let tongue = match self.tongue.get() {
            Some(tongue) => *tongue,
            None => match line.peek_ready()? {
                None => return Ok(Handshake::Waiting),
                Some(None) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(Some(byte)) => {
                    let tongue = Tongue::of(byte)?;
                    *self.tongue.get_or_init(|| tongue)
                }
            },
        };
        if tongue == Tongue::Plain {
            return Ok(Handshake::Plain);
        }
        let (went, has_words) = {
            let mut state = lock(&self.state);
            (shake(&mut state, line), state.wants_write())
        };
        if went.is_err() {
            self.cut();
        }
        if has_words {
            self.flush_ready(line); // also the alert that says why not
        }
        went
    }

    /// Whether the other side speaks no TLS.
    pub(in crate::net) fn is_plain(&self) -> bool {
        self.tongue.get() == Some(&Tongue::Plain)
    }

    /// Whether there is something to read that the socket does not know of.
    pub(in crate::net) fn has_ready(&self) -> bool {
        match lock(&self.state).reader().into_first_chunk() {
            Ok(_) => true, // bytes, or the announced end
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    /// Takes what has arrived into `place`, without waiting: `None` where nothing has, 0 at the
    /// end that was announced.
    ///
    /// # Errors
    /// `UnexpectedEof` at an end that was not announced by a `close_notify`: something may be
    /// missing (RFC 8446 §6.1).
    pub(in crate::net) fn read_ready(
        &self,
        line: &Line,
        place: &mut [u8],
    ) -> io::Result<Option<usize>> {
        let (read, has_words) = {
            let mut state = lock(&self.state);
            (open(&mut state, line, place), state.wants_write())
        };
        if let Err(error) = &read
            && error.kind() == io::ErrorKind::InvalidData
        {
            self.cut();
        }
        if has_words {
            self.flush_ready(line);
        }
        read
    }

    /// Seals all the slices, in order, and sends them.
    pub(in crate::net) fn write_all(
        &self,
        line: &Line,
        mut slices: &mut [IoSlice<'_>],
    ) -> io::Result<()> {
        let mut outbox = lock(&self.outbox);
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            let mut state = lock(&self.state);
            if state.is_handshaking() {
                return Err(io::ErrorKind::NotConnected.into());
            }
            // It takes what fills a few records, and the rest in the next round.
            let taken = state.writer().write_vectored(slices)?;
            seal(&mut state, &mut outbox)?;
            drop(state);
            IoSlice::advance_slices(&mut slices, taken);
            self.send(line, &mut outbox)?;
        }
        if outbox.capacity() > OUTBOX_BYTES {
            *outbox = Vec::new(); // a connection may be idle for long after it
        }
        Ok(())
    }

    /// Says that this was all (`close_notify`), once all before it is sent.
    pub(in crate::net) fn close(&self, line: &Line) {
        let mut outbox = lock(&self.outbox);
        if self.seal_farewell(&mut outbox) {
            // Nobody is left to be told where it fails.
            self.send(line, &mut outbox).ok();
        }
    }

    /// From here on nothing is said, so that the other side can tell the end from a whole one.
    pub(in crate::net) fn cut(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// The same as [`close`](Self::close), where nobody has the time to wait for the other side.
    pub(in crate::net) fn farewell(&self, line: &Line) {
        let Ok(mut outbox) = self.outbox.try_lock() else {
            return; // in the middle of a write: no end to be announced
        };
        if self.seal_farewell(&mut outbox) {
            line.send_ready(&outbox).ok();
        }
    }

    /// Seals the `close_notify`, unless there is nothing to be said any more, or not yet.
    fn seal_farewell(&self, outbox: &mut Vec<u8>) -> bool {
        let mut state = lock(&self.state);
        if self.is_plain() || state.is_handshaking() || self.is_over.swap(true, Ordering::Relaxed) {
            return false;
        }
        state.send_close_notify();
        seal(&mut state, outbox).is_ok()
    }

    /// Sends what is sealed. A failure may come in the middle of a record: then all is over.
    fn send(&self, line: &Line, outbox: &mut Vec<u8>) -> io::Result<()> {
        let sent = line.send_all(&mut [IoSlice::new(outbox)]);
        outbox.clear();
        if sent.is_err() {
            self.cut();
        }
        sent
    }

    /// Sends what the state has to say by itself (handshake, key updates, alerts), as far as
    /// the socket takes it. A thread that is writing takes it along.
    fn flush_ready(&self, line: &Line) {
        let Ok(mut outbox) = self.outbox.try_lock() else {
            return;
        };
        if seal(&mut lock(&self.state), &mut outbox).is_err() {
            return self.cut();
        }
        match line.send_ready(&outbox) {
            // What is left goes with the next write; a handshake that needs it runs out of time.
            Ok(sent) => drop(outbox.drain(..sent)),
            Err(_) => self.cut(), // the next read or write tells whoever needs to know
        }
    }
}

impl Tongue {
    /// The language of a client that begins like this. A goodbye before the first word is an
    /// error: nothing will follow it, and rustls would wait for more.
    fn of(first_byte: u8) -> io::Result<Self> {
        match first_byte {
            HANDSHAKE => Ok(Self::Tls),
            byte if RECORD_TYPES.contains(&byte) => Err(io::ErrorKind::ConnectionAborted.into()),
            _ => Ok(Self::Plain), // a letter, or what is answered as bad HTTP
        }
    }
}

fn shake(state: &mut Connection, line: &Line) -> io::Result<Handshake> {
    while state.is_handshaking() {
        match state.read_tls(&mut Arriving(line)) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Ok(Handshake::Waiting);
            }
            Err(error) => return Err(error),
        }
        state.process_new_packets().map_err(broken)?;
    }
    Ok(Handshake::Done)
}

fn open(state: &mut Connection, line: &Line, place: &mut [u8]) -> io::Result<Option<usize>> {
    loop {
        match state.reader().read(place) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return read.map(Some),
        }
        match state.read_tls(&mut Arriving(line)) {
            Ok(_) => {} // at the end, the state knows of which kind it is
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
        state.process_new_packets().map_err(broken)?;
    }
}

fn seal(state: &mut Connection, outbox: &mut Vec<u8>) -> io::Result<()> {
    while state.wants_write() {
        state.write_tls(outbox)?;
    }
    Ok(())
}

fn broken(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// What has arrived on a socket; `WouldBlock` where nothing has.
struct Arriving<'a>(&'a Line);

impl Read for Arriving<'_> {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        self.0
            .recv_ready(place)?
            .ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }
}

/// A panic while one of ours is held leaves a connection that is broken, which it says itself.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
