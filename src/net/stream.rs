use std::fs::File;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::RecvFlags;
use socket2::Socket;

use crate::net::Pace;
use crate::net::line::{Line, wait};
use crate::net::tls::{Handshake, Identity, Session, Trust};

/// What one read takes at most: most requests whole.
const READ_BYTES: usize = 8 << 10;

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Somebody with an address.
    Tcp(SocketAddr),
    /// A process of this machine.
    Unix,
}

impl Peer {
    /// The address, where there is one.
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(address),
            Self::Unix => None,
        }
    }
}

/// A connection, plain or with TLS. Reads and writes block, and can go on in two threads at
/// once.
#[derive(Debug)]
pub struct Stream {
    line: Line,
    session: Option<Box<Session>>,
}

impl Stream {
    pub(crate) fn new(socket: Socket) -> Self {
        Self {
            line: Line::new(socket),
            session: None,
        }
    }

    /// A connection that begins with a [`handshake`](Self::handshake).
    pub(crate) fn with_tls(socket: Socket, identity: &Identity) -> io::Result<Self> {
        let session = Some(Box::new(Session::new(identity)?));
        let line = Line::new(socket);
        Ok(Self { line, session })
    }

    /// The client's end of a connection that begins with a [`handshake`](Self::handshake).
    pub(crate) fn with_server(socket: Socket, trust: &Trust, host: &str) -> io::Result<Self> {
        let session = Some(Box::new(Session::with_server(trust, host)?));
        let line = Line::new(socket);
        Ok(Self { line, session })
    }

    /// Connects to the Unix socket at `path`.
    ///
    /// # Errors
    /// The system's.
    pub fn connect_unix(path: &Path) -> io::Result<Self> {
        Ok(Self::new(UnixStream::connect(path)?.into()))
    }

    /// Whether there is a handshake before the first byte.
    pub(crate) fn begins_with_handshake(&self) -> bool {
        self.session.is_some()
    }

    /// Takes the handshake as far as what has arrived goes, without waiting. To be called
    /// again when more has, until it is done.
    ///
    /// # Errors
    /// The system's; where the two sides come to no agreement; at the end.
    pub(crate) fn handshake(&self) -> io::Result<Handshake> {
        match &self.session {
            None => Ok(Handshake::Done),
            Some(session) => session.handshake(&self.line),
        }
    }

    /// Whether the other side speaks plainly where TLS was awaited. So do we, then.
    pub(crate) fn is_misdirected(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| session.is_plain())
    }

    /// The TLS that is spoken.
    fn session(&self) -> Option<&Session> {
        self.session
            .as_deref()
            .filter(|session| !session.is_plain())
    }

    /// Appends what has arrived to `buffer`, without waiting: `None` where nothing has, 0 at the
    /// end.
    pub(crate) fn read_ready(&self, buffer: &mut BytesMut) -> io::Result<Option<usize>> {
        if let Some(session) = self.session() {
            let mut space = [0; READ_BYTES];
            let read = session.read_ready(&self.line, &mut space)?;
            buffer.extend_from_slice(&space[..read.unwrap_or(0)]);
            return Ok(read);
        }
        let mut space = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
        loop {
            match rustix::net::recv(&self.line, &mut space, RecvFlags::DONTWAIT) {
                Ok(((arrived, _), _)) => {
                    buffer.extend_from_slice(arrived);
                    return Ok(Some(arrived.len()));
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes what has arrived straight into `place`, without waiting: `None` where nothing has,
    /// 0 at the end.
    pub(crate) fn read_ready_into(&self, place: &mut [u8]) -> io::Result<Option<usize>> {
        match self.session() {
            Some(session) => session.read_ready(&self.line, place),
            None => self.line.recv_ready(place),
        }
    }

    /// Whether there is something to read that the kernel does not know of.
    pub(crate) fn has_ready(&self) -> bool {
        self.session().is_some_and(Session::has_ready)
    }

    /// Waits until there is something to read, or the end.
    ///
    /// # Errors
    /// `TimedOut` after `patience`; the system's.
    pub(crate) fn wait_readable(&self, patience: Option<Duration>) -> io::Result<()> {
        match self.has_ready() {
            true => Ok(()),
            false => wait(&mut [PollFd::new(&self.line, PollFlags::IN)], patience),
        }
    }

    /// Waits until there is something to read, or the end; but not longer than `other` is
    /// there: `false` once both its directions have ended.
    ///
    /// # Errors
    /// `TimedOut` after `patience`; the system's.
    #[cfg(feature = "dev")]
    pub(crate) fn wait_readable_while(
        &self,
        other: &Self,
        patience: Option<Duration>,
    ) -> io::Result<bool> {
        if self.has_ready() {
            return Ok(true);
        }
        let mut sources = [
            PollFd::new(&self.line, PollFlags::IN),
            PollFd::new(&other.line, PollFlags::empty()), // a hang-up is told unasked
        ];
        wait(&mut sources, patience)?;
        Ok(sources[1].revents().is_empty())
    }

    /// Writes all the parts, in order, in as few system calls as it takes.
    pub(crate) fn write_all_parts(&self, parts: &[&[u8]]) -> io::Result<()> {
        let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
        match self.session() {
            Some(session) => session.write_all(&self.line, &mut slices),
            None => self.line.send_all(&mut slices),
        }
    }

    /// Sends the next `len` bytes of `file` without reading them into this process: how many
    /// were sent, 0 at the file's end, `None` where the system cannot do it for this file.
    pub(crate) fn send_file(&self, file: &File, len: u64) -> io::Result<Option<u64>> {
        if self.session().is_some() {
            return Ok(None); // what is to be encrypted has to pass through here
        }
        self.line.send_file(file, len)
    }

    /// How slowly the other side may take what is written.
    pub(crate) fn set_write_pace(&self, pace: Pace) {
        self.line.set_pace(pace);
    }

    /// Says that this was all, where there is a way to say so: TLS has words for it. Without
    /// them, the other side must take an end for an accident.
    pub(crate) fn close(&self) {
        if let Some(session) = self.session() {
            session.close(&self.line);
        }
    }

    /// The same as [`close`](Self::close), where nobody has the time to wait for the other side.
    /// In the middle of somebody's write there is no end to be announced.
    pub(crate) fn farewell(&self) {
        if let Some(session) = self.session() {
            session.farewell(&self.line);
        }
    }

    /// Ends one direction or both, for every thread that is at it. The end of both is a cut:
    /// with TLS, the other side can tell it from the end of a whole answer.
    pub(crate) fn shutdown(&self, how: Shutdown) {
        match (self.session(), how) {
            (Some(session), Shutdown::Both) => session.cut(),
            (Some(session), Shutdown::Write) => session.close(&self.line),
            (Some(_), Shutdown::Read) | (None, _) => {}
        }
        // It fails where the other side has already gone, which is what was wanted.
        self.line.socket().shutdown(how).ok();
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.farewell();
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.line.as_fd()
    }
}

impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self::new(stream.into())
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self::new(stream.into())
    }
}
