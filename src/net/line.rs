use std::fs::File;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use socket2::Socket;

use crate::net::Pace;

/// A connected socket, whose other side may take only so long.
#[derive(Debug)]
pub(super) struct Line {
    socket: Socket,
    // How slowly what is written may be taken.
    pace: Mutex<Pace>,
}

impl Line {
    pub(super) fn new(socket: Socket) -> Self {
        // It cannot fail for an open socket; and no call but `sendfile` would block if it did.
        socket.set_nonblocking(true).ok();
        let pace = Mutex::new(Pace::unhurried());
        Self { socket, pace }
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// How slowly the other side may take what is written from now on.
    pub(super) fn set_pace(&self, pace: Pace) {
        *self.pace() = pace;
    }

    /// Takes what has arrived into `place`, without waiting: `None` where nothing has, 0 at the
    /// end.
    pub(super) fn recv_ready(&self, place: &mut [u8]) -> io::Result<Option<usize>> {
        self.recv(place, RecvFlags::DONTWAIT)
    }

    /// The next byte to arrive, which stays: `None` where nothing has, `Some(None)` at the end.
    #[cfg_attr(
        not(feature = "tls"),
        expect(dead_code, reason = "only a handshake looks before it reads")
    )]
    pub(super) fn peek_ready(&self) -> io::Result<Option<Option<u8>>> {
        let mut byte = [0];
        let read = self.recv(&mut byte, RecvFlags::DONTWAIT | RecvFlags::PEEK)?;
        Ok(read.map(|read| (read > 0).then_some(byte[0])))
    }

    fn recv(&self, place: &mut [u8], flags: RecvFlags) -> io::Result<Option<usize>> {
        loop {
            match rustix::net::recv(&self.socket, &mut *place, flags) {
                Ok((_, read)) => return Ok(Some(read)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Writes all the slices, in order, in as few system calls as it takes.
    ///
    /// # Errors
    /// `TimedOut` where the other side takes it too slowly; the system's.
    pub(super) fn send_all(&self, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        // Slices may be empty, and a write of nothing would read as a closed connection.
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match rustix::net::sendmsg(&self.socket, slices, &mut no_ancillary(), flags) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(sent) => {
                    IoSlice::advance_slices(&mut slices, sent);
                    if !slices.is_empty() {
                        self.wait_writable(sent)?;
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait_writable(0)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Writes as much of `bytes` as the socket takes without waiting.
    #[cfg_attr(
        not(feature = "tls"),
        expect(dead_code, reason = "only TLS has words of its own")
    )]
    pub(super) fn send_ready(&self, bytes: &[u8]) -> io::Result<usize> {
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        match rustix::net::send(&self.socket, bytes, flags) {
            Ok(sent) => Ok(sent),
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends at most `len` bytes of `file` from where it stands: how many were sent, 0 at its
    /// end, `None` where the system cannot do it for this file.
    ///
    /// # Errors
    /// The same as [`send_all`](Self::send_all).
    pub(super) fn send_file(&self, file: &File, len: u64) -> io::Result<Option<u64>> {
        let most = usize::try_from(len).unwrap_or(usize::MAX);
        loop {
            match rustix::fs::sendfile(&self.socket, file, None, most) {
                Ok(sent) => {
                    self.pace().moved(sent);
                    return Ok(Some(sent as u64));
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait_writable(0)?,
                Err(Errno::INVAL | Errno::NOSYS) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until the other side has made room, after it took `sent` bytes.
    fn wait_writable(&self, sent: usize) -> io::Result<()> {
        let patience = {
            let mut pace = self.pace();
            pace.moved(sent);
            pace.patience()
        };
        let began = Instant::now();
        let waited = wait(&mut [PollFd::new(&self.socket, PollFlags::OUT)], patience);
        self.pace().waited(began.elapsed());
        waited
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        // Nothing that can panic runs under this lock.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Line {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn no_ancillary() -> rustix::net::SendAncillaryBuffer<'static, 'static, 'static> {
    rustix::net::SendAncillaryBuffer::default()
}

/// Waits for the first event on any of `sources`.
///
/// # Errors
/// `TimedOut` after `patience`; the system's.
pub(super) fn wait(sources: &mut [PollFd<'_>], patience: Option<Duration>) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;

    /// Sends 4 MiB to a reader that takes 64 KiB every 20 ms.
    fn send(pace: Pace) -> io::Result<()> {
        let (ours, mut other) = UnixStream::pair().unwrap();
        let line = Line::new(ours.into());
        line.set_pace(pace);
        let reader = thread::spawn(move || {
            let mut place = vec![0; 64 << 10];
            while matches!(other.read(&mut place), Ok(1..)) {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let bytes = vec![0; 4 << 20];
        let sent = line.send_all(&mut [IoSlice::new(&bytes)]);
        drop(line);
        reader.join().unwrap();
        sent
    }

    #[test]
    fn a_reader_that_drips_runs_out_of_patience() {
        let patience = Duration::from_millis(500); // no single wait takes that long
        let error = send(Pace::new(patience, 100 << 20)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_reader_that_keeps_up_gets_it_all() {
        send(Pace::new(Duration::from_secs(300), 100 << 10)).unwrap();
    }
}
