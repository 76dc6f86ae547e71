use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::dev::generation::Generation;
use crate::dev::upstream::Reached;
use crate::pages::BuildFailed;

/// A fact that may change what the supervisor does next. Whoever sees it happen sends it.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// A file is not what it was.
    Changed {
        /// The file.
        path: PathBuf,
        /// What has to be done about it.
        effect: Effect,
    },
    /// A build has ended well.
    Built {
        /// Of which generation.
        generation: Generation,
        /// What it made.
        built: Built,
    },
    /// A build has ended badly.
    BuildFailed {
        /// Of which generation.
        generation: Generation,
        /// Why, in the compiler's words.
        report: Arc<BuildFailed>,
    },
    /// A build that was cancelled is gone, with all its processes.
    BuildCancelled(Generation),
    /// An app accepts requests. Told again if a better place for them is found.
    Ready {
        /// Which.
        generation: Generation,
        /// Where.
        reached: Reached,
    },
    /// An app has run for a while; is it ready?
    Unready(Generation),
    /// An app has ended.
    Exited {
        /// Which.
        generation: Generation,
        /// How, in words: `exit code 3`, `SIGSEGV`.
        how: String,
        /// The last lines of its stderr.
        stderr: Vec<String>,
    },
    /// A retired app answers no request any more.
    Drained(Generation),
    /// A retired app has had its time to finish what it answers.
    Overstayed(Generation),
    /// A request came for an app that died.
    Wanted,
    /// Someone wants the app built and started anew, though nothing has changed.
    Asked,
    /// Someone pressed Ctrl-C or sent SIGTERM.
    Stop,
}

impl Event {
    /// Whether it is a change that makes the running app out of date.
    pub(crate) fn asks_for_another_app(&self) -> bool {
        matches!(
            self,
            Self::Changed {
                effect: Effect::Build | Effect::Restart,
                ..
            }
        )
    }
}

/// What a changed file asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A build and a new start.
    Build,
    /// A new start of what is built: the app reads the file when it starts.
    Restart,
    /// That browsers ask again; the app reads the file itself.
    Refresh,
    /// That browsers fetch the stylesheet or picture of this file name again.
    Restyle(String),
}

/// What a build made.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    /// The program.
    pub(crate) executable: Arc<Path>,
    /// How long that took.
    pub(crate) elapsed: Duration,
    /// The compiler's warnings, as it prints them.
    pub(crate) warnings: Vec<String>,
    /// What made it.
    pub(crate) maker: Maker,
}

/// What made a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    /// cargo.
    Cargo,
    /// The compiler, called as cargo calls it.
    Compiler,
    /// The same, linked against a shared object of the dependencies.
    ThinLink,
}
