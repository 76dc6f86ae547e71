use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::net::{Address, Identity, Peer, Stream};
use crate::sys;

/// Connections the kernel holds while none is accepted.
const BACKLOG: i32 = 1024;
/// Who may connect to a Unix socket where nothing else is said: the user, as nobody else reaches
/// a port of 127.0.0.1 unasked either.
const UNIX_MODE: u32 = 0o600;

/// An open listening socket. A Unix socket's file is removed when it is dropped.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: Address,
    // The file this process made, to take away again.
    file: Option<PathBuf>,
    // With one, every connection begins with a TLS handshake.
    identity: Option<Identity>,
}

impl Listener {
    /// Opens a socket at `address`. `SO_REUSEADDR` is set, so that a restart finds its port
    /// free; a Unix socket's file that nobody listens on any more is replaced, and the new one
    /// is for this user alone.
    ///
    /// # Errors
    /// [`BindError`], with what to do about it in [`BindError::help`].
    pub fn bind(address: &Address) -> Result<Self, BindError> {
        match address {
            Address::Tcp { host, port } => Self::bind_tcp(host, *port),
            Address::Unix(path) => Self::bind_unix(path, UNIX_MODE),
            Address::Fd(number) => Self::inherit(*number),
        }
    }

    fn bind_tcp(host: &str, port: u16) -> Result<Self, BindError> {
        let address = Address::tcp(host, port);
        let unknown = |source| BindError::UnknownHost {
            host: host.into(),
            source,
        };
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for candidate in (host, port).to_socket_addrs().map_err(unknown)? {
            match listen_tcp(candidate) {
                Ok(socket) => {
                    let bound = socket.local_addr().ok().and_then(|bound| bound.as_socket());
                    let port = bound.map_or(port, |bound| bound.port());
                    return Ok(Self::new(socket, Address::tcp(host, port), None));
                }
                Err(error) => last = error,
            }
        }
        Err(BindError::from_io(address, last))
    }

    /// Opens a Unix socket whose file has the permissions `mode`, less the process's umask:
    /// 0o660 where a proxy of the same group connects.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub fn bind_unix(path: impl AsRef<Path>, mode: u32) -> Result<Self, BindError> {
        let path = path.as_ref();
        let listening = match listen_unix(path, mode) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(path) => {
                std::fs::remove_file(path).and_then(|()| listen_unix(path, mode))
            }
            other => other,
        };
        let address = Address::unix(path);
        match listening {
            Ok(socket) => Ok(Self::new(socket, address, Some(path.to_owned()))),
            Err(error) => Err(BindError::from_io(address, error)),
        }
    }

    fn new(socket: Socket, address: Address, file: Option<PathBuf>) -> Self {
        Self {
            socket,
            address,
            file,
            identity: None,
        }
    }

    /// The same socket, for TLS: it shows `identity` to whoever connects.
    #[must_use]
    pub fn with_tls(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Whether connections begin with a TLS handshake.
    pub fn has_tls(&self) -> bool {
        self.identity.is_some()
    }

    fn inherit(number: i32) -> Result<Self, BindError> {
        let lost = |source| BindError::NotInherited { number, source };
        let socket: Socket = sys::fd::inherited(number).map_err(lost)?.into();
        if !socket.is_listener().map_err(lost)? {
            return Err(lost(io::Error::other("it does not listen")));
        }
        let local = socket.local_addr().map_err(lost)?;
        let address = match (local.as_socket(), local.as_pathname()) {
            (Some(local), _) => Address::tcp(local.ip().to_string(), local.port()),
            (None, Some(path)) => Address::unix(path),
            (None, None) => Address::Fd(number),
        };
        Ok(Self::new(socket, address, None))
    }

    /// This listener, without the duty to take a Unix socket's file away: for a copy of the
    /// process that made it.
    pub(crate) fn leaving_its_file(mut self) -> Self {
        self.file = None;
        self
    }

    /// The address, with the port that was found free in place of 0.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The next connection; blocks unless [`set_nonblocking`](Self::set_nonblocking).
    ///
    /// # Errors
    /// The system's, among them `WouldBlock` and those of a process out of descriptors.
    pub fn accept(&self) -> io::Result<(Stream, Peer)> {
        let (socket, address) = self.socket.accept()?;
        let peer = match address.as_socket() {
            Some(remote) => {
                socket.set_tcp_nodelay(true)?;
                Peer::Tcp(remote)
            }
            None => Peer::Unix,
        };
        let stream = match &self.identity {
            Some(identity) => Stream::with_tls(socket, identity)?,
            None => Stream::new(socket),
        };
        Ok((stream, peer))
    }

    /// Whether `accept` returns `WouldBlock` where it would wait.
    ///
    /// # Errors
    /// The system's.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.socket.set_nonblocking(nonblocking)
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // Somebody may have taken it away already, and there is nobody left to tell.
            std::fs::remove_file(file).ok();
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        let address = match listener.local_addr() {
            Ok(local) => Address::tcp(local.ip().to_string(), local.port()),
            Err(_) => Address::tcp("localhost", 0),
        };
        Self::new(listener.into(), address, None)
    }
}

