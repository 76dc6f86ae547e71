use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::dev::build::{self, Builder, Workshop};
use crate::dev::bulletin::Bulletin;
use crate::dev::child::{Child, Kind, Launch, Task};
use crate::dev::event::{Built, Event};
use crate::dev::generation::Generation;
use crate::dev::guard::Guard;
use crate::dev::ignore::Ignore;
use crate::dev::inputs::Inputs;
use crate::dev::notice::{Notice, Sink};
use crate::dev::project::{Choice, Project, ProjectError};
use crate::dev::route::{Route, Told};
use crate::dev::state::{Job, Way};
use crate::dev::supervisor::{Stopper, private_dir};
use crate::dev::target::Served;
use crate::dev::upstream::{Habit, Upstream};
use crate::dev::variables::{VariableFiles, Variables, VariablesError};

/// Which program to ask, and how.
#[derive(Debug, Clone)]
pub struct Question {
    /// Which program of which package.
    pub choice: Choice,
    /// The program's arguments.
    pub args: Vec<OsString>,
    /// Where variables for its environment are read.
    pub variables: Variables,
    /// How long the program may take until it has told its routes, once it runs.
    pub patience: Duration,
    /// Let the compiler's words in notices have colors.
    pub has_colors: bool,
}

/// `devserve routes`: a program that is built, started, and asked what its app answers. It
/// serves nobody.
///
/// The program finds the name of a file in its environment. [`run`](crate::run) writes the
/// routes there and returns. Whatever else the program does, it is ended.
#[derive(Debug)]
pub struct Inquiry {
    question: Question,
    project: Arc<Project>,
    sink: Sink,
    builder: Builder,
    folder: TempDir,
    guard: Arc<Guard>,
    events: Sender<Event>,
    heard: Receiver<Event>,
}

impl Inquiry {
    /// Finds the program.
    ///
    /// # Errors
    /// [`InquiryError`], with what to do about it in [`InquiryError::help`].
    pub fn prepare(question: Question, sink: Sink) -> Result<Self, InquiryError> {
        let project = Arc::new(Project::find(&question.choice)?);
        let ignore = Ignore::new(std::slice::from_ref(&project.package_dir), &[]);
        let ignore = ignore.map_err(|error| no_room(io::Error::other(error)))?;
        let folder = private_dir().map_err(no_room)?;
        let guard = Arc::new(Guard::post(folder.path()).map_err(no_room)?);
        let (events, heard) = mpsc::channel();
        let steps = sink.clone();
        let builder = Builder::start(Workshop {
            fast: None,
            project: Arc::clone(&project),
            inputs: Arc::new(Inputs::new(&project, Vec::new(), ignore)),
            has_colors: question.has_colors,
            events: events.clone(),
            progress: Box::new(move |told| match told {
                build::Told::Step(step) => {
                    let step = step.to_owned();
                    steps.tell(Notice::Step { step });
                }
                build::Told::Count(count) => steps.tell(Notice::count(count)),
                build::Told::Found(diagnostic) => steps.tell(Notice::found(diagnostic)),
            }),
            discovery: Box::new(drop),
            guard: Arc::clone(&guard),
        });
        Ok(Self {
            question,
            project,
            sink,
            builder: builder.map_err(no_room)?,
            folder,
            guard,
            events,
            heard,
        })
    }

