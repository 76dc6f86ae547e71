use std::path::PathBuf;
use std::time::Duration;

use colored::{ColoredString, Colorize};

use devserve::dev::{AccessRecord, NoScript, Notice};
use devserve::text::visible::visible;

use crate::args::Verbosity;
use crate::clock;

/// The line for a notice; `None` where this much is not wanted. A terminal has `columns`.
pub(crate) fn describe(
    notice: &Notice,
    verbosity: Verbosity,
    columns: Option<usize>,
) -> Option<String> {
    let is_usual = verbosity >= Verbosity::Usual;
    let is_verbose = verbosity >= Verbosity::Verbose;
    match notice {
        Notice::Holding { url } => {
            let version = env!("CARGO_PKG_VERSION");
            Some(format!(
                "devserve {version} · {} · for development only",
                url.bold()
            ))
        }
        Notice::Authority { path } => {
            let path = visible(&path.to_string_lossy()).into_owned();
            Some(format!(
                "signed by {path} · trust it once, or: curl --cacert {path}"
            ))
        }
        Notice::Building { target } => is_verbose.then(|| format!("building {target}")),
        Notice::Found { is_error, rendered } => {
            (*is_error || is_verbose).then(|| rendered.trim_end().to_owned())
        }
        Notice::Built {
            target,
            elapsed,
            warnings,
        } => is_usual.then(|| built(target, *elapsed, warnings.len(), is_verbose)),
        Notice::BuildFailed {
            target,
            errors,
            rendered,
            ..
        } => {
            let count = match errors {
                0 => String::new(),
                1 => ", 1 error".to_owned(),
                many => format!(", {many} errors"),
            };
            let label = label("error");
            let words = match rendered.trim_end() {
                "" => String::new(),
                words => format!("{words}\n"),
            };
            Some(format!("{words}{label} {target} did not build{count}"))
        }
        Notice::Live {
            changed,
            elapsed,
            browsers,
        } => match changed.is_empty() {
            true => is_usual.then(|| stamped(&format!("serving after {}", seconds(*elapsed)))),
            false => is_usual.then(|| {
                let (changed, elapsed) = (list(changed), seconds(*elapsed));
                stamped(&format!(
                    "changed {changed} · live in {elapsed}{}",
                    reloaded(*browsers)
                ))
            }),
        },
        Notice::Refreshed { changed, browsers } => is_usual.then(|| {
            let changed = list(changed);
            stamped(&format!("changed {changed}{}", reloaded(*browsers)))
        }),
        Notice::SlowStart { target, elapsed } => {
            let (target, elapsed) = (visible(target), seconds(*elapsed));
            let help = "let it serve HTTP on any port; where others than itself do, name the port \
                        with --app-port";
            Some(format!(
                "{} {target} runs for {elapsed} and accepts no requests yet\n{} {help}",
                label("warning"),
                label("help"),
            ))
        }
        Notice::Listening { target, at } => {
            is_verbose.then(|| format!("{} listens at {}", visible(target), visible(at)))
        }
        Notice::Sole { target, at } => is_usual.then(|| {
            let (target, at) = (visible(target), visible(at));
            let help = "let it read PORT, or take LISTEN_FDS, and saves need no pause";
            format!(
                "{target} chose {at} by itself: each one ends before the next one starts\n{} {help}",
                label("help")
            )
        }),
        Notice::AddressTaken => {
            let help = "let it read PORT, or give devserve another --port";
            Some(format!("{} {help}", label("help")))
        }
        Notice::Died {
            target,
            how,
            when_ready,
        } => {
            let when = if *when_ready {
                ""
            } else {
                " before it accepted a request"
            };
            Some(format!("{} {target} ended{when}: {how}", label("error")))
        }
        Notice::Restarting { target } => {
            is_usual.then(|| stamped(&format!("starting {target} again for a request")))
        }
        Notice::Polling { reason, help } => {
            let reason = visible(reason);
            match help {
                Some(help) => Some(format!(
                    "{} {reason}: devserve looks for changes every half second\n{} {help}",
                    label("warning"),
                    label("help")
                )),
                None => is_usual
                    .then(|| format!("{reason}: devserve looks for changes every half second")),
            }
        }
        Notice::Unwatched { reason, help } => {
            let warning = format!("{} cannot watch: {}", label("warning"), visible(reason));
            Some(match help {
                Some(help) => format!("{warning}\n{} {help}", label("help")),
                None => warning,
            })
        }
        Notice::Access(record) => is_usual.then(|| access(record, columns)),
        Notice::Refused { peer, status, why } => is_usual.then(|| {
            let peer = peer.map(|peer| format!(" from {peer}")).unwrap_or_default();
            stamped(&format!("refused{peer}: {status} {}", visible(why)))
        }),
        Notice::NoLiveReload { target, why } => is_usual.then(|| {
            let target = visible(target);
            let (why, help) = match why {
                NoScript::Compressed => (
                    "is compressed unasked, and gets no live-reload script",
                    "compress what Accept-Encoding asks for, and nothing else",
                ),
                // The policy, and whatever comes to be.
                _ => (
                    "forbids the live-reload script",
                    "allow script-src 'self' and connect-src 'self' while you develop",
                ),
            };
            let warning = label("warning");
            let help_label = label("help");
            format!("{warning} {target} {why}\n{help_label} {help}")
        }),
        Notice::Serving { folder } => is_usual.then(|| {
            let folder = folder.to_string_lossy();
            format!("serving {} · Ctrl-C ends it", visible(&folder))
        }),
        Notice::Failed { why } => Some(format!("{} {}", label("error"), visible(why))),
        Notice::Stopping => is_verbose.then(|| "stopping".to_owned()),
        _ => None, // What a later library has to say, this command has no words for.
    }
}

