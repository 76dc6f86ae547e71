use std::path::Path;
use std::time::Duration;

use crate::debugger::capture::{Fault, OwnedPlace};
use crate::debugger::facts::Facts;
use crate::debugger::origin;
use crate::debugger::stack::Stack;
use crate::debugger::template;
use crate::pages::{Failure, Kind, Place};

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
        Some(trace) => {
            let stack = Stack::read(trace);
            failure.frames = stack.frames;
            failure.notes = stack.notes;
        }
        None => failure.notes.push(no_stack(kind).to_owned()),
    }
    if let Fault::Error(error) = fault {
        let templates = template::frames(error);
        if let Some(innermost) = templates.first() {
            // The `?` in the app is the frame behind it.
            failure.place.clone_from(&innermost.place);
        }
        failure.frames.splice(0..0, templates);
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

fn place(place: &OwnedPlace) -> Place {
    Place {
        file: origin::short(Path::new(&place.file)).into_owned(),
        line: place.line,
        column: Some(place.column),
    }
}
