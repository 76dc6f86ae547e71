use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tempfile::TempDir;

use crate::dev::build::{self, Builder, Told, Workshop};
use crate::dev::bulletin::Bulletin;
use crate::dev::child::{Kind, Launch, Task};
use crate::dev::editor::{Editor, Opener};
use crate::dev::event::Event;
use crate::dev::fast::FastPath;
use crate::dev::front::{Front, LiveReload};
use crate::dev::gate::Gate;
use crate::dev::guard::Guard;
use crate::dev::ignore::{self, Ignore};
use crate::dev::inputs::{Inputs, Outlook};
use crate::dev::lookout::Lookout;
use crate::dev::notice::{Notice, Sink};
use crate::dev::project::ProjectError;
use crate::dev::reload::ReloadHub;
use crate::dev::target::{Served, Target};
use crate::dev::upstream::Habit;
use crate::dev::variables::{VariableFiles, Variables, VariablesError};
use crate::dev::watch::Watch;
use crate::dev::worker::Worker;
use crate::net::{Address, BindError, Identity, Listener};

/// How long answers may take to leave once the app has ended.
const FAREWELL: Duration = Duration::from_millis(500);

/// What to run, and how.
#[derive(Debug, Clone)]
pub struct Config {
    /// What is served.
    pub target: Target,
    /// The port at which the app listens by itself; `None` to find out.
    pub app_port: Option<u16>,
    /// Where requests are taken; port 0 takes any free one.
    pub address: Address,
    /// Take them by HTTPS, with this to show. The app gets them in plain HTTP, and is told.
    pub tls: Option<Identity>,
    /// Build anew when files change.
    pub reload: bool,
    /// A program that calls [`stand_in`](crate::dev::stand_in), such as this one: with it, edits
    /// of the program's own source are built without cargo where that is sure to be right.
    pub stand_in: Option<PathBuf>,
    /// Have open pages follow what changes.
    pub live_reload: bool,
    /// Files and folders to watch besides the app's own: a change there builds and starts anew.
    /// For a command they are all that is watched, where any are given.
    pub watch: Vec<PathBuf>,
    /// What not to look at, in the notation of `.gitignore`.
    pub ignore: Vec<String>,
    /// The engine the app is asked to serve with; by default it is left to the environment.
    pub engine: Option<String>,
    /// The app's arguments.
    pub args: Vec<OsString>,
    /// Where variables for its environment are read.
    pub variables: Variables,
    /// Let the compiler's words in notices have colors.
    pub has_colors: bool,
}

/// `devserve run`, running: a front that holds the port, and the app behind it.
///
/// Dropping it kills everything at once; [`wait`](Self::wait) lets it end by itself.
#[derive(Debug)]
pub struct Supervisor {
    events: Sender<Event>,
    thread: Option<JoinHandle<()>>,
}

/// Ends a [`Supervisor`], or a question for routes, from elsewhere, such as a thread that hears signals.
#[derive(Debug, Clone)]
pub struct Stopper(pub(super) Sender<Event>);

impl Stopper {
    /// Takes no more requests, lets open ones end, ends the app. The second time: at once.
    pub fn stop(&self) {
        // Fails only where it has ended.
        let _ = self.0.send(Event::Stop);
    }
}

/// Has the app built and started anew, from elsewhere, such as a thread that hears keys.
#[derive(Debug, Clone)]
pub struct Remote(Sender<Event>);

impl Remote {
    /// Builds through cargo and starts the app, though nothing has changed. A running build is
    /// begun again.
    pub fn rebuild(&self) {
        // Fails only where it has ended.
        let _ = self.0.send(Event::Asked);
    }
}

