use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, Location, PanicHookInfo};
use std::sync::Once;

use crate::debugger::source;
use crate::sys::unwind::{self, Trace};
use crate::wsgi::{Error, Result};

thread_local! {
    /// The latest panic of this thread while it was armed, on its way to [`catch`].
    static LATEST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Why an app gave no answer.
pub(super) enum Fault {
    Panic(Panic),
    Error(Error),
}

/// A panic, as the hook saw it: while the stack was whole.
pub(super) struct Panic {
    pub(super) message: String,
    pub(super) place: Option<OwnedPlace>,
    pub(super) trace: Option<Trace>,
}

/// A [`Location`] that outlives its panic.
pub(super) struct OwnedPlace {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl From<&Location<'_>> for OwnedPlace {
    fn from(location: &Location<'_>) -> Self {
        Self {
            file: location.file().to_owned(),
            line: location.line(),
            column: location.column(),
        }
    }
}

/// Puts our panic hook before the one that is there; the first call does, later ones do nothing.
///
/// On a thread that answers a request under a [`Debugger`](crate::debugger::Debugger), the hook
/// keeps the panic for the page and says nothing, because the report is told once, with all
/// that is known. On every other thread it only calls the hook that was there before.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        source::note_program();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !keep(info) {
                before(info);
            }
        }));
    });
}

/// Keeps the panic for this thread's [`catch`]. False where nobody else would tell of it.
fn keep(info: &PanicHookInfo<'_>) -> bool {
    let Some(trace) = unwind::trace() else {
        return false;
    };
    let panic = Panic {
        message: message(info.payload()),
        place: info.location().map(OwnedPlace::from),
        trace: Some(trace),
    };
    // A second panic while the first was not caught by us is one in a destructor, which ends
    // the process, or one after an app caught its own: loud is right in both cases. So it is
    // where panics do not unwind.
    let earlier = LATEST.with(|latest| latest.replace(Some(panic)));
    earlier.is_none() && cfg!(panic = "unwind")
}

/// Runs `answer` armed. What it panics with or returns as `Err` comes back with its stack.
///
/// The app and its environ may be left as they stood at a panic. That is no unsoundness, which
/// is all `AssertUnwindSafe` is about: locks are poisoned, and the environ is read only for the
/// page.
pub(super) fn catch<T>(answer: impl FnOnce() -> Result<T>) -> Result<T, Fault> {
    LATEST.with(|latest| latest.take());
    let caught = {
        let _armed = unwind::arm();
        panic::catch_unwind(AssertUnwindSafe(|| enter(answer)))
    };
    caught
        .map_err(|payload| {
            let seen = LATEST.with(|latest| latest.take());
            Fault::Panic(seen.unwrap_or_else(|| unseen(&*payload)))
        })?
        .map_err(Fault::Error)
}

/// Marks on the stack where the app begins, by its name.
#[inline(never)]
fn enter<T>(answer: impl FnOnce() -> T) -> T {
    let answered = answer();
    // Keeps the call above from being the last thing done here, which would be a jump that
    // leaves no frame.
    std::hint::black_box(());
    answered
}

/// A panic that passed no hook of ours: another was set after it, or `resume_unwind` began it.
fn unseen(payload: &(dyn Any + Send)) -> Panic {
    Panic {
        message: message(payload),
        place: None,
        trace: None,
    }
}

fn message(payload: &dyn Any) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    match payload.downcast_ref::<String>() {
        Some(text) => text.clone(),
        None => "a panic whose payload is not text".to_owned(),
    }
}
