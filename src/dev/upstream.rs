use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::dev::target::Elsewhere;
use crate::net::Stream;

/// How long one address of a server elsewhere may take to answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// How a generation is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// The private socket of a program that links devserve: it believes what the front says of
    /// the peer.
    Own(Arc<Path>),
    /// A Unix socket that the program opened by itself.
    Unix(Arc<Path>),
    /// A TCP port of this machine.
    Tcp(SocketAddr),
    /// A server that somebody else has started.
    Elsewhere(Arc<Elsewhere>),
}

impl Upstream {
    /// A new connection to it.
    ///
    /// # Errors
    /// The system's, for the last address tried.
    pub(crate) fn connect(&self) -> io::Result<Stream> {
        match self {
            Self::Own(path) | Self::Unix(path) => Stream::connect_unix(path),
            Self::Tcp(address) => ready(TcpStream::connect(address)?),
            Self::Elsewhere(server) => {
                let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
                for address in (server.host(), server.port()).to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, CONNECT_PATIENCE) {
                        Ok(stream) => return ready(stream),
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
        }
    }

    /// The port, where it has one.
    pub(crate) fn port(&self) -> Option<u16> {
        match self {
            Self::Own(_) | Self::Unix(_) => None,
            Self::Tcp(address) => Some(address.port()),
            Self::Elsewhere(server) => Some(server.port()),
        }
    }
}

/// What is written is sent at once, not when more has come.
fn ready(stream: TcpStream) -> io::Result<Stream> {
    stream.set_nodelay(true)?;
    Ok(Stream::from(stream))
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(path) | Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => address.fmt(f),
            Self::Elsewhere(server) => server.fmt(f),
        }
    }
}

/// Whether two generations can run side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tenancy {
    /// Each listens where it was told to, and nowhere else.
    Shared,
    /// It listens at an address of its own choice, which only one process can have.
    Sole,
}

/// Where a program was found, which its next generation is likely to do as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Nothing is known yet.
    Unknown,
    /// It listens where it is told to.
    Obeys,
    /// It listens at a port of its own.
    Port(u16),
}

/// What was found out about a generation that takes requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) upstream: Upstream,
    pub(crate) tenancy: Tenancy,
    pub(crate) habit: Habit,
}