impl Supervisor {
    /// Takes the port, finds the program, and begins the first build. Requests are accepted
    /// from here on, and wait.
    ///
    /// # Errors
    /// [`StartError`], with what to do about it in [`StartError::help`].
    pub fn start(config: Config, sink: Sink) -> Result<Self, StartError> {
        let mut listener = Listener::bind(&config.address)?;
        let authority = config.tls.as_ref().and_then(Identity::authority);
        let authority = authority.map(Path::to_owned);
        if let Some(identity) = config.tls {
            listener = listener.with_tls(identity);
        }
        let served = Arc::new(Served::find(&config.target)?);
        let made = ignore::MADE.map(str::to_owned);
        let globs = match &*served {
            Served::Package(_) => config.ignore,
            // The user's have the last word.
            Served::Command { .. } | Served::Elsewhere { .. } => {
                [made.as_slice(), &config.ignore].concat()
            }
        };
        let ignore =
            Ignore::new(served.folders(), &globs).map_err(|source| StartError::Glob { source })?;
        let always: Vec<PathBuf> = config
            .watch
            .iter()
            .map(|path| absolute(path))
            .collect::<Result<_, _>>()?;
        let variables = VariableFiles::new(&config.variables, &served.homes())?;
        // A mistake is said at once, where it is there from the start.
        variables.read()?;
        let folder = served.folder();
        let inputs = Arc::new(match &*served {
            Served::Package(project) => Inputs::new(project, always.clone(), ignore),
            Served::Command { .. } => Inputs::of_command(folder, always.clone(), ignore),
            Served::Elsewhere { .. } => Inputs::of_server(folder, ignore),
        });
        inputs.read_at_start(variables.paths());
        let no_room = |source| StartError::NoRoom { source };
        let sockets = private_dir().map_err(no_room)?;
        let guard = Arc::new(Guard::post(sockets.path()).map_err(no_room)?);

        let (events, heard) = mpsc::channel();
        let lookout = {
            let (inputs, is_looking) = (Arc::clone(&inputs), config.reload);
            move || match is_looking {
                true => inputs.look_out(),
                false => Outlook::Calm,
            }
        };
        let doing = match &*served {
            Served::Package(project) => format!("building {}", project.program),
            Served::Command { .. } | Served::Elsewhere { .. } => {
                format!("starting {}", served.title())
            }
        };
        let gate = Gate::new(doing, events.clone(), Lookout::new(lookout));
        let hub = Arc::new(ReloadHub::of_this_run());
        let live_reload = match config.live_reload {
            true => LiveReload::On,
            false => LiveReload::Off,
        };
        let (front_gate, front_hub) = (Arc::clone(&gate), Arc::clone(&hub));
        let scheme = if listener.has_tls() { "https" } else { "http" };
        let bulletin = Arc::new(Bulletin::default());
        let opener = opener(&served).map_err(no_room)?;
        let front = Front::start(
            listener,
            front_gate,
            front_hub,
            sink.clone(),
            live_reload,
            Arc::clone(&bulletin),
            opener,
        )
        .map_err(no_room)?;
        sink.tell(Notice::holding(scheme, front.address()));
        if let Some(path) = authority {
            sink.tell(Notice::Authority { path });
        }

        let watch = config.reload.then(|| {
            let folders = match &*served {
                Served::Package(project) => project.source_dirs.clone(),
                Served::Command { .. } if !always.is_empty() => Vec::new(),
                Served::Command { folder, .. } | Served::Elsewhere { folder, .. } => {
                    vec![folder.clone()]
                }
            };
            let at_start = variables.paths().iter().cloned();
            let paths = folders.into_iter().chain(always).chain(at_start).collect();
            Watch::start(paths, Arc::clone(&inputs), events.clone(), sink.clone())
        });
        let watch = watch.transpose().map_err(no_room)?;
        // Without reload there is one build, and cargo makes it.
        let stand_in = config.stand_in.filter(|_| config.reload);
        let workshop = |project| Workshop {
            fast: stand_in.and_then(|program| {
                FastPath::open(Arc::clone(&project), program, Arc::clone(&guard))
            }),
            project,
            inputs: Arc::clone(&inputs),
            has_colors: config.has_colors,
            events: events.clone(),
            progress: progress(Arc::clone(&bulletin), sink.clone()),
            discovery: match &watch {
                Some(watch) => Box::new(watch.adder()),
                None => Box::new(drop),
            },
            guard: Arc::clone(&guard),
        };
        let builder = match &*served {
            Served::Package(project) => Some(Builder::start(workshop(Arc::clone(project)))),
            Served::Command { .. } | Served::Elsewhere { .. } => None,
        };
        let launch = Launch {
            args: config.args,
            variables,
            engine: config.engine,
            kind: kind_of(&served),
            app_port: config.app_port,
            habit: Habit::Unknown,
            folder: served.folder().to_owned(),
            task: Task::Serve {
                front: told_url(scheme, front.address()),
            },
            sockets: sockets.path().to_owned(),
            bulletin: Arc::clone(&bulletin),
            sink: sink.clone(),
            guard,
        };
        let worker = Worker {
            served,
            inputs,
            gate,
            hub,
            bulletin,
            builder: builder.transpose().map_err(no_room)?,
            launch,
            events: events.clone(),
            sink,
            children: HashMap::new(),
            alarms: Vec::new(),
        };
        let work = move || {
            // The app's processes die with the thread that starts them: it is this one.
            worker.run(&heard);
            drop(watch);
            drop(sockets);
            // What the app answered last may still be on its way out.
            front.stop(FAREWELL);
        };
        let thread = thread::Builder::new()
            .name("supervisor".to_owned())
            .spawn(work);
        Ok(Self {
            events,
            thread: Some(thread.map_err(no_room)?),
        })
    }

