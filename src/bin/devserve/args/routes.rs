use std::time::Duration;

use clap::ValueEnum;

use devserve::dev::Question;

use crate::args::groups::{PlaceArgs, SayingArgs, SettingsArgs, TargetArgs};

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
    settings: SettingsArgs,

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
            variables: self.settings.variables(),
            patience: Duration::from_secs(self.timeout),
            has_colors,
        }
    }
}
