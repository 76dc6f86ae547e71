use clap::CommandFactory;

use super::*;
use crate::args::Args;

/// The command line without `--config`, which names a folder of the test's.
#[track_caller]
fn check(text: &str, line: &str, want: &str) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("devserve.toml");
    std::fs::write(&path, text).unwrap();
    let config = format!("--config={}", path.display());
    let mut given: Vec<OsString> = line.split(' ').map(OsString::from).collect();
    let at = subcommand(&given, "run").max(subcommand(&given, "routes"));
    given.insert(at + 1, config.clone().into());
    let got = match complete(given, Args::command()) {
        Ok(line) => {
            let words = line.iter().map(|word| word.to_string_lossy());
            let words: Vec<_> = words.filter(|word| **word != *config).collect();
            // It can be read, too.
            Args::command().try_get_matches_from(&line).unwrap();
            words.join(" ")
        }
        Err(Unread::Line(error)) => error.to_string(),
        Err(Unread::Settings(failure)) => {
            let message = failure.chain.join("\n");
            message
                .lines()
                .next()
                .unwrap()
                .split(": ")
                .skip(1)
                .collect()
        }
    };
    assert_eq!(got, want, "{line} with {text}");
}

#[test]
fn settings_go_before_the_command_line() {
    check("port = 1", "devserve run", "devserve run --port=1");
    check(
        "port = 1",
        "devserve --color never run shop",
        "devserve --color never run --port=1 shop",
    );
    check(
        "open = true",
        "devserve run --no-open",
        "devserve run --open --no-open",
    );
    check(
        "ignore = 'a'",
        "devserve run --ignore b",
        "devserve run --ignore=a --ignore b",
    );
    check("args = ['a']", "devserve run", "devserve run -- a");
    check(
        "tls = 'a.pem'",
        "devserve run --tls adhoc",
        "devserve run --tls adhoc",
    );
}

#[test]
fn what_the_command_line_says_otherwise_is_left_out() {
    check("port = 1", "devserve run --port 2", "devserve run --port 2");
    check(
        "port = 1\nhost = 'x'",
        "devserve run --bind unix:a",
        "devserve run --bind unix:a",
    );
    check(
        "bind = 'unix:/a'",
        "devserve run --port 2",
        "devserve run --port 2",
    );
    check(
        "command = 'x'",
        "devserve run --bin a",
        "devserve run --bin a",
    );
    check(
        "bin = 'a'\nrelease = true",
        "devserve run --command x",
        "devserve run --command x",
    );
    check(
        "bin = 'a'",
        "devserve run --example b",
        "devserve run --example b",
    );
    check(
        "bin = 'a'",
        "devserve run examples/b.rs",
        "devserve run examples/b.rs",
    );
    check("args = ['a']", "devserve run -- b", "devserve run -- b");
    check(
        "color = 'never'",
        "devserve --color always run",
        "devserve --color always run",
    );
}

#[test]
fn routes_takes_what_says_which_program() {
    let text = "port = 1\nbin = 'a'\nargs = ['b']\nno-env-file = true";
    check(
        text,
        "devserve routes",
        "devserve routes --bin=a --no-env-file -- b",
    );
}

#[test]
fn settings_that_exclude_each_other_are_a_mistake() {
    check(
        "bind = 'unix:a'\nport = 1",
        "devserve run",
        "port cannot be set together with bind",
    );
    check(
        "bin = 'a'\nexample = 'b'",
        "devserve run",
        "example cannot be set together with bin",
    );
    check(
        "prot = 1",
        "devserve run --no-config",
        "devserve run --no-config",
    );
}
