use std::fs;
use std::path::Path;

use crate::pages::{Excerpt, Panic, Place, State};

/// A source file larger than this has no line worth a look.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The last panic in what an app wrote to stderr, with the source around it where it is in
/// `root`, the folder that the compiler names files from. `None` where it did not end in one.
pub(crate) fn panic_in(stderr: &[String], root: &Path) -> Option<Panic> {
    let mut panic = read(stderr)?;
    panic.excerpt = excerpt(&panic.place, root);
    Some(panic)
}

/// What std's panic hook writes: `thread 'main' panicked at src/main.rs:12:50:`, since Rust 1.91
/// with a number behind the name, then the message on lines of its own, then a note or a stack.
fn read(stderr: &[String]) -> Option<Panic> {
    let (at, (thread, place)) = stderr
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, line)| Some((at, head(line)?)))?;
    let message: Vec<&str> = stderr[at + 1..]
        .iter()
        .map(String::as_str)
        .take_while(|line| !is_behind_the_message(line))
        .collect();
    Some(Panic {
        message: message.join("\n").trim_end().to_owned(),
        thread,
        place,
        excerpt: None,
    })
}

fn head(line: &str) -> Option<(String, Place)> {
    let rest = line.strip_prefix("thread ")?;
    let (thread, place) = rest.split_once(" panicked at ")?;
    let name = match thread.strip_prefix('\'') {
        Some(quoted) => &quoted[..quoted.rfind('\'')?],
        None => thread, // `<unnamed>`
    };
    let mut parts = place.strip_suffix(':')?.rsplitn(3, ':');
    let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let place = Place {
        file: parts.next()?.to_owned(),
        line,
        column: Some(column),
    };
    Some((name.to_owned(), place))
}

fn is_behind_the_message(line: &str) -> bool {
    line.starts_with("note: run with `RUST_BACKTRACE")
        || line == "stack backtrace:"
        || head(line).is_some()
}

fn excerpt(place: &Place, root: &Path) -> Option<Excerpt> {
    let file = root.join(&place.file);
    if fs::metadata(&file).ok()?.len() > MAX_FILE_BYTES {
        return None;
    }
    let text = String::from_utf8_lossy(&fs::read(&file).ok()?).into_owned();
    Excerpt::of(&text, place.line, State::Code)
}

/// What an exit code or a signal says of the end, for those that say something.
pub(crate) fn meaning(how: &str) -> Option<&'static str> {
    Some(match how {
        "exit code 0" => {
            "It ended as if its work were done. A server goes on until it is told to stop."
        }
        "exit code 101" => "The code of a Rust program that panicked.",
        "signal SIGABRT" => {
            "It gave up by itself: a panic while another was handled, a panic where none is allowed, or memory that was not to be had."
        }
        "signal SIGBUS" => {
            "It used memory that is not there: a mapped file that was cut, or a full disk behind it."
        }
        "signal SIGFPE" => {
            "It computed what has no result, in code that does not check: not Rust's own arithmetic."
        }
        "signal SIGILL" => {
            "It met an instruction that this processor does not know, or a place that was to be unreachable."
        }
        "signal SIGKILL" => {
            "Something killed it: most often the kernel, when memory ran out (dmesg tells), or a person."
        }
        "signal SIGPIPE" => "It wrote to a pipe that nobody reads any more.",
        "signal SIGSEGV" => {
            "It used memory that is not its own: a stack that overflowed, or a fault in foreign code or in code that is not safe."
        }
        "signal SIGSYS" => "It made a system call that a sandbox forbids.",
        "signal SIGTERM" => "Something asked it to end.",
        "signal SIGTRAP" => "It met a breakpoint, and no debugger was there.",
        "signal SIGXCPU" => "It used more processor time than it was given.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stderr: &str, want: Option<(&str, &str, &str)>) {
        let lines: Vec<String> = stderr.lines().map(str::to_owned).collect();
        let panic = read(&lines);
        let panic = panic.as_ref().map(|panic| {
            let Panic {
                message,
                thread,
                place,
                ..
            } = panic;
            (thread.as_str(), place.to_string(), message.as_str())
        });
        let want = want.map(|(thread, place, message)| (thread, place.to_owned(), message));
        assert_eq!(panic, want);
    }

    #[test]
    fn a_panic_names_its_thread_its_place_and_its_message() {
        check(
            "reading\nthread 'main' panicked at src/main.rs:12:50:\nno carts\nnote: run with \
             `RUST_BACKTRACE=1` environment variable to display a backtrace",
            Some(("main", "src/main.rs:12:50", "no carts")),
        );
        check(
            "\nthread 'main' (4711) panicked at src/main.rs:3:5:\nassertion `left == right` failed\n  left: 1\n right: 2\nstack backtrace:\n   0: x",
            Some((
                "main",
                "src/main.rs:3:5",
                "assertion `left == right` failed\n  left: 1\n right: 2",
            )),
        );
        check(
            "thread '<unnamed>' panicked at /dep/a:b.rs:1:2:\n",
            Some(("<unnamed>", "/dep/a:b.rs:1:2", "")),
        );
    }

    #[test]
    fn of_two_panics_the_last_one_ended_it() {
        check(
            "thread 'a' panicked at a.rs:1:1:\none\nthread 'b' panicked at b.rs:2:2:\ntwo",
            Some(("b", "b.rs:2:2", "two")),
        );
    }

    #[test]
    fn other_last_words_are_no_panic() {
        check("", None);
        check("thread 'main' panicked at src/main.rs", None);
        check("Error: no database", None);
    }

    #[test]
    fn the_source_is_read_where_the_compiler_names_it_from() {
        let root = tempfile::tempdir().unwrap();
        fs::write(
            root.path().join("main.rs"),
            "fn main() {\n    panic!();\n}\n",
        )
        .unwrap();
        let lines = ["thread 'main' panicked at main.rs:2:5:".to_owned()];
        let excerpt = panic_in(&lines, root.path()).unwrap().excerpt.unwrap();
        assert_eq!((excerpt.current, excerpt.lines.len()), (2, 3));
        let lines = ["thread 'main' panicked at gone.rs:2:5:".to_owned()];
        assert_eq!(panic_in(&lines, root.path()).unwrap().excerpt, None);
    }
}
