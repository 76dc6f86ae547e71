use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::net::RecvFlags;
use socket2::Socket;

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

    /// What has arrived, without waiting: `None` where nothing has, 0 at the end.
    pub(crate) fn read_ready(&self, buf: &mut [u8]) -> io::Result<Option<usize>> {
        match rustix::net::recv(&self.socket, &mut *buf, RecvFlags::DONTWAIT) {
            Ok((read, _)) => Ok(Some(read)),
            Err(rustix::io::Errno::AGAIN) => Ok(None),
            Err(rustix::io::Errno::INTR) => self.read_ready(buf),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads; waits for the first byte, at most for the read time-out (`WouldBlock`).
    pub(crate) fn read_some(&self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match (&self.socket).read(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
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

    /// How long a read may wait.
    pub(crate) fn set_read_timeout(&self, read: Option<Duration>) -> io::Result<()> {
        self.socket.set_read_timeout(read)
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
