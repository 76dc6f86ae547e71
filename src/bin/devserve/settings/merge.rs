use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::failure::Failure;
use crate::settings::file::{self, ARGS, Mistake, Setting, Source};
use crate::settings::place::{self, Wrong};

/// Why a command line is not completed.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is wrong itself, or asks for help.
    Line(clap::Error),
    /// The settings are.
    Settings(Failure),
}

/// The command line with the settings that go with it: in front of its own flags, so that those
/// win.
pub(crate) fn complete(line: Vec<OsString>, mut command: Command) -> Result<Vec<OsString>, Unread> {
    command.build();
    let matches = command
        .clone()
        .try_get_matches_from(&line)
        .map_err(Unread::Line)?;
    let Some((name @ ("run" | "routes"), given)) = matches.subcommand() else {
        return Ok(line);
    };
    if given.get_flag("no_config") {
        return Ok(line);
    }
    let (Some(run), Some(asked)) = (
        command.find_subcommand("run"),
        command.find_subcommand(name),
    ) else {
        return Ok(line);
    };
    let settings = find(given, run).map_err(|wrong| Unread::Settings(explain(&wrong)))?;
    Ok(match settings {
        Some((path, settings)) => weave(line, name, asked, run, given, &path, settings),
        None => line,
    })
}

fn explain(wrong: &Wrong) -> Failure {
    match wrong {
        Wrong::Unreadable(error) => {
            Failure::new(error, "see whether it is there, or use --no-config")
        }
        Wrong::Mistake(mistake) => Failure::new(mistake, mistake.help.clone()),
    }
}

fn find(given: &ArgMatches, run: &Command) -> Result<Option<(PathBuf, Vec<Setting>)>, Wrong> {
    let path = given.get_one::<PathBuf>("path").map(PathBuf::as_path);
    let source = match given.get_one::<PathBuf>("config") {
        Some(path) => Some(place::named(path)?),
        None => place::search(path.unwrap_or(Path::new("")))?,
    };
    let Some(source) = source else {
        return Ok(None);
    };
    let folder = source.path.parent().unwrap_or(Path::new(""));
    let settings = file::read(&source, run, folder)?;
    check_together(&source, run, &settings)?;
    Ok(Some((source.path, settings)))
}

/// No two of the settings may exclude each other.
fn check_together(source: &Source, run: &Command, settings: &[Setting]) -> Result<(), Mistake> {
    for (at, setting) in settings.iter().enumerate() {
        let excluded = settings[..at].iter().find(|earlier| {
            let both = [&earlier.key, &setting.key].map(|key| argument(run, key));
            matches!(both, [Some(a), Some(b)] if exclude_each_other(run, a, b))
                // These override each other on a command line, where an order can be seen.
                || matches!((&*earlier.key, &*setting.key), ("bin", "example") | ("example", "bin"))
        });
        if let Some(earlier) = excluded {
            let what = format!(
                "{} cannot be set together with {}",
                setting.key, earlier.key
            );
            return Err(source.mistake(&setting.span, what, "take one of them out".to_owned()));
        }
    }
    Ok(())
}

fn weave(
    line: Vec<OsString>,
    name: &str,
    asked: &Command,
    run: &Command,
    given: &ArgMatches,
    path: &Path,
    settings: Vec<Setting>,
) -> Vec<OsString> {
    let is_given =
        |arg: &Arg| given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let given_args: Vec<&Arg> = asked.get_arguments().filter(|arg| is_given(arg)).collect();
    let names_a_program = given
        .get_one::<PathBuf>("path")
        .is_some_and(|path| !path.join("Cargo.toml").is_file() && !path.ends_with("Cargo.toml"));
    let counts = |setting: &&Setting| {
        let Some(arg) = argument(asked, &setting.key) else {
            return false; // a flag of `run` alone
        };
        let is_the_same = argument(run, &setting.key)
            .is_some_and(|of_run| of_run.get_help_heading() == arg.get_help_heading());
        let is_list = matches!(arg.get_action(), ArgAction::Append)
            && arg
                .get_num_args()
                .is_none_or(|count| count.max_values() == 1);
        let is_beaten = given_args.iter().any(|given| {
            given.get_id() == arg.get_id() && !is_list || exclude_each_other(asked, given, arg)
        });
        let is_named_otherwise = matches!(&*setting.key, "bin" | "example")
            && (names_a_program
                || given_args
                    .iter()
                    .any(|arg| matches!(arg.get_long(), Some("bin" | "example"))));
        is_the_same && !is_beaten && !is_named_otherwise
    };
    let (trailing, flags): (Vec<_>, Vec<_>) = settings
        .iter()
        .filter(counts)
        .partition(|setting| setting.key == ARGS);
    let mut words: Vec<OsString> = flags.iter().flat_map(|s| s.words.clone()).collect();
    // Where a flag takes several values, this is none of them; what follows could be.
    let mut config = OsString::from("--config=");
    config.push(path);
    words.push(config);
    let at = subcommand(&line, name);
    let mut line = line;
    line.splice(at + 1..at + 1, words);
    if let Some(args) = trailing.first() {
        line.push("--".into());
        line.extend(args.words.clone());
    }
    line
}

/// Where the subcommand stands: after flags that are for all of them.
fn subcommand(line: &[OsString], name: &str) -> usize {
    let is_value = |at: usize| line[at - 1] == OsStr::new("--color");
    let mut places = 1..line.len();
    let found = places.find(|at| line[*at] == OsStr::new(name) && !is_value(*at));
    found.unwrap_or(0)
}

/// The flag of this name, or what takes the app's arguments.
fn argument<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    match key {
        ARGS => command.get_arguments().find(|arg| arg.get_id() == ARGS),
        _ => file::flag(command, key),
    }
}

fn exclude_each_other(command: &Command, one: &Arg, other: &Arg) -> bool {
    let excludes = |one: &Arg, other: &Arg| {
        let excluded: HashSet<_> = command
            .get_arg_conflicts_with(one)
            .into_iter()
            .map(Arg::get_id)
            .collect();
        excluded.contains(other.get_id())
    };
    excludes(one, other) || excludes(other, one)
}

#[cfg(test)]
mod tests;