    /// What ends it early.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.events.clone())
    }

    /// Builds the program, starts it, and waits for its answer: the routes in the order in
    /// which requests are compared with them.
    ///
    /// # Errors
    /// [`InquiryError`]; the program and all it started have ended then, too.
    pub fn ask(self) -> Result<Vec<Route>, InquiryError> {
        let served = Served::Package(Arc::clone(&self.project));
        let built = self.build()?;
        let file = self.folder.path().join("routes");
        let launch = Launch {
            args: self.question.args.clone(),
            variables: VariableFiles::new(&self.question.variables, &served.homes())?,
            engine: None,
            kind: Kind::of(&self.project),
            app_port: None,
            habit: Habit::Unknown,
            folder: self.project.package_dir.clone(),
            task: Task::TellRoutes { file: file.clone() },
            sockets: self.folder.path().to_owned(),
            bulletin: Arc::new(Bulletin::default()),
            sink: self.sink.clone(),
            guard: Arc::clone(&self.guard),
        };
        let events = self.events.clone();
        let child = Child::start(&launch, Generation::FIRST, &built.executable, events);
        // It ends with this function, whatever the answer.
        let _child = child.map_err(|source| InquiryError::NoStart {
            target: self.project.title(),
            source,
        })?;
        let end = self.wait()?;
        match fs::read(&file) {
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(Told::Routes(routes)) => Ok(routes),
                Ok(Told::Error(why)) => Err(InquiryError::NoMap { why }),
                Err(source) => Err(InquiryError::Garbled { source }),
            },
            Err(_) => Err(self.silence(end)),
        }
    }

    fn build(&self) -> Result<Built, InquiryError> {
        let target = self.project.title();
        self.sink.tell(Notice::Building {
            target: target.clone(),
        });
        self.builder.build(Job {
            generation: Generation::FIRST,
            changed: Vec::new(),
            way: Way::Cargo,
        });
        for event in &self.heard {
            match event {
                Event::Built { built, .. } => {
                    self.sink.tell(Notice::Built {
                        target,
                        elapsed: built.elapsed,
                        warnings: built.warnings.clone(),
                    });
                    return Ok(built);
                }
                Event::BuildFailed { report, .. } => {
                    self.sink.tell(Notice::build_failed(target, &report));
                    return Err(InquiryError::NotBuilt);
                }
                Event::Stop | Event::BuildCancelled(_) => return Err(InquiryError::Stopped),
                _ => {} // Nobody asks whether files change meanwhile.
            }
        }
        Err(InquiryError::Stopped)
    }

    /// Waits until the program has answered, or shows that it will not.
    fn wait(&self) -> Result<End, InquiryError> {
        let deadline = Instant::now() + self.question.patience;
        let mut listens_at = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.heard.recv_timeout(left) {
                Ok(Event::Ready { reached, .. }) => match (reached.habit, reached.upstream) {
                    (Habit::Obeys, _) => return Ok(End::Ready),
                    // A port of its own choice, which may be beside what it has to tell.
                    (_, Upstream::Tcp(address)) => listens_at = Some(address),
                    _ => {}
                },
                Ok(Event::Exited { how, .. }) => return Ok(End::Exited(how)),
                Ok(Event::Stop) => return Err(InquiryError::Stopped),
                Ok(_) => {} // Late news of the build.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Ok(End::Late(listens_at));
                }
            }
        }
    }

    /// Why there is no answer.
    fn silence(&self, end: End) -> InquiryError {
        let target = self.project.title();
        match end {
            End::Exited(how) => InquiryError::Ended { target, how },
            End::Ready => InquiryError::Serves {
                target,
                address: None,
            },
            End::Late(Some(address)) => InquiryError::Serves {
                target,
                address: Some(address),
            },
            End::Late(None) => InquiryError::Silent {
                target,
                patience: self.question.patience,
            },
        }
    }
}

/// What the program did in the end.
enum End {
    /// It says that it is ready, or takes requests where it was told to: it has answered, or
    /// serves.
    Ready,
    Exited(String),
    /// Its time is up; it listens there, if anywhere.
    Late(Option<SocketAddr>),
}

fn no_room(source: io::Error) -> InquiryError {
    InquiryError::NoRoom { source }
}

/// Why there are no routes to show.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InquiryError {
    /// There is nothing to build.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// Variables that cannot be read.
    #[error(transparent)]
    Variables(#[from] VariablesError),
    /// The build failed; a [`Notice::BuildFailed`] has told why.
    #[error("the build failed")]
    NotBuilt,
    /// Someone pressed Ctrl-C.
    #[error("stopped")]
    Stopped,
    /// The system did not start the program.
    #[error("cannot start {target}")]
    NoStart {
        /// The program.
        target: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The program ended before it told anything.
    #[error("{target} ended before it told its routes: {how}")]
    Ended {
        /// The program.
        target: String,
        /// `exit code 3` or `SIGSEGV`.
        how: String,
    },
    /// The program serves, and was not asked by us.
    #[error("{target} {} and does not tell its routes", .address.map_or("serves".to_owned(), |address| format!("listens on {address}")))]
    Serves {
        /// The program.
        target: String,
        /// Where it listens.
        address: Option<SocketAddr>,
    },
    /// The program's time is up.
    #[error("{target} told nothing for {} s", .patience.as_secs())]
    Silent {
        /// The program.
        target: String,
        /// Its time.
        patience: Duration,
    },
    /// The app has a map that cannot be.
    #[error("{why}")]
    NoMap {
        /// The app's words.
        why: String,
    },
    /// What the program wrote is not what we know.
    #[error("cannot read the routes that the program told")]
    Garbled {
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The system gave no thread or no temporary folder.
    #[error("cannot set up")]
    NoRoom {
        /// The system's reason.
        source: io::Error,
    },
}

impl InquiryError {
    /// What the person at the keyboard can do, in one line.
    pub fn help(&self) -> String {
        let help = match self {
            Self::Project(ProjectError::NotCargo { .. }) => {
                "go to a cargo package, or give its path" // there is no other target here
            }
            Self::Project(error) => return error.help(),
            Self::Variables(error) => error.help(),
            Self::NotBuilt => "mend what the compiler names",
            Self::Stopped => "ask again",
            Self::NoStart { .. } => "see whether the program may be run",
            Self::Ended { .. } => {
                "its main has to come to devserve::run(app); see what it says above"
            }
            Self::Serves { .. } => "only a program that calls devserve::run(app) knows its routes",
            Self::Silent { .. } => {
                "its main has to come to devserve::run(app); if it only takes long, use --timeout"
            }
            Self::NoMap { .. } => "mend the rule; Router::build() finds it at the start",
            Self::Garbled { .. } => "use one version of devserve for the command and the program",
            Self::NoRoom { .. } => "see whether the temporary folder is full",
        };
        help.to_owned()
    }
}
