//! The `devserve` command.

mod args;
mod browser;
mod clock;
mod completions;
mod failure;
mod json;
mod keys;
mod lines;
mod new;
mod output;
mod routes;
mod run;
mod settings;
mod signals;
mod site;
mod style;
mod table;

use std::process::ExitCode;

use crate::args::{Args, Color, Command};
use crate::settings::Unread;

fn main() -> ExitCode {
    // Started by cargo or rustc in the place of a compiler or linker.
    if let Some(code) = devserve::dev::stand_in() {
        return code;
    }
    let args = match Args::read() {
        Ok(args) => args,
        Err(Unread::Line(wrong)) => return output::usage(&wrong),
        Err(Unread::Settings(failure)) => {
            style::choose(Color::Auto);
            return output::failure(&failure);
        }
    };
    let style = style::choose(args.color);
    let done = match args.command {
        Command::Run(args) => run::run(args, style),
        Command::Static(args) => site::serve(args, style),
        Command::Routes(args) => routes::routes(&args, style),
        Command::New(args) => new::new(&args),
        Command::Completions(args) => {
            completions::completions(&args);
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output::failure(&failure),
    }
}
