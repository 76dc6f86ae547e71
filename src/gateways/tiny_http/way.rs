use std::io::{self, Write};
use std::sync::Mutex;

use crate::gateways::tiny_http::connection::Connection;
use crate::gateways::tiny_http::incoming::Incoming;
use crate::http::h1::{Framing, Persistence};
use crate::serving;
use crate::wire::Outlet;

/// The way back to a client, which is there once the request was read.
pub(super) struct Way<'a> {
    pub(super) incoming: &'a Mutex<Incoming>,
    pub(super) connection: Connection,
    /// What the client would be told, if nothing in the answer spoke against it. Where it is
    /// told to close, it may be the only one that does.
    pub(super) persistence: Persistence,
}

impl serving::Way for Way<'_> {
    type Outlet = Writer;

    fn may_upgrade(&self) -> bool {
        false
    }

    fn can_close(&self) -> bool {
        self.connection != Connection::StaysOpen
    }

    fn open(&mut self) -> io::Result<(Writer, Persistence)> {
        let mut incoming = Incoming::lock(self.incoming);
        let writer = incoming.begin_answer().ok_or(io::ErrorKind::NotConnected)?;
        let persistence = match incoming.is_broken() {
            true => Persistence::Close, // where the next request begins is not known
            false => self.persistence,
        };
        Ok((writer, persistence))
    }
}

/// What `tiny_http` gives to answer on. While it is there, nothing else goes out on its
/// connection.
pub(super) struct Writer(pub(super) Box<dyn Write + Send>);

impl Outlet for Writer {
    fn send(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        self.0.write_all(&parts.concat())?;
        self.0.flush()
    }

    /// A client that reads chunks is told by one that is none. Any other must be left waiting,
    /// for what is written next on this connection would be taken for the rest: the writer
    /// must be kept.
    fn break_off(&mut self, framing: Framing) {
        if framing == Framing::Chunked {
            // Fails where the client has gone, who needs no telling.
            self.send(&[b"broken off\r\n"]).ok();
        }
    }
}
