use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use crate::dev::reload::{OWN_PATHS, ReloadHub};
use crate::dev::{AccessRecord, Notice, Sink};
use crate::middleware::TrustHosts;
use crate::net::{Address, BindError, Identity, Listener};
use crate::server::{Failure, Record, Server, Serving};
use crate::site::files;
use crate::site::live::Live;
use crate::site::watch::Watch;
use crate::wsgi::App;

/// How long downloads may go on after Ctrl-C.
const GRACE: Duration = Duration::from_secs(10);

/// What to serve, and how.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder.
    pub folder: PathBuf,
    /// Where requests are taken; port 0 takes any free one.
    pub address: Address,
    /// Names to answer to besides `localhost` and what is below it, where only this machine can
    /// ask; as entries of [`TrustedHosts`](crate::http::TrustedHosts).
    pub hosts: Vec<String>,
    /// Take them by HTTPS, with this to show.
    pub tls: Option<Identity>,
    /// Reload open pages when files change.
    pub live_reload: bool,
    /// List folders that have no `index.html`.
    pub listing: bool,
    /// Serve names that begin with a dot, too.
    pub hidden: bool,
    /// Answer paths without a file with `index.html`: its script knows them.
    pub single_page: bool,
    /// Let pages of every origin read the files.
    pub cors: bool,
}

/// `devserve static`, running: a folder served as a site. Dropping it ends it at once.
#[derive(Debug)]
pub struct Site {
    serving: Serving,
    hub: Arc<ReloadHub>,
    stops: (Sender<()>, Receiver<()>),
}

/// Ends a [`Site`] from elsewhere, such as a thread that hears signals.
#[derive(Debug, Clone)]
pub struct Stopper(Sender<()>);

impl Stopper {
    /// Takes no more requests and lets open ones end. The second time: at once.
    pub fn stop(&self) {
        // Fails only where it has ended.
        let _ = self.0.send(());
    }
}

impl Site {
    /// Takes the port and serves.
    ///
    /// # Errors
    /// [`SiteError`], with what to do about it in [`SiteError::help`].
    pub fn start(config: Config, sink: Sink) -> Result<Self, SiteError> {
        let folder = folder(&config.folder)?;
        let mut listener = Listener::bind(&config.address)?;
        let authority = config.tls.as_ref().and_then(Identity::authority);
        let authority = authority.map(Path::to_owned);
        if let Some(identity) = config.tls.clone() {
            listener = listener.with_tls(identity);
        }
        let hub = Arc::new(ReloadHub::of_this_run());
        let files = files::app(&folder, &config);
        let app: Box<dyn App> = match config.live_reload {
            false => files,
            true => {
                let watch = Watch::start(&folder, config.hidden, Arc::clone(&hub), sink.clone())
                    .map_err(|source| SiteError::NoRoom { source })?;
                Box::new(Live {
                    app: files,
                    hub: Arc::clone(&hub),
                    watch,
                    sink: sink.clone(),
                    forbidden_said: AtomicBool::new(false),
                })
            }
        };
        let app: Box<dyn App> = match is_private(&config.address) {
            true => Box::new(TrustHosts::new(app, own_hosts(&config))),
            false => app,
        };
        let scheme = if listener.has_tls() { "https" } else { "http" };
        let log = sink.clone();
        let serving = Server::new(app)
            .records(move |record| tell(&log, record))
            .serve(listener)?;
        sink.tell(Notice::holding(scheme, serving.address()));
        if let Some(path) = authority {
            sink.tell(Notice::Authority { path });
        }
        sink.tell(Notice::Serving { folder });
        Ok(Self {
            serving,
            hub,
            stops: mpsc::channel(),
        })
    }

