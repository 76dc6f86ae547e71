use std::env;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use crate::net::{Address, BindError, Listener};

/// How many sockets were inherited, from descriptor 3 upwards (systemd's convention).
pub const LISTEN_FDS: &str = "LISTEN_FDS";
/// Which process they are meant for; where it is set and names another, they are not ours.
pub const LISTEN_PID: &str = "LISTEN_PID";
/// The datagram socket that waits for `READY=1` (systemd's convention).
pub const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
/// The public URL of the front that passes requests on, as `http://127.0.0.1:8000`.
pub const DEVSERVE_FRONT: &str = "DEVSERVE_FRONT";
/// The engine the program should serve with: `devserve`, or `tiny-http`.
pub const DEVSERVE_ENGINE: &str = "DEVSERVE_ENGINE";
/// The file to write the app's routes to as JSON, in place of serving.
pub const DEVSERVE_ROUTES: &str = "DEVSERVE_ROUTES";

/// The field in which a front names the peer it got the request from, as `127.0.0.1:50312`.
///
/// A front takes it out of what strangers send, and only a program that was handed its socket
/// by a front believes it.
pub const PEER_FIELD: &str = "devserve-peer";

/// The first inherited descriptor.
const FIRST_FD: i32 = 3;

/// What this process was given by whoever started it.
#[derive(Debug, Default)]
pub struct Handover {
    /// The listening socket, where one was handed over.
    pub listener: Option<Listener>,
    /// The public URL of the front, where there is one.
    pub front: Option<String>,
    /// The engine that was asked for by name.
    pub engine: Option<String>,
    /// The file that wants to be told of the app's routes.
    pub routes: Option<PathBuf>,
    notify: Option<UnixDatagram>,
}

impl Handover {
    /// Reads the environment. Call it once: the inherited socket has one owner.
    ///
    /// # Errors
    /// [`BindError`] where an inherited descriptor is no listening socket.
    pub fn take() -> Result<Self, BindError> {
        let text = |name| env::var(name).ok();
        let ours = text(LISTEN_PID).is_none_or(|pid| pid == std::process::id().to_string());
        let count: i32 = text(LISTEN_FDS)
            .and_then(|count| count.parse().ok())
            .unwrap_or(0);
        let listener = match count > 0 && ours {
            true => Some(Listener::bind(&Address::Fd(FIRST_FD))?),
            false => None,
        };
        // Without a socket to be ready on, somebody else's notify socket is none of our business.
        let notify = listener
            .as_ref()
            .and_then(|_| connect(&text(NOTIFY_SOCKET)?).ok());
        Ok(Self {
            listener,
            front: text(DEVSERVE_FRONT),
            engine: text(DEVSERVE_ENGINE).filter(|name| !name.is_empty()),
            routes: env::var_os(DEVSERVE_ROUTES).map(PathBuf::from),
            notify,
        })
    }

    /// Tells whoever waits that requests are answered from now on.
    ///
    /// # Errors
    /// What the socket reports; the service itself is unharmed.
    pub fn ready(&self) -> io::Result<()> {
        match &self.notify {
            Some(socket) => socket.send(b"READY=1").map(|_| ()),
            None => Ok(()),
        }
    }
}

fn connect(path: &str) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    Ok(socket)
}
