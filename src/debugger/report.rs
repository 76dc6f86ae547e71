use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use crate::debugger::capture::{Fault, OwnedPlace};
use crate::debugger::facts::Facts;
use crate::debugger::source::Source;
use crate::pages::{Failure, Frame, Kind, Owner, Place};
use crate::sys::unwind::{Symbol, Trace};

/// Of a recursion without end, this many calls from each side say enough.
const INNERMOST: usize = 50;
const OUTERMOST: usize = 20;

/// Everything that is known of a fault. Never fails: what cannot be found out is left out, with
/// a note where the reader can mend it.
pub(super) fn failure(fault: &Fault, facts: Facts, elapsed: Duration) -> Failure {
    let (kind, message, chain, place) = match fault {
        Fault::Panic(panic) => (
            Kind::Panic,
            panic.message.clone(),
            Vec::new(),
            panic.place.as_ref().map(place),
        ),
        Fault::Error(error) => {
            let mut words = error.chain().map(ToString::to_string);
            let message = words.next().unwrap_or_default();
            (
                Kind::Error,
                message,
                words.collect(),
                Some(place(&error.at().into())),
            )
        }
    };
    let mut failure = Failure {
        kind,
        message,
        chain,
        place,
        thread: std::thread::current().name().map(str::to_owned),
        elapsed,
        frames: Vec::new(),
        request: Some(facts.request),
        environ: facts.environ,
        notes: Vec::new(),
    };
    let trace = match fault {
        Fault::Panic(panic) => panic.trace.as_ref(),
        Fault::Error(error) => error.trace(),
    };
    match trace {
        Some(trace) => add_frames(&mut failure, trace),
        None => failure.notes.push(no_stack(kind).to_owned()),
    }
    failure
}

fn no_stack(kind: Kind) -> &'static str {
    match kind {
        Kind::Panic => {
            "no stack was taken: call devserve::debugger::install() after any other panic hook is set"
        }
        Kind::Error => "no stack was taken: the error was made on another thread",
    }
}

fn add_frames(failure: &mut Failure, trace: &Trace) {
    let symbols = trace.symbols();
    let symbols = trim(&symbols);
    if symbols.iter().all(|symbol| symbol.line.is_none()) {
        let mend = "the program has no line numbers: set `debug = \"line-tables-only\"` or more in \
                    its profile, and do not strip it";
        failure.notes.push(mend.to_owned());
    }
    let left_out = symbols.len().saturating_sub(INNERMOST + OUTERMOST);
    if left_out > 0 {
        failure
            .notes
            .push(format!("{left_out} frames in the middle are left out"));
    }
    let shown =
        |(index, _): &(usize, &Symbol)| *index < INNERMOST || *index >= INNERMOST + left_out;
    let mut sources: HashMap<&Path, Option<Source>> = HashMap::new();
    for (_, symbol) in symbols.iter().enumerate().filter(shown) {
        let frame = frame(symbol, &mut sources);
        failure.frames.push(frame);
    }
    let mut changed: Vec<_> = sources
        .iter()
        .filter(|(_, source)| source.as_ref().is_some_and(|source| source.is_newer))
        .map(|(file, _)| short(file).into_owned())
        .collect();
    changed.sort();
    failure.notes.extend(changed.iter().map(|file| {
        format!("{file} was changed after this program was built: its lines may have moved")
    }));
}

fn frame<'a>(symbol: &'a Symbol, sources: &mut HashMap<&'a Path, Option<Source>>) -> Frame {
    let owner = owner(symbol);
    let place = symbol
        .file
        .as_deref()
        .zip(symbol.line)
        .map(|(file, line)| Place {
            file: short(file).into_owned(),
            line,
            column: symbol.column,
        });
    let excerpt = match (&owner, symbol.file.as_deref(), symbol.line) {
        (Owner::User, Some(file), Some(line)) => sources
            .entry(file)
            .or_insert_with(|| Source::read(file))
            .as_ref()
            .and_then(|source| source.excerpt(line)),
        // Only the user's own lines are shown; others are not theirs to mend.
        _ => None,
    };
    Frame {
        function: readable(&symbol.name),
        place,
        owner,
        excerpt,
    }
}

fn place(place: &OwnedPlace) -> Place {
    Place {
        file: short(Path::new(&place.file)).into_owned(),
        line: place.line,
        column: Some(place.column),
    }
}

/// The frames from the app's innermost to its outermost: without the machinery that took the
/// stack on one side, without ours and the thread's own on the other.
fn trim(symbols: &[Symbol]) -> &[Symbol] {
    let end = symbols
        .iter()
        .position(|symbol| symbol.name.contains(CATCH))
        .unwrap_or(symbols.len());
    let symbols = &symbols[..end];
    // The last of them: an error may be made while a panic is on its way up.
    let taken = symbols
        .iter()
        .rposition(|symbol| TAKERS.iter().any(|taker| symbol.name.contains(taker)));
    let symbols = &symbols[taken.map_or(0, |index| index + 1)..];
    let begin = symbols
        .iter()
        .position(|symbol| !is_machinery(&symbol.name))
        .unwrap_or(0);
    &symbols[begin..]
}

/// Our own call of the app.
const CATCH: &str = "devserve::debugger::capture::catch";

/// What stands directly above the code that failed: the panic's entry, and our `From`.
const TAKERS: [&str; 3] = [
    "rust_begin_unwind",
    "std::panicking::begin_panic",
    "devserve::wsgi::error::Error as core::convert::From",
];

/// What leads from the code that failed to a taker: `panic_bounds_check`, `unwrap_failed`,
/// `from_residual`, `into`.
fn is_machinery(name: &str) -> bool {
    let is_std = is_of_std(name) || name.contains(" as core::");
    let last = name.rsplit("::").next().unwrap_or(name);
    let leads = name.contains("::panicking::")
        || last.contains("panic")
        || last.ends_with("_failed")
        || last.ends_with("_fail")
        || matches!(last, "from_residual" | "into" | "from");
    is_std && leads
}