    /// What ends it.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.events.clone())
    }

    /// What has the app built again.
    pub fn remote(&self) -> Remote {
        Remote(self.events.clone())
    }

    /// Waits until it was [stopped](Stopper::stop) and everything has ended.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if self.thread.is_some() {
            let stopper = self.stopper();
            stopper.stop();
            stopper.stop();
            self.join();
        }
    }
}

/// What is known of the program that will run.
fn kind_of(served: &Served) -> Kind {
    match served {
        Served::Package(project) => Kind::of(project),
        Served::Command { line, .. } => Kind::Command(line.clone()),
        // What is elsewhere is never started.
        Served::Elsewhere { .. } => Kind::Stranger,
    }
}

/// What the app takes for its own address. Where the front has no name and no port, it is called
/// what it would call itself on such a socket.
fn told_url(scheme: &str, address: &Address) -> String {
    match address {
        Address::Tcp { .. } => format!("{scheme}://{address}"),
        Address::Unix(_) | Address::Fd(_) => format!("{scheme}://localhost:0"),
    }
}

/// Tells those who wait, and the terminal, how a build goes on.
fn progress(bulletin: Arc<Bulletin>, sink: Sink) -> build::Progress {
    Box::new(move |told| match told {
        Told::Step(step) => {
            bulletin.step(step.to_owned());
            sink.tell(Notice::Step {
                step: step.to_owned(),
            });
        }
        Told::Count(count) => {
            bulletin.count(count);
            sink.tell(Notice::count(count));
        }
        Told::Found(diagnostic) => {
            bulletin.diagnose(diagnostic.clone());
            sink.tell(Notice::found(diagnostic));
        }
    })
}

/// Opens the sources of the app, with the editor that the environment names.
fn opener(served: &Served) -> io::Result<Opener> {
    let root = served.root().to_owned();
    let mut allowed = served.folders().to_vec();
    allowed.push(root.clone());
    let editor = Editor::choose(|name| std::env::var(name).ok());
    Opener::new(editor, root, allowed).map_err(io::Error::other)
}

/// A new folder that only this user may enter, with a path short enough for a socket in it:
/// 108 bytes is all a Unix socket's address holds.
pub(super) fn private_dir() -> io::Result<TempDir> {
    const ROOM: usize = 80;
    let dir = tempfile::Builder::new().prefix("devserve-").tempdir()?;
    if dir.path().as_os_str().as_bytes().len() <= ROOM {
        return Ok(dir);
    }
    tempfile::Builder::new()
        .prefix("devserve-")
        .tempdir_in("/tmp")
}

fn absolute(path: &Path) -> Result<PathBuf, StartError> {
    path.canonicalize()
        .map_err(|source| StartError::Unwatchable {
            path: path.to_owned(),
            source,
        })
}

/// Why nothing was started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port is not to be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// There is nothing to build.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// An `--ignore` that is no glob.
    #[error("cannot understand what to ignore")]
    Glob {
        /// What is wrong with it.
        source: ::ignore::Error,
    },
    /// A `--watch` that is not there.
    #[error("cannot watch {}", .path.display())]
    Unwatchable {
        /// As given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Variables that cannot be read.
    #[error(transparent)]
    Variables(#[from] VariablesError),
    /// The system gave no thread or no temporary folder.
    #[error("cannot set up")]
    NoRoom {
        /// The system's reason.
        source: io::Error,
    },
}

impl StartError {
    /// What the person at the keyboard can do, in one line.
    pub fn help(&self) -> String {
        match self {
            Self::Bind(error) => error.help().to_string(),
            Self::Project(error) => error.help(),
            Self::Glob { .. } => "write it as a line of .gitignore, such as *.log".to_owned(),
            Self::Variables(error) => error.help().to_owned(),
            Self::Unwatchable { .. } => "give a file or folder that exists".to_owned(),
            Self::NoRoom { .. } => "see whether the temporary folder is full".to_owned(),
        }
    }
}