    /// What ends it.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stops.0.clone())
    }

    /// Waits until it was [stopped](Stopper::stop) and open requests have ended.
    pub fn wait(self) {
        let Self {
            serving,
            hub,
            stops: (sender, stops),
        } = self;
        // Fails only where nobody can send, and we can.
        let _ = stops.recv();
        hub.close();
        thread::scope(|scope| {
            scope.spawn(|| {
                serving.stop(GRACE);
                // It has ended; or it is told to be quick.
                let _ = sender.send(());
            });
            let _ = stops.recv();
            serving.stop(Duration::ZERO);
        });
    }
}

/// Whether an address is reached from this machine alone, and by browsers.
///
/// A stranger's page can have its own name lead to such an address (DNS rebinding), and then the
/// browser lets it read what it finds there. The name is what gives it away.
fn is_private(address: &Address) -> bool {
    match address {
        Address::Tcp { host, .. } if host == "localhost" => true,
        Address::Tcp { host, .. } => host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        Address::Unix(_) | Address::Fd(_) => false,
    }
}

/// The names that such an address is asked by.
fn own_hosts(config: &Config) -> Vec<&str> {
    let given = config.hosts.iter().map(String::as_str);
    let host = match &config.address {
        Address::Tcp { host, .. } => Some(host.as_str()),
        Address::Unix(_) | Address::Fd(_) => None,
    };
    let own = [".localhost", "127.0.0.1", "::1"].into_iter();
    own.chain(host).chain(given).collect()
}

/// The folder, absolute and without links.
fn folder(path: &Path) -> Result<PathBuf, SiteError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => SiteError::Missing {
            path: path.to_owned(),
        },
        _ => SiteError::Unreadable {
            path: path.to_owned(),
            source,
        },
    };
    let folder = path.canonicalize().map_err(unreadable)?;
    if !folder.is_dir() {
        return Err(SiteError::NoFolder {
            path: path.to_owned(),
        });
    }
    fs::read_dir(&folder).map_err(unreadable)?;
    Ok(folder)
}

/// Tells of one request.
fn tell(sink: &Sink, record: &Record) {
    let own = record.target.starts_with(OWN_PATHS);
    if let (Some(method), Some(status), false) = (&record.method, record.status, own) {
        sink.tell(Notice::Access(AccessRecord {
            peer: record.peer,
            method: method.to_string(),
            target: record.target_text(),
            status: status.as_u16(),
            body_bytes: record.body_bytes,
            elapsed: record.elapsed,
            held: Duration::ZERO,
        }));
    }
    match (&record.failure, record.status) {
        (None | Some(Failure::ClientGone(_)), _) => {}
        (Some(failure @ (Failure::Malformed(_) | Failure::Busy)), Some(status)) => {
            sink.tell(Notice::Refused {
                peer: record.peer,
                status: status.as_u16(),
                why: failure.to_string(),
            });
        }
        (Some(failure), _) => sink.tell(Notice::Failed {
            why: failure.to_string(),
        }),
    }
}

/// Why a folder is not served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// The port is not to be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// There is nothing of that name.
    #[error("there is no folder {}", .path.display())]
    Missing {
        /// As given.
        path: PathBuf,
    },
    /// There is something else of that name.
    #[error("{} is no folder", .path.display())]
    NoFolder {
        /// As given.
        path: PathBuf,
    },
    /// The folder may not be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// As given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The system gave no thread.
    #[error("cannot set up")]
    NoRoom {
        /// The system's reason.
        source: io::Error,
    },
}

impl SiteError {
    /// What the person at the keyboard can do, in one line.
    pub fn help(&self) -> String {
        match self {
            Self::Bind(error) => error.help().to_owned(),
            Self::Missing { .. } => "give the path of a folder, or none for this one".to_owned(),
            Self::NoFolder { path } => match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => {
                    format!("serve the folder it is in: {}", parent.display())
                }
                _ => "serve the folder it is in: give no path".to_owned(),
            },
            Self::Unreadable { .. } => "give a folder that you may read".to_owned(),
            Self::NoRoom { .. } => "free some threads".to_owned(),
        }
    }
}