fn is_of_std(name: &str) -> bool {
    let name = name.trim_start_matches(['<', '&']);
    ["std::", "core::", "alloc::", "test::", "__rustc::"]
        .iter()
        .any(|root| name.starts_with(root))
}

fn owner(symbol: &Symbol) -> Owner {
    let Some(file) = symbol.file.as_deref().and_then(Path::to_str) else {
        return match &*symbol.name {
            name if is_of_std(name) => Owner::Std,
            // C's own names have no path: `main`, `_start`, `clone3`.
            name if is_ours(name) || !name.contains("::") => Owner::Runtime,
            _ => Owner::User,
        };
    };
    if file.starts_with("/rustc/") || file.contains("/rustlib/src/rust/") {
        Owner::Std
    } else if file.starts_with(OUR_SOURCE) || is_ours(&symbol.name) {
        Owner::Runtime
    } else if let Some((package, _)) = dependency(file) {
        Owner::Dependency(package.to_owned())
    } else {
        Owner::User
    }
}

/// Where this library was compiled.
const OUR_SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/");

fn is_ours(name: &str) -> bool {
    name.trim_start_matches('<').starts_with("devserve::")
}

/// The package and the rest of the path, for a file in cargo's registry or a git checkout.
fn dependency(file: &str) -> Option<(&str, &str)> {
    if let Some((_, rest)) = file.split_once("/registry/src/") {
        return rest.split_once('/')?.1.split_once('/');
    }
    // `checkouts/NAME-HASH/REVISION/…`
    let (_, rest) = file.split_once("/git/checkouts/")?;
    let (checkout, rest) = rest.split_once('/')?;
    let package = checkout.rsplit_once('-').map_or(checkout, |(name, _)| name);
    Some((package, rest.split_once('/')?.1))
}

/// A file by the shortest name it is known by.
fn short(file: &Path) -> Cow<'_, str> {
    let text = file.to_string_lossy();
    if let Some((package, rest)) = dependency(&text) {
        return Cow::Owned(format!("{package}/{rest}"));
    }
    if let Some((_, rest)) = text.split_once("/library/")
        && (text.starts_with("/rustc/") || text.contains("/rustlib/src/rust/"))
    {
        return Cow::Owned(rest.to_owned());
    }
    let here = std::env::current_dir().unwrap_or_default();
    match file.strip_prefix(here) {
        Ok(relative) => Cow::Owned(relative.to_string_lossy().into_owned()),
        Err(_) => text,
    }
}

/// A demangled name as one would say it: closures by the function they stand in.
fn readable(name: &str) -> String {
    let is_closure = |part: &&str| part.starts_with("{{closure") || part.starts_with("{closure");
    let mut parts: Vec<_> = name.split("::").collect();
    if !parts.iter().any(|part| is_closure(&part)) {
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

    fn symbol(name: &str, file: &str) -> Symbol {
        Symbol {
            name: name.to_owned(),
            file: (!file.is_empty()).then(|| file.into()),
            line: (!file.is_empty()).then_some(7),
            column: None,
        }
    }

    #[track_caller]
    fn check_owner(name: &str, file: &str, want: Owner) {
        assert_eq!(owner(&symbol(name, file)), want, "{name} in {file}");
    }

    #[test]
    fn a_frame_belongs_to_whoever_wrote_its_file() {
        let serde = Owner::Dependency("serde_json-1.0.140".to_owned());
        let registry = "/home/me/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f";
        check_owner(
            "serde_json::de::from_str",
            &format!("{registry}/serde_json-1.0.140/src/de.rs"),
            serde,
        );
        let tea = Owner::Dependency("tea".to_owned());
        check_owner(
            "tea::pot",
            "/home/me/.cargo/git/checkouts/tea-0a1b2c/3d4e5f/src/lib.rs",
            tea,
        );
        check_owner(
            "core::option::unwrap",
            "/rustc/abc/library/core/src/option.rs",
            Owner::Std,
        );
        check_owner(
            "<shop::Cart as Total>::total",
            "/home/me/shop/src/cart.rs",
            Owner::User,
        );
        check_owner(
            "shop::main",
            &format!("{}/examples/x.rs", env!("CARGO_MANIFEST_DIR")),
            Owner::User,
        );
        check_owner("x", &format!("{OUR_SOURCE}wsgi/app.rs"), Owner::Runtime);
    }

    #[test]
    fn without_files_the_name_decides() {
        check_owner("<core::iter::Map as Iterator>::next", "", Owner::Std);
        check_owner("shop::cart::total", "", Owner::User);
        check_owner("devserve::wsgi::call", "", Owner::Runtime);
        check_owner("__libc_start_main", "", Owner::Runtime);
    }

    #[track_caller]
    fn check_trim(names: &[&str], want: &[&str]) {
        let symbols: Vec<_> = names.iter().map(|name| symbol(name, "")).collect();
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
                "devserve::debugger::capture::catch::{{closure}}",
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

    #[test]
    fn files_go_by_their_short_names() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(short(&here.join("src/lib.rs")), "src/lib.rs");
        assert_eq!(
            short(Path::new("/elsewhere/src/lib.rs")),
            "/elsewhere/src/lib.rs"
        );
        assert_eq!(
            short(Path::new("/rustc/abc/library/core/src/option.rs")),
            "core/src/option.rs"
        );
        assert_eq!(
            short(Path::new("/c/registry/src/i/tea-1.0.0/src/a.rs")),
            "tea-1.0.0/src/a.rs"
        );
    }
}