fn built(target: &str, elapsed: Duration, warnings: usize, were_shown: bool) -> String {
    let elapsed = seconds(elapsed);
    let warnings = match (warnings, were_shown) {
        (0, _) => String::new(),
        (1, true) => " · 1 warning".to_owned(),
        (1, false) => " · 1 warning (-v shows it)".to_owned(),
        (many, true) => format!(" · {many} warnings"),
        (many, false) => format!(" · {many} warnings (-v shows them)"),
    };
    format!("built {target} in {elapsed}{warnings}")
}

fn access(record: &AccessRecord, columns: Option<usize>) -> String {
    let status = match record.status {
        200..300 => record.status.to_string().green(),
        300..400 => record.status.to_string().cyan(),
        400..500 => record.status.to_string().yellow(),
        _ => record.status.to_string().red(),
    };
    // Widths first: colors would count as width.
    let method = format!("{:<6}", visible(&record.method));
    let target = fit(&visible(&record.target), columns);
    let held = match record.held >= Duration::from_millis(1) {
        true => format!("  held {}", milliseconds(record.held)),
        false => String::new(),
    };
    stamped(&format!(
        "{method} {target} {status} {:>8} {:>8}{held}",
        size(record.body_bytes),
        milliseconds(record.elapsed)
    ))
}

/// A request's target in its column: as wide as usual, wider where it has to be and the terminal
/// has room, and cut where it has none.
fn fit(target: &str, columns: Option<usize>) -> String {
    const USUAL: usize = 30;
    const LEAST: usize = 10;
    /// What the rest of the line takes: time, method, status, size, duration.
    const REST: usize = 40;
    let room = columns.map_or(usize::MAX, |columns| {
        columns.saturating_sub(REST).max(LEAST)
    });
    let width = room.min(USUAL);
    match target.chars().count() > room {
        true => target.chars().take(room - 1).chain(['…']).collect(),
        false => format!("{target:<width$}"),
    }
}

fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1e3;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while size >= 999.95 && units.len() > 0 {
        size /= 1e3;
        unit = units.next();
    }
    format!("{size:.1} {}", unit.unwrap_or(&"TB"))
}

fn stamped(text: &str) -> String {
    format!("{}  {text}", clock::time_of_day().dimmed())
}

fn reloaded(browsers: usize) -> String {
    match browsers {
        0 => String::new(),
        1 => " · reloaded 1 browser".to_owned(),
        many => format!(" · reloaded {many} browsers"),
    }
}

fn list(paths: &[PathBuf]) -> String {
    const SHOWN: usize = 3;
    let name = |path: &PathBuf| match path.as_os_str().is_empty() {
        true => ".".to_owned(), // the folder itself
        false => visible(&path.to_string_lossy()).into_owned(),
    };
    let mut names: Vec<String> = paths.iter().take(SHOWN).map(name).collect();
    if paths.len() > SHOWN {
        names.push(format!("{} more", paths.len() - SHOWN));
    }
    names.join(", ")
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}

fn milliseconds(elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0 => format!("{:.1} ms", elapsed.as_secs_f64() * 1e3),
        short @ 1..10_000 => format!("{short} ms"),
        _ => seconds(elapsed),
    }
}

/// A word before a message, as cargo has it.
pub(crate) fn label(word: &str) -> ColoredString {
    let word = format!("{word}:");
    match word.as_str() {
        "error:" => word.red().bold(),
        "warning:" => word.yellow().bold(),
        "help:" => word.cyan().bold(),
        _ => word.bold(),
    }
}

