use std::cell::Cell;
use std::fmt;
use std::path::PathBuf;

thread_local! {
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

/// A walked stack: addresses only, to be given names when somebody looks.
#[derive(Clone)]
pub(crate) struct Trace(backtrace::Backtrace);

/// One call on a stack. An inlined call is one too.
#[derive(Clone, Debug)]
pub(crate) struct Symbol {
    /// The function, demangled and without its hash; its address where it has no name.
    pub(crate) name: String,
    pub(crate) file: Option<PathBuf>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

impl Trace {
    /// The stack with names, files and lines, innermost call first. Reads debug information
    /// from disk: tens of milliseconds the first time.
    pub(crate) fn symbols(&self) -> Vec<Symbol> {
        let mut backtrace = self.0.clone();
        backtrace.resolve();
        backtrace.frames().iter().flat_map(symbols).collect()
    }
}

fn symbols(frame: &backtrace::BacktraceFrame) -> Vec<Symbol> {
    let named: Vec<_> = frame.symbols().iter().filter_map(symbol).collect();
    match named.is_empty() {
        true => vec![Symbol {
            name: format!("{:#x}", frame.ip().addr()),
            file: None,
            line: None,
            column: None,
        }],
        false => named,
    }
}

fn symbol(symbol: &backtrace::BacktraceSymbol) -> Option<Symbol> {
    Some(Symbol {
        // The alternate form leaves the hash out.
        name: format!("{:#}", symbol.name()?),
        file: symbol.filename().map(ToOwned::to_owned),
        // Zero stands for code the compiler made up.
        line: symbol.lineno().filter(|line| *line > 0),
        column: symbol.colno().filter(|column| *column > 0),
    })
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
