mod completions;
mod folder;
mod groups;
mod new;
mod routes;
mod run;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

pub(crate) use completions::CompletionsArgs;
pub(crate) use folder::StaticArgs;
pub(crate) use groups::{SayingArgs, ServingArgs, Verbosity};
pub(crate) use new::NewArgs;
pub(crate) use routes::{Order, RoutesArgs};
pub(crate) use run::RunArgs;

use crate::settings::{self, Unread};

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
    /// Reads the process's arguments, and the settings that go with them. Help and version are
    /// `Err`s too, as clap has it.
    pub(crate) fn read() -> Result<Self, Unread> {
        let line = settings::complete(std::env::args_os().collect(), Self::command())?;
        Self::try_parse_from(line).map_err(Unread::Line)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    Static(StaticArgs),
    Routes(RoutesArgs),
    New(NewArgs),
    Completions(CompletionsArgs),
}

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}
