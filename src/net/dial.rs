use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::net::{Address, Handshake, Stream, Trust};

/// A server to connect to, plainly or with TLS.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    pub(crate) address: Address,
    /// Who vouches for it, where it speaks TLS.
    pub(crate) trust: Option<Trust>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// Nobody listens there, or the way there is closed.
    #[error("cannot connect to {address}")]
    Unreachable { address: Address, source: io::Error },
    /// The two sides come to no agreement, or the certificate is nobody's who is trusted.
    #[error("no TLS with {address}")]
    Handshake { address: Address, source: io::Error },
}

impl DialError {
    /// What the system said.
    pub(crate) fn into_source(self) -> io::Error {
        match self {
            Self::Unreachable { source, .. } | Self::Handshake { source, .. } => source,
        }
    }
}

impl Dial {
    /// A connection on which nothing was said but what TLS needs. `patience` is for reaching
    /// each address of the host, and for the handshake.
    pub(crate) fn connect(&self, patience: Duration) -> Result<Stream, DialError> {
        let socket = match &self.address {
            Address::Tcp { host, port } => reach(host, *port, patience),
            Address::Unix(path) => reach_unix(path, patience),
            Address::Fd(_) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a descriptor is for listening",
            )),
        };
        let socket = socket.map_err(|source| DialError::Unreachable {
            address: self.address.clone(),
            source,
        })?;
        let Some(trust) = &self.trust else {
            return Ok(Stream::new(socket));
        };
        let name = match &self.address {
            Address::Tcp { host, .. } => host,
            Address::Unix(_) | Address::Fd(_) => "localhost",
        };
        let stream = Stream::with_server(socket, trust, name);
        let shaken = stream.and_then(|stream| shake(&stream, patience).map(|()| stream));
        shaken.map_err(|source| DialError::Handshake {
            address: self.address.clone(),
            source,
        })
    }
}

/// Tries each address of the host in turn.
fn reach(host: &str, port: u16, patience: Duration) -> io::Result<Socket> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in (host, port).to_socket_addrs()? {
        match reach_tcp(address, patience) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn reach_tcp(address: SocketAddr, patience: Duration) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.connect_timeout(&address.into(), patience)?;
    // What is sent is sent at once; without it, it is only later.
    socket.set_tcp_nodelay(true).ok();
    Ok(socket)
}

fn reach_unix(path: &Path, patience: Duration) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.connect_timeout(&SockAddr::unix(path)?, patience)?;
    Ok(socket)
}

fn shake(stream: &Stream, patience: Duration) -> io::Result<()> {
    let deadline = Instant::now() + patience;
    loop {
        match stream.handshake()? {
            Handshake::Waiting => {
                let left = deadline.saturating_duration_since(Instant::now());
                stream.wait_readable(Some(left))?;
            }
            Handshake::Done | Handshake::Plain => return Ok(()),
        }
    }
}
