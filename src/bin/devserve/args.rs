use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use devserve::dev::{Choice, Elsewhere, Program, Question, Target};
use devserve::net::{Address, Identity, IdentityError};
use devserve::site;

/// What was asked for on the command line.
#[derive(Debug, Parser)]
#[command(
    name = "devserve",
    version,
    about = "A development server for web apps in Rust"
)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(max_term_width = 80)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colors: auto, always, never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    #[arg(
        overrides_with = "color",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub(crate) color: Color,
}

impl Args {
    /// Reads the process's arguments. Help and version are `Err`s too, as clap has it.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        Self::try_parse()
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    Static(StaticArgs),
    Routes(RoutesArgs),
    New(NewArgs),
}

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
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

    /// Run this in a shell in place of a package: 'npm run dev'
    ///
    /// A program in any language that serves HTTP. It runs in PATH, and a save in there starts it
    /// again; --watch says what counts instead, and --no-reload leaves reloading to the program.
    #[arg(
        long,
        value_name = "LINE",
        conflicts_with_all = ["bin", "example", "package", "engine", "release", "args"],
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
        conflicts_with_all = [
            "bin", "example", "package", "engine", "release", "args", "command", "watch"
        ],
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
        help_heading = "Target"
    )]
    engine: Option<Engine>,

    #[command(flatten)]
    pub(crate) saying: SayingArgs,
}

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

/// Where the package is, and what its program gets.
#[derive(Debug, clap::Args)]
pub(crate) struct PlaceArgs {
    /// Where the cargo package is [default: here]
    ///
    /// A folder or file inside the package, or its Cargo.toml. The source of a program, such as
    /// examples/hello.rs, names that program too.
    #[arg(value_name = "PATH", hide_default_value = true)]
    path: Option<PathBuf>,

    /// What the app gets as its arguments
    #[arg(last = true, value_name = "ARGS", hide_short_help = true)]
    args: Vec<OsString>,
}

/// Which program of the package is meant, and how it is built.
#[derive(Debug, clap::Args)]
pub(crate) struct TargetArgs {
    /// Run this binary of the package
    ///
    /// Needed only where a package has several and Cargo.toml names no default-run.
    #[arg(long, value_name = "NAME", overrides_with_all = ["bin", "example"], help_heading = "Target")]
    bin: Option<String>,

    /// Run this example of the package
    #[arg(long, value_name = "NAME", overrides_with_all = ["bin", "example"], help_heading = "Target")]
    example: Option<String>,

    /// Run a program of this package of the workspace
    #[arg(
        short,
        long,
        value_name = "NAME",
        overrides_with = "package",
        help_heading = "Target"
    )]
    package: Option<String>,

    /// Build with optimizations
    ///
    /// Release builds show a plain page for an error: what a visitor would see.
    #[arg(long, overrides_with = "no_release", help_heading = "Target")]
    release: bool,

    /// Build without them (the default)
    #[arg(
        long,
        overrides_with = "release",
        hide_short_help = true,
        help_heading = "Target"
    )]
    no_release: bool,
}

/// Where to listen, and what to show there.
#[derive(Debug, clap::Args)]
pub(crate) struct ServingArgs {
    /// Listen on this host [default: 127.0.0.1]
    ///
    /// The default is reached from this machine alone. With 0.0.0.0 everyone on your network gets
    /// what you get: the app or the files, and pages that explain errors.
    #[arg(
        long,
        value_name = "HOST",
        default_value = "127.0.0.1",
        hide_default_value = true
    )]
    #[arg(overrides_with = "host", help_heading = "Address")]
    host: String,

    /// Listen on this port; 0 takes a free one [default: 8000]
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 8000,
        hide_default_value = true
    )]
    #[arg(overrides_with = "port", help_heading = "Address")]
    port: u16,

    /// Listen there: HOST:PORT, unix:PATH or fd:NUMBER
    ///
    /// In place of --host and --port. A Unix socket is for this user alone; a file that an
    /// earlier server left behind is replaced. A descriptor is a listening socket that whoever
    /// started devserve handed over.
    #[arg(
        long,
        value_name = "ADDRESS",
        conflicts_with_all = ["host", "port"],
        overrides_with = "bind",
        help_heading = "Address"
    )]
    bind: Option<Address>,

    /// Serve by HTTPS: `adhoc`, or files CERT and KEY
    ///
    /// CERT is a PEM file with the server's certificate and those between it and a root, KEY one
    /// with its private key. With `adhoc`, a development CA of your own signs a certificate for
    /// this machine. The CA is kept in your data folder, so that browsers can be told once to
    /// trust it; it can vouch for this machine and private networks only.
    #[arg(
        long,
        value_name = "PEM",
        num_args = 1..=2,
        overrides_with = "tls",
        help_heading = "Address"
    )]
    tls: Vec<PathBuf>,

    /// Open it in a browser
    ///
    /// The one that the variable BROWSER names, or the system's.
    #[arg(long, overrides_with = "no_open", help_heading = "Address")]
    open: bool,

    /// Open no browser (the default)
    #[arg(
        long,
        overrides_with = "open",
        hide_short_help = true,
        help_heading = "Address"
    )]
    no_open: bool,
}

