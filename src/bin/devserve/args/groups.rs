use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ArgAction;

use devserve::dev::{Choice, Features, Program, Variables};
use devserve::net::{Address, Identity, IdentityError};

/// Where the package is, and what its program gets.
#[derive(Debug, clap::Args)]
pub(crate) struct PlaceArgs {
    /// Where the cargo package is [default: here]
    ///
    /// A folder or file inside the package, or its Cargo.toml. The source of a program, such as
    /// examples/hello.rs, names that program too.
    #[arg(value_name = "PATH", hide_default_value = true)]
    pub(super) path: Option<PathBuf>,

    /// What the app gets as its arguments
    #[arg(last = true, value_name = "ARGS", hide_short_help = true)]
    pub(super) args: Vec<OsString>,
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
    #[arg(long, overrides_with_all = ["release", "no_release", "profile"], help_heading = "Target")]
    release: bool,

    /// Build without them (the default)
    #[arg(
        long,
        overrides_with_all = ["release", "no_release"],
        hide_short_help = true,
        help_heading = "Target"
    )]
    no_release: bool,

    /// Build with this profile of cargo
    #[arg(
        long,
        value_name = "NAME",
        overrides_with_all = ["profile", "release"],
        hide_short_help = true,
        help_heading = "Target"
    )]
    profile: Option<String>,

    /// Build with these features; may be repeated
    ///
    /// Several in one have commas or spaces between them.
    #[arg(short = 'F', long, value_name = "NAME", action = ArgAction::Append, help_heading = "Target")]
    features: Vec<String>,

    /// Build with all features
    #[arg(
        long,
        overrides_with_all = ["all_features", "no_all_features"],
        hide_short_help = true,
        help_heading = "Target"
    )]
    all_features: bool,

    /// Build with those that are asked for alone (the default)
    #[arg(
        long,
        overrides_with_all = ["all_features", "no_all_features"],
        hide_short_help = true,
        help_heading = "Target"
    )]
    no_all_features: bool,

    /// Build without the package's default features
    #[arg(
        long,
        overrides_with_all = ["default_features", "no_default_features"],
        hide_short_help = true,
        help_heading = "Target"
    )]
    no_default_features: bool,

    /// Build with them (the default)
    #[arg(
        long,
        overrides_with_all = ["default_features", "no_default_features"],
        hide_short_help = true,
        help_heading = "Target"
    )]
    default_features: bool,
}

/// What else says how it runs.
#[derive(Debug, clap::Args)]
pub(crate) struct SettingsArgs {
    /// Read this file of settings [default: devserve.toml]
    ///
    /// TOML whose keys are the long flags, such as port = 3000 or no-reload = true; flags on the
    /// command line go over it. Without this flag, devserve.toml is looked for from PATH up to
    /// the package's folder and in its workspace's root; there, Cargo.toml may have the keys in
    /// [package.metadata.devserve] or [workspace.metadata.devserve] instead. Paths in it start
    /// from its folder.
    #[arg(
        long,
        value_name = "PATH",
        overrides_with_all = ["config", "no_config"],
        hide_short_help = true,
        help_heading = "Settings"
    )]
    config: Option<PathBuf>,

    /// Read no file of settings
    #[arg(
        long,
        overrides_with_all = ["config", "no_config"],
        hide_short_help = true,
        help_heading = "Settings"
    )]
    no_config: bool,

    /// Take the app's variables from here; may be repeated
    ///
    /// In place of .env and .env.local beside the package and in its workspace's root. Lines are
    /// NAME=value; a later file goes over an earlier one, and what is set in devserve's own
    /// environment over all. When one changes, the app starts anew, without a build.
    #[arg(
        long,
        value_name = "PATH",
        action = ArgAction::Append,
        overrides_with = "no_env_file",
        hide_short_help = true,
        help_heading = "Settings"
    )]
    env_file: Vec<PathBuf>,

    /// Read no variables from files, also not from .env
    #[arg(
        long,
        overrides_with_all = ["env_file", "no_env_file"],
        hide_short_help = true,
        help_heading = "Settings"
    )]
    no_env_file: bool,
}

impl SettingsArgs {
    pub(super) fn variables(&self) -> Variables {
        match (self.no_env_file, self.env_file.as_slice()) {
            (true, _) => Variables::None,
            (false, []) => Variables::Beside,
            (false, files) => Variables::Files(files.to_vec()),
        }
    }
}

impl TargetArgs {
    pub(super) fn choice(&self, path: Option<PathBuf>) -> Choice {
        let bin = self.bin.clone().map(Program::Bin);
        Choice {
            path: path.unwrap_or_default(),
            package: self.package.clone(),
            program: bin.or_else(|| self.example.clone().map(Program::Example)),
            profile: match self.release {
                true => Some("release".to_owned()),
                false => self.profile.clone(),
            },
            features: Features {
                named: self.features.clone(),
                all: self.all_features,
                no_default: self.no_default_features,
            },
        }
    }
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
    pub(super) fn behind_adhoc(&self) -> Option<&PathBuf> {
        match self.tls.as_slice() {
            [word, path] if is_adhoc(word) => Some(path),
            _ => None, // files, if anything
        }
    }

    pub(crate) fn opens_browser(&self) -> bool {
        self.open
    }
}

fn is_adhoc(word: &Path) -> bool {
    word.as_os_str() == "adhoc"
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
