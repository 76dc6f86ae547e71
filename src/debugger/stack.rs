use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::debugger::origin;
use crate::debugger::source::Source;
use crate::pages::{Frame, Owner, Place};
use crate::sys::unwind::{Symbol, Trace};

/// Of a recursion without end, this many calls from each side say enough.
const INNERMOST: usize = 50;
const OUTERMOST: usize = 20;

/// The app's part of a stack, told with names, owners and source.
pub(super) struct Stack {
    /// Innermost first.
    pub(super) frames: Vec<Frame>,
    /// What is missing or in doubt, each with its mend.
    pub(super) notes: Vec<String>,
}

impl Stack {
    /// Reads the debug information and the source behind a walked stack.
    pub(super) fn read(trace: &Trace) -> Self {
        let symbols = trace.symbols();
        let symbols = trim(&symbols);
        let mut notes = Vec::new();
        if symbols.iter().all(|symbol| symbol.line.is_none()) {
            notes.push(NO_LINES.to_owned());
        }
        let left_out = symbols.len().saturating_sub(INNERMOST + OUTERMOST);
        if left_out > 0 {
            notes.push(format!("{left_out} frames in the middle are left out"));
        }
        let inner = &symbols[..symbols.len().min(INNERMOST)];
        let outer = &symbols[inner.len() + left_out..];
        let mut sources = Sources::default();
        let frames = inner
            .iter()
            .chain(outer)
            .map(|symbol| sources.frame(symbol))
            .collect();
        notes.extend(sources.changed().map(|file| {
            format!("{file} was changed after this program was built: its lines may have moved")
        }));
        Self { frames, notes }
    }
}

const NO_LINES: &str = "the program has no line numbers: set `debug = \"line-tables-only\"` or \
                        more in its profile, and do not strip it";

/// The files of one stack, each read once and each place in them shown once.
#[derive(Default)]
struct Sources<'a> {
    files: HashMap<&'a Path, Option<Source>>,
    shown: HashSet<(&'a Path, u32)>,
}

impl<'a> Sources<'a> {
    fn frame(&mut self, symbol: &'a Symbol) -> Frame {
        let owner = origin::owner(symbol);
        let mut frame = Frame {
            function: readable(&symbol.name),
            place: None,
            owner,
            excerpt: None,
        };
        let (Some(file), Some(line)) = (symbol.file.as_deref(), symbol.line) else {
            return frame;
        };
        frame.place = Some(Place {
            file: origin::short(file).into_owned(),
            line,
            column: symbol.column,
        });
        // Only the user's own lines are shown; others are not theirs to mend. Of a recursion,
        // the same lines once.
        if frame.owner == Owner::User && self.shown.insert((file, line)) {
            let source = self.files.entry(file).or_insert_with(|| Source::read(file));
            frame.excerpt = source.as_ref().and_then(|source| source.excerpt(line));
        }
        frame
    }

    /// The files that are newer than the program, sorted.
    fn changed(&self) -> impl Iterator<Item = String> {
        let is_newer = |source: &Option<Source>| source.as_ref().is_some_and(|it| it.is_newer);
        let mut changed: Vec<_> = self
            .files
            .iter()
            .filter(|(_, source)| is_newer(source))
            .map(|(file, _)| origin::short(file).into_owned())
            .collect();
        changed.sort();
        changed.into_iter()
    }
}

/// The frames from the app's innermost to its outermost: without the machinery that took the
/// stack on one side, without ours and the thread's own on the other.
fn trim(symbols: &[Symbol]) -> &[Symbol] {
    let end = symbols
        .iter()
        .position(|symbol| symbol.name.contains(ENTER))
        .unwrap_or(symbols.len());
    let symbols = &symbols[..end];
    // The last of them: an error may be made while a panic is on its way up.
    let taken = symbols
        .iter()
        .rposition(|symbol| TAKERS.iter().any(|taker| symbol.name.contains(taker)));
    let symbols = &symbols[taken.map_or(0, |index| index + 1)..];
    let begin = symbols
        .iter()
        .position(|symbol| !is_machinery(symbol))
        .unwrap_or(0);
    &symbols[begin..]
}