fn listen_tcp(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

fn listen_unix(path: &Path, mode: u32) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // Before the file is there, which gets the socket's own mode (unix(7)): done afterwards,
    // there would be a moment for others to connect.
    rustix::fs::fchmod(&socket, Mode::from_raw_mode(mode))?;
    socket.bind(&SockAddr::unix(path)?)?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

/// Whether there is a socket's file at `path`, and nobody answers behind it. Any other file
/// refuses connections too, and is somebody's own.
fn is_stale(path: &Path) -> bool {
    let is_socket = path
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.file_type().is_socket());
    is_socket && refuses(path)
}

fn refuses(path: &Path) -> bool {
    UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Why a listener could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another process holds the address.
    #[error("{address} is already in use")]
    InUse {
        /// Where to listen was asked.
        address: Address,
        /// The system's word.
        source: io::Error,
    },
    /// The system keeps this address for others (often a port below 1024).
    #[error("not allowed to listen on {address}")]
    Denied {
        /// Where to listen was asked.
        address: Address,
        /// The system's word.
        source: io::Error,
    },
    /// The name has no address.
    #[error("host {host:?} is unknown")]
    UnknownHost {
        /// The name.
        host: String,
        /// The system's word.
        source: io::Error,
    },
    /// A descriptor that was to be inherited is not there, or no listening socket.
    #[error("descriptor {number} is no listening socket")]
    NotInherited {
        /// Its number.
        number: i32,
        /// The system's word.
        source: io::Error,
    },
    /// Anything else, such as an address of another machine.
    #[error("cannot listen on {address}")]
    Failed {
        /// Where to listen was asked.
        address: Address,
        /// The system's word.
        source: io::Error,
    },
}

impl BindError {
    fn from_io(address: Address, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address, source },
            io::ErrorKind::PermissionDenied => Self::Denied { address, source },
            _ => Self::Failed { address, source }, // the system's own words say the rest
        }
    }

    /// What the person at the keyboard can do, in one line.
    pub fn help(&self) -> &'static str {
        match self {
            Self::InUse {
                address: Address::Unix(_),
                ..
            } => "stop the other server, or choose another path",
            Self::InUse { .. } => "stop the other server, or use --port 0 for a free port",
            Self::Denied {
                address: Address::Unix(_),
                ..
            } => "choose a folder you may write to",
            Self::Denied { .. } => "use a port from 1024 upwards",
            Self::UnknownHost { .. } => "use 127.0.0.1, or an address of this machine",
            Self::NotInherited { .. } => "hand over a listening socket, or unset LISTEN_FDS",
            Self::Failed {
                address: Address::Unix(_),
                ..
            } => "choose a path in a folder that is there, of at most 107 bytes",
            Self::Failed { .. } => "use 127.0.0.1, or an address of this machine",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_taken_port_is_named_with_its_mend() {
        let first = Listener::bind(&Address::tcp("127.0.0.1", 0)).unwrap();
        let error = Listener::bind(first.address()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{} is already in use", first.address())
        );
        assert!(error.help().contains("--port 0"));
    }

    #[test]
    fn a_unix_socket_leaves_no_file_and_replaces_a_stale_one() {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::unix(folder.path().join("app.sock"));
        // A listener of std's leaves its file behind: the very thing a killed server does.
        drop(UnixListener::bind(folder.path().join("app.sock")).unwrap());
        let listener = Listener::bind(&address).unwrap();
        assert_eq!(mode(&folder.path().join("app.sock")), 0o600);
        assert!(matches!(
            Listener::bind(&address),
            Err(BindError::InUse { .. })
        ));
        drop(listener);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_is_no_socket_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "mine").unwrap();
        let error = Listener::bind(&Address::unix(&path)).unwrap_err();
        assert!(error.help().contains("another path"), "{error:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn a_path_that_cannot_be_is_told_how_to_be_mended() {
        let long = Listener::bind(&Address::unix("/tmp/".to_owned() + &"x".repeat(200)));
        assert!(long.unwrap_err().help().contains("107 bytes"));
        let lost = Listener::bind(&Address::unix("/no such folder/app.sock"));
        assert!(lost.unwrap_err().help().contains("folder that is there"));
    }

    #[test]
    fn a_unix_socket_may_be_for_a_group() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.sock");
        let listener = Listener::bind_unix(&path, 0o640).unwrap();
        assert_eq!(mode(&path), 0o640);
        assert_eq!(listener.address(), &Address::unix(&path));
    }

    #[track_caller]
    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn an_unknown_host_and_a_lost_descriptor_are_told_apart() {
        let unknown = Listener::bind(&Address::tcp("no such host", 1)).unwrap_err();
        assert!(
            matches!(unknown, BindError::UnknownHost { .. }),
            "{unknown:?}"
        );
        let lost = Listener::bind(&Address::Fd(987)).unwrap_err();
        assert_eq!(lost.to_string(), "descriptor 987 is no listening socket");
    }
}
