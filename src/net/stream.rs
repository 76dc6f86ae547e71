use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
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
        let mut space = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
        loop {
            match rustix::net::recv(&self.socket, &mut space, RecvFlags::DONTWAIT) {
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
        loop {
            match rustix::net::recv(&self.socket, &mut *place, RecvFlags::DONTWAIT) {
                Ok((_, read)) => return Ok(Some(read)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until there is something to read, or the end.
    ///
    /// # Errors
    /// `TimedOut` after `patience`; the system's.
    pub(crate) fn wait_readable(&self, patience: Option<Duration>) -> io::Result<()> {
        wait(&mut [PollFd::new(&self.socket, PollFlags::IN)], patience)
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
        let mut sources = [
            PollFd::new(&self.socket, PollFlags::IN),
            PollFd::new(&other.socket, PollFlags::empty()), // a hang-up is told unasked
        ];
        wait(&mut sources, patience)?;
        Ok(sources[1].revents().is_empty())
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
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends the next `len` bytes of `file` without reading them into this process: how many
    /// were sent, 0 at the file's end, `None` where the system cannot do it for this file.
    pub(crate) fn send_file(&self, file: &File, len: u64) -> io::Result<Option<u64>> {
        let most = usize::try_from(len).unwrap_or(usize::MAX);
        loop {
            match rustix::fs::sendfile(&self.socket, file, None, most) {
                Ok(sent) => return Ok(Some(sent as u64)),
                Err(Errno::INTR) => {}
                Err(Errno::INVAL | Errno::NOSYS) => return Ok(None),
                Err(Errno::AGAIN) => return Err(io::ErrorKind::TimedOut.into()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// How long a write may wait.
    pub(crate) fn set_write_timeout(&self, patience: Duration) -> io::Result<()> {
        self.socket.set_write_timeout(Some(patience))
    }

    /// Ends one direction or both, for every thread that is at it.
    pub(crate) fn shutdown(&self, how: Shutdown) {
        // It fails where the other side has already gone, which is what was wanted.
        self.socket.shutdown(how).ok();
    }
}

/// Waits for the first event on any of `sources`.
fn wait(sources: &mut [PollFd<'_>], patience: Option<Duration>) -> io::Result<()> {
    let deadline = patience.map(|patience| Instant::now() + patience);
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(sources, left.as_ref()) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
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
