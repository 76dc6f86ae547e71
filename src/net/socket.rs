use std::io::{self, IoSlice, Write};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use socket2::Socket;

/// Takes what has arrived into `place`, without waiting: `None` where nothing has, 0 at the end.
pub(super) fn recv_ready(socket: &Socket, place: &mut [u8]) -> io::Result<Option<usize>> {
    recv(socket, place, RecvFlags::DONTWAIT)
}

/// The next byte to arrive, which stays: `None` where nothing has, `Some(None)` at the end.
#[cfg_attr(
    not(feature = "tls"),
    expect(dead_code, reason = "only a handshake looks before it reads")
)]
pub(super) fn peek_ready(socket: &Socket) -> io::Result<Option<Option<u8>>> {
    let mut byte = [0];
    let read = recv(socket, &mut byte, RecvFlags::DONTWAIT | RecvFlags::PEEK)?;
    Ok(read.map(|read| (read > 0).then_some(byte[0])))
}

fn recv(socket: &Socket, place: &mut [u8], flags: RecvFlags) -> io::Result<Option<usize>> {
    loop {
        match rustix::net::recv(socket, &mut *place, flags) {
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
/// `TimedOut` where the other side takes nothing for longer than the socket's patience.
pub(super) fn send_all(mut socket: &Socket, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    // Slices may be empty, and a write of nothing would read as a closed connection.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match socket.write_vectored(slices) {
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

/// Writes as much of `bytes` as the socket takes without waiting.
#[cfg_attr(
    not(feature = "tls"),
    expect(dead_code, reason = "only TLS has words of its own")
)]
pub(super) fn send_ready(socket: &Socket, bytes: &[u8]) -> io::Result<usize> {
    match rustix::net::send(socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
        Ok(sent) => Ok(sent),
        Err(Errno::AGAIN | Errno::INTR) => Ok(0),
        Err(error) => Err(error.into()),
    }
}
