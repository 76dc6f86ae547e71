use std::backtrace::Backtrace;
use std::cell::Cell;
use std::fmt;
use std::path::PathBuf;

use crate::sys::unwind::Symbol;

thread_local! {
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

/// A walked stack: addresses only, to be given names when somebody looks.
pub(crate) struct Trace(Backtrace);

impl Trace {
    /// The stack with names, files and lines, innermost call first. Reads debug information
    /// from disk: tens of milliseconds the first time.
    pub(crate) fn symbols(&self) -> Vec<Symbol> {
        // std shows frames as text only. Reading its text costs us a parser, but resolving the
        // same stack by a crate would cost every user six more to compile, and the first error
        // of a debug build half a second, since that crate would not be optimised as std is.
        parse(&format!("{:#}", self.0))
    }
}

/// Reads the long form of [`Backtrace`]:
/// ```text
///    4:     0x564d6d5fda91 - shop::cart::total::h18d8705dbc46c40e
///                                at /home/me/shop/src/cart.rs:42:21
/// ```
/// Lines that are neither are passed over.
fn parse(text: &str) -> Vec<Symbol> {
    let mut symbols: Vec<Symbol> = Vec::new();
    for line in text.lines().map(str::trim_start) {
        if let Some(place) = line.strip_prefix("at ") {
            if let Some(symbol) = symbols.last_mut() {
                symbol.stand_at(place);
            }
        } else if let Some((address, name)) = call(line) {
            let name = if name == "<unknown>" {
                address.to_owned()
            } else {
                without_hashes(name)
            };
            symbols.push(Symbol {
                name,
                file: None,
                line: None,
                column: None,
            });
        }
    }
    symbols
}

/// The address and the name in `4: 0x564d - name`.
fn call(line: &str) -> Option<(&str, &str)> {
    let line = line
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .trim_start_matches(':');
    let (address, name) = line.trim_start().split_once(" - ")?;
    address.starts_with("0x").then_some((address, name))
}

impl Symbol {
    /// Takes a place over from `file:line:column` or `file:line`; the file may have colons.
    fn stand_at(&mut self, place: &str) {
        let number_behind = |text: &str| {
            let (rest, number) = text.rsplit_once(':')?;
            Some((rest.to_owned(), number.parse::<u32>().ok()?))
        };
        let Some((rest, last)) = number_behind(place) else {
            return;
        };
        let (file, line, column) = match number_behind(&rest) {
            Some((file, line)) => (file, line, Some(last)),
            None => (rest, last, None),
        };
        self.file = Some(PathBuf::from(file));
        // Zero stands for code the compiler made up.
        self.line = Some(line).filter(|line| *line > 0);
        self.column = column.filter(|column| *column > 0);
    }
}

/// A demangled name without what tells builds apart: a last part such as `::h18d8705dbc46c40e`
/// of the older mangling, and `[e28293b1aa0f68bd]` behind the crates of the newer.
fn without_hashes(name: &str) -> String {
    let is_hash = |text: &str| text.len() >= 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let name = match name.rsplit_once("::h") {
        Some((function, hash)) if hash.len() == 16 && is_hash(hash) => function,
        _ => name,
    };
    let mut parts = name.split('[');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(']') {
            Some((hash, rest)) if is_hash(hash) => kept.push_str(rest),
            _ => {
                kept.push('[');
                kept.push_str(part);
            }
        }
    }
    kept
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace")
    }
}

/// Keeps this thread armed until it is dropped; nests.
#[derive(Debug)]
pub(crate) struct Armed {
    before: bool,
}

impl Drop for Armed {
    fn drop(&mut self) {
        ARMED.set(self.before);
    }
}

/// Arms this thread.
pub(crate) fn arm() -> Armed {
    Armed {
        before: ARMED.replace(true),
    }
}

/// The caller's stack, if this thread is armed.
pub(crate) fn trace() -> Option<Trace> {
    ARMED.get().then(|| Trace(Backtrace::force_capture()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each symbol as `name file line column`, with `-` for what is missing.
    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let number = |number: Option<u32>| number.map_or("-".to_owned(), |it| it.to_string());
        let seen: Vec<_> = parse(text)
            .iter()
            .map(|symbol| {
                let file = symbol
                    .file
                    .as_ref()
                    .map_or("-".into(), |file| file.to_string_lossy());
                let (line, column) = (number(symbol.line), number(symbol.column));
                format!("{} {file} {line} {column}", symbol.name)
            })
            .collect();
        assert_eq!(seen, want);
    }

    #[test]
    fn names_and_places_are_read_from_the_long_form() {
        check(
            "   3:     0x564d6d728bf5 - <std[e28293b1aa0f68bd]::backtrace::Backtrace>::create\n\
             \x20                              at /rustc/5980/library/std/src/backtrace.rs:312:9\n\
             \x20  4:     0x564d6d5fda91 - shop::cart::total::h18d8705dbc46c40e\n\
             \x20                              at /home/me/a:b/src/cart.rs:42:21\n\
             \x20 31:                0x0 - <unknown>\n",
            &[
                "<std::backtrace::Backtrace>::create /rustc/5980/library/std/src/backtrace.rs 312 9",
                "shop::cart::total /home/me/a:b/src/cart.rs 42 21",
                "0x0 - - -",
            ],
        );
    }

    #[test]
    fn what_is_missing_stays_missing() {
        check("   1: 0x5 - main\n  at main.c:7\n", &["main main.c 7 -"]);
        check("   1: 0x5 - f\n  at f.rs:0:0\n", &["f f.rs - -"]);
        check(
            "   1: 0x5 - <[u8]>::f\n  at nowhere\n",
            &["<[u8]>::f - - -"],
        );
        check("disabled backtrace\n", &[]);
    }

    #[test]
    fn only_an_armed_thread_walks_its_stack() {
        assert!(trace().is_none());
        let armed = arm();
        let symbols = trace().unwrap().symbols();
        let here = "only_an_armed_thread_walks_its_stack";
        let found = symbols
            .iter()
            .find(|symbol| symbol.name.ends_with(here))
            .unwrap();
        assert!(
            found
                .file
                .as_ref()
                .unwrap()
                .ends_with("src/sys/unwind/enabled.rs")
        );
        drop(armed);
        assert!(trace().is_none());
    }
}
