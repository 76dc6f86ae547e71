use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, ValueEnum};

use devserve::dev::{Elsewhere, Target, Variables};

use crate::args::groups::{PlaceArgs, SayingArgs, ServingArgs, SettingsArgs, TargetArgs};
use crate::output::Form;

/// Build and serve an app; build again when it changes
///
/// Takes the port at once and holds it to the end. Requests wait while the app is built and
/// started, so a browser never sees a refused connection or an answer of yesterday's code. A
/// build that fails is explained in the browser.
///
/// The app may use any framework. It is told where to listen by LISTEN_FDS and by PORT and HOST
/// (ROCKET_PORT and the like), and found wherever it listens.
///
/// stdout is the app's own; devserve speaks on stderr.
#[derive(Debug, clap::Args)]
#[command(override_usage = "devserve run [OPTIONS] [PATH] [-- ARGS...]")]
#[command(after_long_help = RUN_EXAMPLES)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    place: PlaceArgs,

    #[command(flatten)]
    pub(crate) serving: ServingArgs,

    /// Build once; ignore changes, reload nothing
    #[arg(long, overrides_with = "reload", help_heading = "Reload")]
    no_reload: bool,

    /// Build again when files change (the default)
    #[arg(
        long,
        overrides_with = "no_reload",
        hide_short_help = true,
        help_heading = "Reload"
    )]
    reload: bool,

    /// Build every change through cargo
    ///
    /// By default an edit of the program's own source is built without cargo, by the compiler's
    /// call that cargo made before, and linked against its dependencies as one shared object.
    /// Whatever else changes goes through cargo anyway.
    #[arg(long, overrides_with = "fast", help_heading = "Reload")]
    no_fast: bool,

    /// Build without cargo where that is sure to be right (the default)
    #[arg(
        long,
        overrides_with = "no_fast",
        hide_short_help = true,
        help_heading = "Reload"
    )]
    fast: bool,

    /// Leave open pages alone when something changes
    ///
    /// Otherwise every HTML page gets a script: it reloads the page, swaps stylesheets and
    /// pictures in place, and shows what is wrong with a build. For that, pages are asked of the
    /// app uncompressed.
    #[arg(
        long,
        overrides_with = "livereload",
        hide_short_help = true,
        help_heading = "Reload"
    )]
    no_livereload: bool,

    /// Have open pages follow what changes (the default)
    #[arg(
        long,
        overrides_with = "no_livereload",
        hide_short_help = true,
        help_heading = "Reload"
    )]
    livereload: bool,

    /// Start anew when this changes too; may be repeated
    ///
    /// A file or a folder, also one that .gitignore names. What the app is built from is watched
    /// without being named. A build script that does not say what it reads may read all of its
    /// package. With --command, this is watched in place of the folder it runs in.
    #[arg(long, value_name = "PATH", action = ArgAction::Append, help_heading = "Reload")]
    watch: Vec<PathBuf>,

    /// Do not look at these files; may be repeated
    ///
    /// A line as in .gitignore, seen from the package, such as *.log or /data; one that begins
    /// with ! takes an earlier one back, or one of .gitignore, which is obeyed anyway. It goes
    /// over --watch and over what the build reads.
    #[arg(long, value_name = "GLOB", action = ArgAction::Append, help_heading = "Reload")]
    ignore: Vec<String>,

    /// Run this in a shell, and no package: 'npm run dev'
    ///
    /// A program in any language that serves HTTP. It runs in PATH, and a save in there starts it
    /// again; --watch says what counts instead, and --no-reload leaves reloading to the program.
    #[arg(
        long,
        value_name = "LINE",
        conflicts_with_all = BUILT,
        overrides_with = "command",
        help_heading = "Target"
    )]
    command: Option<String>,

    /// Run nothing; pass requests on to this server
    ///
    /// One that is started elsewhere, such as http://localhost:3000. Requests wait for it where
    /// it is not there. Browsers reload when a file in PATH changes.
    #[arg(
        long,
        value_name = "URL",
        conflicts_with_all = BUILT,
        conflicts_with_all = ["command", "watch"],
        overrides_with = "proxy",
        help_heading = "Target"
    )]
    proxy: Option<Elsewhere>,

    /// The port the app listens at, where it has several
    ///
    /// Without it the app's port is the one it was told to take, or else the first one it opens.
    #[arg(
        long,
        value_name = "PORT",
        value_parser = clap::value_parser!(u16).range(1..),
        conflicts_with = "proxy",
        overrides_with = "app_port",
        hide_short_help = true,
        help_heading = "Target"
    )]
    app_port: Option<u16>,

    #[command(flatten)]
    target: TargetArgs,

    /// Serve with this engine: devserve or tiny-http
    ///
    /// devserve is the default. For the other the app must have been built with it: feature "tiny-http" of devserve in its Cargo.toml.
    #[arg(
        long,
        value_name = "NAME",
        overrides_with = "engine",
        hide_possible_values = true,
        hide_short_help = true,
        help_heading = "Target"
    )]
    engine: Option<Engine>,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    pub(crate) saying: SayingArgs,

    /// Tell what happens in JSON, for editors
    ///
    /// On stderr, as stdout is the app's own: one object a line, with "event", its name, and
    /// "v", which is 1 until a shape loses something. What the app writes to stderr is an event
    /// too. README.md names them all.
    #[arg(
        long,
        overrides_with_all = ["json", "no_json"],
        hide_short_help = true,
        help_heading = "Output"
    )]
    json: bool,

    /// Tell it in words (the default)
    #[arg(
        long,
        overrides_with_all = ["json", "no_json"],
        hide_short_help = true,
        help_heading = "Output"
    )]
    no_json: bool,
}

