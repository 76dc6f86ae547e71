use std::io::{self, IoSlice, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;
use rustix::io::Errno;
use rustix::net::RecvFlags;
use socket2::Socket;

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

/// A connection. Reads and writes block, and can go on in two threads at once.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
}

impl Stream {
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket }
    }

    /// Connects to the Unix socket at `path`.
    ///
    /// # Errors
    /// The system's.
    pub fn connect_unix(path: &Path) -> io::Result<Self> {
        Ok(Self {
            socket: UnixStream::connect(path)?.into(),
        })
    }

    /// Appends what has arrived to `buffer`, without waiting: `None` where nothing has, 0 at the
    /// end.
    pub(crate) fn read_ready(&self, buffer: &mut BytesMut) -> io::Result<Option<usize>> {
        self.receive(buffer, RecvFlags::DONTWAIT)
    }

    /// Appends what arrives next to `buffer`: 0 at the end.
    ///
    /// # Errors
    /// `TimedOut` after the read time-out; the system's.
    pub(crate) fn read_some(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        self.receive(buffer, RecvFlags::empty())?
            .ok_or(io::ErrorKind::TimedOut.into())
    }

    fn receive(&self, buffer: &mut BytesMut, flags: RecvFlags) -> io::Result<Option<usize>> {
        let mut space = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
        loop {
            match rustix::net::recv(&self.socket, &mut space, flags) {
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

    /// Reads what arrives next straight into `place`: 0 at the end.
    ///
    /// # Errors
    /// `TimedOut` after the read time-out; the system's.
    pub(crate) fn read_into(&self, place: &mut [u8]) -> io::Result<usize> {
        loop {
            match rustix::net::recv(&self.socket, &mut *place, RecvFlags::empty()) {
                Ok((_, read)) => return Ok(read),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Err(io::ErrorKind::TimedOut.into()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes all the parts, in order, in as few system calls as it takes.
    pub(crate) fn write_all_parts(&self, parts: &[&[u8]]) -> io::Result<()> {
        let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let mut slices = &mut slices[..];
        // Parts may be empty, and a write of nothing would read as a closed connection.
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            match (&self.socket).write_vectored(slices) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(sent) => IoSlice::advance_slices(&mut slices, sent),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// How long a read and a write may wait.
    pub(crate) fn set_timeouts(
        &self,
        read: Option<Duration>,
        write: Option<Duration>,
    ) -> io::Result<()> {
        self.socket.set_read_timeout(read)?;
        self.socket.set_write_timeout(write)
    }

    /// Ends one direction or both, for every thread that is at it.
    pub(crate) fn shutdown(&self, how: Shutdown) {
        // It fails where the other side has already gone, which is what was wanted.
        self.socket.shutdown(how).ok();
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self {
            socket: stream.into(),
        }
    }
}