/// Our own call of the app.
const ENTER: &str = "devserve::debugger::capture::enter";

/// What stands directly above the code that failed: the panic's entry, and our `From`.
const TAKERS: [&str; 3] = [
    "rust_begin_unwind",
    "std::panicking::begin_panic",
    "devserve::wsgi::error::Error as core::convert::From",
];

/// What leads from the code that failed to a taker: `panic_bounds_check`, `unwrap_failed`,
/// `from_residual`, `into`.
///
/// Std's only: the user's own `From` may be what failed.
fn is_machinery(symbol: &Symbol) -> bool {
    let name = &*symbol.name;
    // Without a file, `<T as …>` tells that the impl is for every type.
    let is_std = origin::owner(symbol) == Owner::Std || name.starts_with("<T as core::");
    let last = name.rsplit("::").next().unwrap_or(name);
    let leads = name.contains("::panicking::")
        || last.contains("panic")
        || last.ends_with("_failed")
        || last.ends_with("_fail")
        || matches!(last, "from_residual" | "into" | "from");
    is_std && leads
}

/// A demangled name as one would say it: closures by the function they stand in.
fn readable(name: &str) -> String {
    let is_closure = |part: &&str| part.starts_with("{{closure") || part.starts_with("{closure");
    let mut parts: Vec<_> = name.split("::").collect();
    if !parts.iter().any(is_closure) {
        return name.to_owned();
    }
    let was_last = parts.last().is_some_and(is_closure);
    parts.retain(|part| !is_closure(part));
    let function = parts.join("::");
    if was_last {
        format!("closure in {function}")
    } else {
        function
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(name: &str) -> Symbol {
        Symbol {
            name: name.to_owned(),
            file: None,
            line: None,
            column: None,
        }
    }

    #[track_caller]
    fn check_trim(names: &[&str], want: &[&str]) {
        let symbols: Vec<_> = names.iter().map(|name| symbol(name)).collect();
        let kept: Vec<_> = trim(&symbols).iter().map(|symbol| &*symbol.name).collect();
        assert_eq!(kept, want);
    }

    #[test]
    fn the_machinery_of_a_panic_and_what_calls_the_app_are_taken_off() {
        check_trim(
            &[
                "devserve::sys::unwind::imp::trace",
                "devserve::debugger::capture::keep",
                "std::panicking::panic_with_hook",
                "__rustc::rust_begin_unwind",
                "core::panicking::panic_fmt",
                "core::panicking::panic_bounds_check",
                "<usize as core::slice::index::SliceIndex<[T]>>::index",
                "shop::cart::total",
                "devserve::debugger::capture::enter",
                "std::panicking::catch_unwind",
                "devserve::debugger::capture::catch",
            ],
            &[
                "<usize as core::slice::index::SliceIndex<[T]>>::index",
                "shop::cart::total",
            ],
        );
    }

    #[test]
    fn the_question_mark_of_an_error_is_the_first_frame_kept() {
        check_trim(
            &[
                "devserve::sys::unwind::imp::trace",
                "<devserve::wsgi::error::Error as core::convert::From<E>>::from",
                "<core::result::Result<T,F> as core::ops::try_trait::FromResidual<core::result::Result<core::convert::Infallible,E>>>::from_residual",
                "shop::cart::load",
                "shop::view",
            ],
            &["shop::cart::load", "shop::view"],
        );
    }

    #[test]
    fn a_from_of_the_users_own_is_no_machinery() {
        let from = "<shop::Price as core::convert::From<i64>>::from";
        check_trim(
            &["rust_begin_unwind", "core::panicking::panic", from],
            &[from],
        );
    }

    #[test]
    fn closures_are_named_by_where_they_stand() {
        assert_eq!(readable("shop::main::{{closure}}"), "closure in shop::main");
        assert_eq!(
            readable("shop::main::{closure#0}::{closure#1}"),
            "closure in shop::main"
        );
        assert_eq!(
            readable("shop::main::{{closure}}::helper"),
            "shop::main::helper"
        );
        assert_eq!(readable("shop::main"), "shop::main");
    }
}