/// Several lines, such as cargo's words, each made harmless.
pub(crate) fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(notice: Notice, verbosity: Verbosity, want: Option<&str>) {
        colored::control::set_override(false);
        let line = describe(&notice, verbosity, None);
        // Without the time of day.
        let line = line.map(|line| match line.as_bytes().get(2) {
            Some(b':') => line[10..].to_owned(),
            _ => line,
        });
        assert_eq!(line.as_deref(), want);
    }

    fn live(changed: &[&str], browsers: usize) -> Notice {
        let changed = changed.iter().map(PathBuf::from).collect();
        Notice::Live {
            changed,
            elapsed: Duration::from_millis(1430),
            browsers,
        }
    }

    #[test]
    fn a_new_generation_says_why_it_came() {
        let usual = Verbosity::Usual;
        check(live(&[], 0), usual, Some("serving after 1.4 s"));
        check(
            live(&["a.rs"], 0),
            usual,
            Some("changed a.rs · live in 1.4 s"),
        );
        check(
            live(&["a.rs"], 1),
            usual,
            Some("changed a.rs · live in 1.4 s · reloaded 1 browser"),
        );
        check(
            live(&["a", "b", "c", "d", "e"], 2),
            usual,
            Some("changed a, b, c, 2 more · live in 1.4 s · reloaded 2 browsers"),
        );
        check(live(&["a.rs"], 1), Verbosity::Quiet, None);
    }

    #[test]
    fn an_address_of_the_app_s_own_choice_is_said_with_a_way_out() {
        let (target, at) = ("shop".to_owned(), "127.0.0.1:3000".to_owned());
        let sole = Notice::Sole {
            target: target.clone(),
            at: at.clone(),
        };
        let want = "shop chose 127.0.0.1:3000 by itself: each one ends before the next one starts\n\
                    help: let it read PORT, or take LISTEN_FDS, and saves need no pause";
        check(sole.clone(), Verbosity::Usual, Some(want));
        check(sole, Verbosity::Quiet, None);
        let listening = Notice::Listening { target, at };
        check(listening.clone(), Verbosity::Usual, None);
        let want = "shop listens at 127.0.0.1:3000";
        check(listening, Verbosity::Verbose, Some(want));
    }

    #[test]
    fn an_access_line_cannot_steer_the_terminal() {
        let record = AccessRecord {
            peer: None,
            method: "GET".to_owned(),
            target: "/\x1b[2J".to_owned(),
            status: 404,
            body_bytes: 9,
            elapsed: Duration::from_micros(300),
            held: Duration::ZERO,
        };
        let want = format!("GET    {:<30} 404      9 B   0.3 ms", "/\\x1b[2J");
        check(Notice::Access(record), Verbosity::Usual, Some(&want));
    }

    #[test]
    fn a_target_has_a_column_that_fits_the_terminal() {
        let check = |target: &str, columns, want: &str| assert_eq!(fit(target, columns), want);
        check("/", None, &format!("/{}", " ".repeat(29)));
        check("/", Some(200), &format!("/{}", " ".repeat(29)));
        check("/", Some(52), "/           ");
        check("/a/long/way", Some(50), "/a/long/w…");
        check("/a/long/way", Some(1), "/a/long/w…");
        let long = "/".repeat(60);
        check(&long, None, &long);
        check(&long, Some(120), &long);
    }

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 999, 1000, 1234, 999_949, 999_950, 5_000_000_000].map(size);
        let want = [
            "0 B", "999 B", "1.0 kB", "1.2 kB", "999.9 kB", "1.0 MB", "5.0 GB",
        ];
        assert_eq!(sizes, want);
    }

    #[test]
    fn what_goes_wrong_is_said_to_the_quiet_too() {
        let died = Notice::Died {
            target: "shop".to_owned(),
            how: "exit code 3".to_owned(),
            when_ready: false,
        };
        let want = "error: shop ended before it accepted a request: exit code 3";
        check(died, Verbosity::Quiet, Some(want));
        let failed = Notice::BuildFailed {
            target: "shop".to_owned(),
            errors: 0,
            rendered: "error: no such file\n\n".to_owned(),
            diagnostics: Vec::new(),
        };
        let want = "error: no such file\nerror: shop did not build";
        check(failed, Verbosity::Quiet, Some(want));
    }

    #[test]
    fn folders_that_are_looked_at_are_said_with_the_mend() {
        let polling = |help: Option<&str>| Notice::Polling {
            reason: "fs.inotify.max_user_watches is 9, and used up".to_owned(),
            help: help.map(str::to_owned),
        };
        let words = "fs.inotify.max_user_watches is 9, and used up: \
                     devserve looks for changes every half second";
        check(polling(None), Verbosity::Usual, Some(words));
        check(polling(None), Verbosity::Quiet, None);
        let warning = format!("warning: {words}\nhelp: sudo sysctl x=1");
        check(
            polling(Some("sudo sysctl x=1")),
            Verbosity::Quiet,
            Some(&warning),
        );
    }

    #[test]
    fn what_the_compiler_finds_is_shown_once() {
        let found = |is_error| Notice::Found {
            is_error,
            rendered: "error[E0308]: no\n\n".to_owned(),
        };
        check(found(true), Verbosity::Quiet, Some("error[E0308]: no"));
        check(found(false), Verbosity::Usual, None);
        check(found(false), Verbosity::Verbose, Some("error[E0308]: no"));
        let failed = Notice::BuildFailed {
            target: "shop".to_owned(),
            errors: 2,
            rendered: String::new(),
            diagnostics: Vec::new(),
        };
        let want = "error: shop did not build, 2 errors";
        check(failed, Verbosity::Usual, Some(want));
        let built = Notice::Built {
            target: "shop".to_owned(),
            elapsed: Duration::from_secs(2),
            warnings: vec!["warning: unused".to_owned()],
        };
        let want = "built shop in 2.0 s · 1 warning (-v shows it)";
        check(built.clone(), Verbosity::Usual, Some(want));
        let want = "built shop in 2.0 s · 1 warning";
        check(built, Verbosity::Verbose, Some(want));
    }
}
