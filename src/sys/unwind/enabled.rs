use std::cell::Cell;
use std::fmt;

thread_local! {
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

/// A walked stack: addresses only, to be given names when somebody looks.
#[derive(Clone)]
pub(crate) struct Trace(backtrace::Backtrace);

impl Trace {
    /// The stack with names, files and lines, innermost frame first. Reads debug information
    /// from disk: tens of milliseconds the first time.
    pub(crate) fn resolve(&self) -> backtrace::Backtrace {
        let mut backtrace = self.0.clone();
        backtrace.resolve();
        backtrace
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({} frames)", self.0.frames().len())
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
    ARMED
        .get()
        .then(|| Trace(backtrace::Backtrace::new_unresolved()))
}