impl ServingArgs {
    pub(crate) fn address(&self) -> Address {
        match &self.bind {
            Some(address) => address.clone(),
            None => Address::tcp(self.host.clone(), self.port),
        }
    }

    /// What to show to clients that speak TLS.
    pub(crate) fn identity(&self) -> Result<Option<Identity>, IdentityError> {
        match self.tls.as_slice() {
            [] => Ok(None),
            [word, ..] if is_adhoc(word) => {
                let host = match self.address() {
                    Address::Tcp { host, .. } => host,
                    Address::Unix(_) | Address::Fd(_) => "localhost".to_owned(),
                };
                Identity::adhoc(&host).map(Some)
            }
            // One file may hold both.
            [cert, rest @ ..] => Identity::from_pem(cert, rest.first().unwrap_or(cert)).map(Some),
        }
    }

    /// What follows `--tls adhoc`: no key, and so the path that the command takes.
    fn behind_adhoc(&self) -> Option<&PathBuf> {
        match self.tls.as_slice() {
            [word, path] if is_adhoc(word) => Some(path),
            _ => None, // files, if anything
        }
    }

    pub(crate) fn opens_browser(&self) -> bool {
        self.open
    }
}

/// How much to say.
#[derive(Debug, clap::Args)]
pub(crate) struct SayingArgs {
    /// Say more: steps and warnings; -vv: the debug log too
    #[arg(
        short,
        long,
        action = ArgAction::Count,
        overrides_with = "quiet",
        help_heading = "Output"
    )]
    verbose: u8,

    /// Say only where the app is, and what goes wrong
    #[arg(short, long, overrides_with = "verbose", help_heading = "Output")]
    quiet: bool,
}

impl SayingArgs {
    pub(crate) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Usual,
            (false, 1) => Verbosity::Verbose,
            (false, _) => Verbosity::Debug,
        }
    }
}

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    Quiet,
    Usual,
    Verbose,
    Debug,
}

impl TargetArgs {
    fn choice(&self, path: Option<PathBuf>) -> Choice {
        let bin = self.bin.clone().map(Program::Bin);
        Choice {
            path: path.unwrap_or_default(),
            package: self.package.clone(),
            program: bin.or_else(|| self.example.clone().map(Program::Example)),
            is_release: self.release,
        }
    }
}

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

    /// Paths to watch, patterns to ignore, and the app's arguments.
    pub(crate) fn into_lists(self) -> (Vec<PathBuf>, Vec<String>, Vec<OsString>) {
        (self.watch, self.ignore, self.place.args)
    }
}

fn is_adhoc(word: &Path) -> bool {
    word.as_os_str() == "adhoc"
}

/// Serve a folder as it is; reload pages when files change
///
/// Files come with their types, entity tags and ranges, and packed twins (app.css.br) where the
/// browser takes them. A folder with an index.html answers with that, another with a list of
/// what is in it; where nothing is found, a 404.html answers. A link that leads out of the
/// folder is not followed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = STATIC_EXAMPLES)]
pub(crate) struct StaticArgs {
    /// The folder [default: here]
    #[arg(value_name = "DIR", hide_default_value = true)]
    folder: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) serving: ServingArgs,

    /// Answer to this name, too; with a dot before it, also to those below it
    ///
    /// On 127.0.0.1 only requests for localhost and for that address are answered, so that no
    /// page of the Web reads your files by a name of its own that leads here. The name of a
    /// tunnel, or one in your hosts file, has to be given.
    #[arg(
        long,
        value_name = "NAME",
        hide_short_help = true,
        help_heading = "Address"
    )]
    allow_host: Vec<String>,

    /// Leave open pages alone when files change
    ///
    /// Otherwise every HTML page gets a script that reloads it; a changed stylesheet is swapped
    /// in place.
    #[arg(long, overrides_with = "livereload", help_heading = "Files")]
    no_livereload: bool,

    /// Reload open pages when files change (the default)
    #[arg(
        long,
        overrides_with = "no_livereload",
        hide_short_help = true,
        help_heading = "Files"
    )]
    livereload: bool,

    /// Show no lists of folders
    #[arg(long, overrides_with = "listing", help_heading = "Files")]
    no_listing: bool,

    /// List folders that have no index.html (the default)
    #[arg(
        long,
        overrides_with = "no_listing",
        hide_short_help = true,
        help_heading = "Files"
    )]
    listing: bool,

    /// Serve names that begin with a dot, too
    ///
    /// Without it only .well-known is served of these.
    #[arg(long, overrides_with = "no_hidden", help_heading = "Files")]
    hidden: bool,

    /// Serve no names that begin with a dot (the default)
    #[arg(
        long,
        overrides_with = "hidden",
        hide_short_help = true,
        help_heading = "Files"
    )]
    no_hidden: bool,

    /// Answer paths without a file with index.html
    ///
    /// For apps of a single page, whose script knows the paths. A missing file that no page is
    /// expected of, such as a script, is still answered with 404.
    #[arg(long, overrides_with = "no_spa", help_heading = "Files")]
    spa: bool,

    /// Answer them with 404 (the default)
    #[arg(
        long,
        overrides_with = "spa",
        hide_short_help = true,
        help_heading = "Files"
    )]
    no_spa: bool,

    /// Let pages of every origin read the files (CORS)
    #[arg(long, overrides_with = "no_cors", help_heading = "Files")]
    cors: bool,

    /// Let other origins read nothing (the default)
    #[arg(
        long,
        overrides_with = "cors",
        hide_short_help = true,
        help_heading = "Files"
    )]
    no_cors: bool,

    #[command(flatten)]
    pub(crate) saying: SayingArgs,
}

