use clap::CommandFactory;

use super::*;
use crate::args::Args;

fn run() -> Command {
    let mut command = Args::command();
    command.build();
    command.find_subcommand("run").unwrap().clone()
}

#[track_caller]
fn check(text: &str, want: &str) {
    check_in(&[], text, want);
}

#[track_caller]
fn check_in(table: &'static [&'static str], text: &str, want: &str) {
    let source = Source {
        path: "devserve.toml".into(),
        text: text.to_owned(),
        table,
    };
    let got = match read(&source, &run(), Path::new("/shop")) {
        Ok(settings) => {
            let words = settings.into_iter().flat_map(|setting| setting.words);
            let words: Vec<_> = words.map(|word| word.into_string().unwrap()).collect();
            words.join(" ")
        }
        Err(mistake) => format!("{mistake}\nhelp: {}", mistake.help),
    };
    assert_eq!(got, want, "{text}");
}

#[test]
fn keys_become_flags() {
    check("", "");
    check(
        "port = 3000\nhost = 'localhost'",
        "--port=3000 --host=localhost",
    );
    check("port = 0x1F40", "--port=8000");
    check("open = true\nreload = false", "--open --no-reload");
    check("no-fast = true", "--no-fast");
    check("no-fast = false", "--fast");
    check("quiet = false", "");
    check("verbose = 2", "--verbose --verbose");
    check("verbose = true", "--verbose");
    check("features = ['a', 'b c']", "--features=a --features=b c");
    check("ignore = '*.log'", "--ignore=*.log");
    check("args = ['--db', 'x']", "--db x");
    check(
        "command = 'npm run dev'\napp-port = 3000",
        "--command=npm run dev --app-port=3000",
    );
}

#[test]
fn paths_start_from_the_file() {
    check(
        "watch = ['data', '/srv']",
        "--watch=/shop/data --watch=/srv",
    );
    check("env-file = 'dev.env'", "--env-file=/shop/dev.env");
    check("tls = 'adhoc'", "--tls adhoc");
    check("tls = ['a.pem', 'b.pem']", "--tls /shop/a.pem /shop/b.pem");
    check("bind = 'unix:shop.sock'", "--bind=unix:/shop/shop.sock");
    check("bind = '127.0.0.1:1'", "--bind=127.0.0.1:1");
}

#[test]
fn a_manifest_has_them_in_a_table() {
    let table = &["package", "metadata", "devserve"];
    let text = "[package]\nname = 'shop'\n[package.metadata.devserve]\nport = 1\n";
    check_in(table, text, "--port=1");
    check_in(table, "[package]\nname = 'shop'", "");
}

#[test]
fn a_mistake_is_shown_where_it_stands() {
    check(
        "port = 1\nprot = 2",
        "devserve.toml:2:1: no setting is called prot\n  |\n2 | prot = 2\n  | ^^^^\nhelp: write port",
    );
    check(
        "zzz = 2",
        "devserve.toml:1:1: no setting is called zzz\n  |\n1 | zzz = 2\n  | ^^^\n\
         help: keys are the long flags of `devserve run --help`, without dashes",
    );
    check(
        "port = 'x'",
        "devserve.toml:1:8: port takes a number, not this string\n  |\n1 | port = 'x'\n  |        ^^^\n\
         help: write port = 8000",
    );
    check(
        "open = 1",
        "devserve.toml:1:8: open takes true or false, not this integer\n  |\n1 | open = 1\n  |        ^\n\
         help: write open = true",
    );
    check(
        "watch = [1]",
        "devserve.toml:1:9: watch takes a list of strings, not this array\n  |\n1 | watch = [1]\n  |         ^^^\n\
         help: write watch = [\"\u{2026}\"]",
    );
    check(
        "port = 70000",
        "devserve.toml:1:8: port: 70000 is not in 0..=65535\n  |\n1 | port = 70000\n  |        ^^^^^\n\
         help: Listen on this port; 0 takes a free one [default: 8000]",
    );
    check(
        "color = 'blue'",
        "devserve.toml:1:9: color cannot be this\n  |\n1 | color = 'blue'\n  |         ^^^^^^\n\
         help: choose one of auto, always, never",
    );
    check(
        "port = = 1",
        "devserve.toml:1:8: extra `=`, expected nothing\n  |\n1 | port = = 1\n  |        ^\n\
         help: see https://toml.io for how to write it",
    );
}

#[test]
fn every_flag_of_run_is_a_key_and_every_key_a_flag() {
    let run = run();
    for arg in run.get_arguments() {
        let Some(flag) = arg.get_long() else {
            assert!(["args", "path"].contains(&arg.get_id().as_str()), "{arg}");
            continue;
        };
        let value = match arg.get_action() {
            ArgAction::SetTrue => "true",
            ArgAction::Count => "1",
            ArgAction::Append => "['x']",
            ArgAction::Set => match flag {
                "port" | "app-port" => "1",
                "color" => "'auto'",
                "engine" => "'devserve'",
                "bind" => "'127.0.0.1:1'",
                _ => "'x'",
            },
            _ => {
                assert_eq!(flag, "help");
                continue;
            }
        };
        let source = Source {
            path: "devserve.toml".into(),
            text: format!("{flag} = {value}"),
            table: &[],
        };
        let read = read(&source, &run, Path::new("/"));
        if NO_KEYS.contains(&flag) {
            assert!(read.is_err(), "{flag}");
            continue;
        }
        let words = read.unwrap().remove(0).words;
        let first = words.first().unwrap().to_string_lossy().into_owned();
        assert_eq!(first.split('=').next(), Some(&*format!("--{flag}")));
    }
}