/// What makes sense for a package alone.
const BUILT: [&str; 10] = [
    "bin",
    "example",
    "package",
    "engine",
    "release",
    "profile",
    "features",
    "all_features",
    "no_default_features",
    "args",
];

const RUN_EXAMPLES: &str = "\
Examples:
  devserve run --open              serve the package in this folder, and show it
  devserve run --example guestbook --port 0
                                   serve an example, on any free port
  devserve run -p shop -- --db shop.sqlite
                                   serve a workspace's package, with arguments of its own
  devserve run --command 'python3 app.py'
                                   serve what is not built by cargo

Environment:
  BROWSER          what --open starts
  CARGO            the cargo that builds
  DEVSERVE_ENGINE  what the app serves with, unless --engine says otherwise
  DEVSERVE_EDITOR  what opens places in source: a name, a link or a command
  NO_COLOR         no colors, unless --color says otherwise";

impl RunArgs {
    /// What is meant to be served.
    pub(crate) fn target(&self) -> Target {
        let folder = || self.path().unwrap_or_default();
        match (&self.command, &self.proxy) {
            (Some(line), _) => Target::Command {
                line: line.clone(),
                folder: folder(),
            },
            (None, Some(server)) => Target::Elsewhere {
                server: server.clone(),
                folder: folder(),
            },
            (None, None) => Target::Package(self.target.choice(self.path())),
        }
    }

    pub(crate) fn app_port(&self) -> Option<u16> {
        self.app_port
    }

    pub(crate) fn engine(&self) -> Option<String> {
        self.engine.map(|engine| engine.name().to_owned())
    }

    /// Where the package is.
    fn path(&self) -> Option<PathBuf> {
        let given = self.place.path.as_ref();
        given.or(self.serving.behind_adhoc()).cloned()
    }

    pub(crate) fn reloads(&self) -> bool {
        !self.no_reload
    }

    pub(crate) fn is_fast(&self) -> bool {
        !self.no_fast
    }

    pub(crate) fn reloads_browsers(&self) -> bool {
        !self.no_livereload
    }

    pub(crate) fn form(&self) -> Form {
        match self.json {
            true => Form::Json,
            false => Form::Words,
        }
    }

    pub(crate) fn variables(&self) -> Variables {
        self.settings.variables()
    }

    /// Paths to watch, patterns to ignore, and the app's arguments.
    pub(crate) fn into_lists(self) -> (Vec<PathBuf>, Vec<String>, Vec<OsString>) {
        (self.watch, self.ignore, self.place.args)
    }
}

/// What the app serves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Devserve,
    TinyHttp,
}

impl Engine {
    /// Its name in the app's environment.
    fn name(self) -> &'static str {
        match self {
            Self::Devserve => "devserve",
            Self::TinyHttp => "tiny-http",
        }
    }
}
