use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::net::Address;
use crate::pages::{BuildFailed, Count, Diagnostic};

/// Something the person at the keyboard should hear.
///
/// The library prints nothing: it gives each notice to the [`Sink`] of a [`Supervisor`](super::Supervisor).
/// Text that came from the network or from the app is as it came; make it
/// [visible](crate::text::visible) before a terminal shows it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Notice {
    /// The port is held: requests are accepted from now on, and wait for the app.
    Holding {
        /// Where a browser finds the app, as `http://127.0.0.1:8000`; `unix:/run/shop.sock`
        /// where no browser does.
        url: String,
    },
    /// A development CA vouches for the port: clients have to trust it, once.
    Authority {
        /// Its certificate, as a PEM file.
        path: PathBuf,
    },
    /// A build has begun.
    Building {
        /// What is built, as `shop` or `example guestbook`.
        target: String,
    },
    /// cargo is at something that may take a while; many come in a first build.
    Step {
        /// In cargo's words: `Compiling serde v1.0.228`.
        step: String,
    },
    /// cargo counted what there is to build; comes with many of its steps.
    Count {
        /// How many crates and build scripts are done, those from before included.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// The compiler found something: told when it is, while the build goes on.
    Found {
        /// Whether it keeps the build from ending well; else it is a warning.
        is_error: bool,
        /// As the compiler would print it.
        rendered: String,
    },
    /// A build has ended well; the app starts now.
    Built {
        /// What was built.
        target: String,
        /// How long cargo took.
        elapsed: Duration,
        /// The compiler's warnings, as it would print them; each was [found](Self::Found) before.
        warnings: Vec<String>,
    },
    /// A build has ended badly; browsers get the page that says so.
    BuildFailed {
        /// What was built.
        target: String,
        /// How many errors the compiler counted; 0 where cargo itself gave up.
        errors: usize,
        /// cargo's own words, where the compiler had none. The compiler's errors were
        /// [found](Self::Found) before.
        rendered: String,
        /// All that the compiler said, errors and the rest.
        diagnostics: Vec<Diagnostic>,
    },
    /// A new generation serves: held requests are released, browsers reload.
    Live {
        /// The files whose change asked for it; empty for the first one and after a restart.
        changed: Vec<PathBuf>,
        /// From the first of those changes, or the start, to the first answer possible.
        elapsed: Duration,
        /// How many open pages were told to reload.
        browsers: usize,
    },
    /// A folder is served as it is.
    Serving {
        /// Where it is.
        folder: PathBuf,
    },
    /// Files changed that need no build; browsers fetch them anew.
    Refreshed {
        /// The files.
        changed: Vec<PathBuf>,
        /// How many open pages were told.
        browsers: usize,
    },
    /// It was found out where the app takes requests.
    Listening {
        /// What was started.
        target: String,
        /// As `127.0.0.1:3000`, or `unix:/run/shop.sock`.
        at: String,
    },
    /// The app always listens there, so each generation has to end before the next one begins.
    Sole {
        /// What was started.
        target: String,
        /// As `127.0.0.1:3000`.
        at: String,
    },
    /// The app that has just died wanted to listen where somebody else does; perhaps devserve.
    AddressTaken,
    /// The app runs, and has not said for a while that it accepts requests.
    SlowStart {
        /// What was started.
        target: String,
        /// Since when it runs.
        elapsed: Duration,
    },
    /// The app has ended without being asked to.
    Died {
        /// What was running.
        target: String,
        /// `exit code 3` or `SIGSEGV`.
        how: String,
        /// Whether it had said that it accepts requests.
        when_ready: bool,
    },
    /// A died app is started again, because a request asks for it.
    Restarting {
        /// What is started.
        target: String,
    },
    /// Some folders are looked at every so often, because the system does not tell of all that
    /// changes in them.
    Polling {
        /// Why: `fs.inotify.max_user_watches is 8192, and used up`.
        reason: String,
        /// A command that mends it, where one does.
        help: Option<String>,
    },
    /// Changes of some files are not seen.
    Unwatched {
        /// Why: `fs.inotify.max_user_watches is 8192, and used up`.
        reason: String,
        /// A command that mends it, where one does.
        help: Option<String>,
    },
    /// The app wrote to its stderr: whole lines, or what it had of one when it paused.
    AppSaid {
        /// As written.
        bytes: Vec<u8>,
    },
    /// One request was answered.
    Access(AccessRecord),
    /// What came was no request that could be passed on.
    Refused {
        /// Who sent it.
        peer: Option<SocketAddr>,
        /// The status of the answer.
        status: u16,
        /// What was wrong, as told to the client.
        why: String,
    },
    /// A request could not be answered, by a fault on this side.
    Failed {
        /// What went wrong.
        why: String,
    },
    /// A page cannot get the live-reload script; said once for each reason.
    NoLiveReload {
        /// The page.
        target: String,
        /// What is in the way.
        why: NoScript,
    },
    /// devserve is ending, and lets open requests end first.
    Stopping,
}

impl Notice {
    /// That requests are accepted at `address`, with what a person types to get there.
    pub(crate) fn holding(scheme: &str, address: &Address) -> Self {
        let url = match address {
            Address::Tcp { .. } => format!("{scheme}://{address}"),
            Address::Unix(_) | Address::Fd(_) => address.to_string(),
        };
        Self::Holding { url }
    }

    /// That a build failed. What the compiler found was told as it came.
    pub(super) fn build_failed(target: String, report: &BuildFailed) -> Self {
        let errors = report.diagnostics.iter().filter(|found| found.is_error());
        Self::BuildFailed {
            target,
            errors: errors.count(),
            diagnostics: report.diagnostics.clone(),
            rendered: report.output.clone(),
        }
    }

    /// How much of a build is done.
    pub(super) fn count(count: Count) -> Self {
        Self::Count {
            done: count.done,
            total: count.total,
        }
    }

    /// That the compiler found something.
    pub(super) fn found(diagnostic: &Diagnostic) -> Self {
        Self::Found {
            is_error: diagnostic.is_error(),
            rendered: diagnostic.rendered.clone(),
        }
    }
}

/// Why a page does not get the live-reload script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoScript {
    /// Its Content-Security-Policy allows no script of ours.
    Policy,
    /// It is compressed, although it was asked for as it is.
    Compressed,
}

/// One request that the front answered, for the access log.
#[derive(Debug, Clone)]
pub struct AccessRecord {
    /// Who asked.
    pub peer: Option<SocketAddr>,
    /// The method, as sent.
    pub method: String,
    /// The request target, as sent; bytes outside ASCII appear as latin-1.
    pub target: String,
    /// The status of the answer.
    pub status: u16,
    /// Bytes of the answer's body.
    pub body_bytes: u64,
    /// From the request's first byte to the answer's last, with the time it was held.
    pub elapsed: Duration,
    /// How much of that it waited for a build or a start.
    pub held: Duration,
}

/// Where notices go: called from many threads, never while a lock is held.
#[derive(Clone)]
pub struct Sink(Arc<dyn Fn(Notice) + Send + Sync>);

impl Sink {
    /// A sink that hands each notice to `hear`.
    pub fn new(hear: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    /// Hands over one notice.
    pub fn tell(&self, notice: Notice) {
        (self.0)(notice);
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sink")
    }
}