impl StaticArgs {
    /// What to serve, to whoever is shown `tls`.
    pub(crate) fn config(self, tls: Option<Identity>) -> site::Config {
        let folder = self.folder.as_ref().or(self.serving.behind_adhoc());
        site::Config {
            folder: folder.cloned().unwrap_or_else(|| PathBuf::from(".")),
            address: self.serving.address(),
            hosts: self.allow_host,
            tls,
            live_reload: !self.no_livereload,
            listing: !self.no_listing,
            hidden: self.hidden,
            single_page: self.spa,
            cors: self.cors,
        }
    }
}

const STATIC_EXAMPLES: &str = "\
Examples:
  devserve static --open           serve this folder, and show it
  devserve static dist --spa --port 0
                                   try a built app of one page, on any free port
  devserve static --host 0.0.0.0 --no-livereload
                                   give files to others on the network

Environment:
  BROWSER   what --open starts
  NO_COLOR  no colors, unless --color says otherwise";

/// Show what an app answers: its rules, in a table
///
/// Builds the package's program and starts it once, to ask the app for its routes; it does not
/// serve. The program's own words go to stderr. An app knows its routes if it is a
/// devserve::router::Router, or middleware around one, and main gives it to devserve::run.
#[derive(Debug, clap::Args)]
#[command(override_usage = "devserve routes [OPTIONS] [PATH] [-- ARGS...]")]
#[command(after_long_help = ROUTES_EXAMPLES)]
pub(crate) struct RoutesArgs {
    #[command(flatten)]
    place: PlaceArgs,

    /// The order: endpoint, rule or match [default: endpoint]
    ///
    /// `match` is the order in which a request is compared with the rules: the first one that
    /// fits gets it.
    #[arg(
        short,
        long,
        value_name = "ORDER",
        default_value = "endpoint",
        hide_default_value = true,
        hide_possible_values = true,
        overrides_with = "sort",
        help_heading = "Table"
    )]
    pub(crate) sort: Order,

    /// Show HEAD and OPTIONS too, which most rules have
    #[arg(long, overrides_with = "all", help_heading = "Table")]
    pub(crate) all: bool,

    /// Write JSON in place of a table; it has everything
    #[arg(long, overrides_with = "json", help_heading = "Table")]
    pub(crate) json: bool,

    /// Wait so long for the program's answer [default: 10]
    ///
    /// From its start on, without the build.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 10,
        hide_default_value = true,
        overrides_with = "timeout",
        help_heading = "Target"
    )]
    timeout: u64,

    #[command(flatten)]
    target: TargetArgs,

    #[command(flatten)]
    pub(crate) saying: SayingArgs,
}

const ROUTES_EXAMPLES: &str = "\
Examples:
  devserve routes                  the rules of the package in this folder
  devserve routes --sort match --all
                                   in the order they are tried, with all methods
  devserve routes --json | jq '.[].rule'
                                   for other programs to read

Environment:
  CARGO            the cargo that builds
  NO_COLOR         no colors, unless --color says otherwise";

/// How the table of routes is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    Endpoint,
    Rule,
    Match,
}

impl RoutesArgs {
    /// What to ask of which program.
    pub(crate) fn question(&self, has_colors: bool) -> Question {
        Question {
            choice: self.target.choice(self.place.path.clone()),
            args: self.place.args.clone(),
            patience: Duration::from_secs(self.timeout),
            has_colors,
        }
    }
}

/// Make a small app to begin with
///
/// A page with a form, a cookie, a template, a stylesheet and a test, in a new folder. It runs
/// at once:
///
///     devserve new shop && cd shop && devserve run --open
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct NewArgs {
    /// The folder to make; its last part is the package's name
    #[arg(value_name = "NAME")]
    pub(crate) path: PathBuf,

    /// Depend on the devserve in this folder, not on the published one
    #[arg(
        long,
        value_name = "DIR",
        overrides_with = "devserve_path",
        help_heading = "Dependency"
    )]
    pub(crate) devserve_path: Option<PathBuf>,
}
