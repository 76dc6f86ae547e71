//! Where a thread stands: the capture behind every error page.
//!
//! A thread is *armed* while it serves a request that somebody may ask about. Only then does
//! [`trace`] walk the stack, so an error that is made and dropped elsewhere costs nothing.

#[cfg_attr(feature = "debugger", path = "enabled.rs")]
#[cfg_attr(not(feature = "debugger"), path = "disabled.rs")]
mod imp;

pub(crate) use imp::{Trace, trace};

#[cfg(feature = "debugger")]
pub(crate) use imp::arm;

/// One call on a stack. An inlined call is one too.
#[cfg(feature = "debugger")]
#[derive(Clone, Debug)]
pub(crate) struct Symbol {
    /// The function, demangled and without its hash; its address where it has no name.
    pub(crate) name: String,
    /// The source file, as the compiler was given it or absolute.
    pub(crate) file: Option<std::path::PathBuf>,
    /// The line, from 1.
    pub(crate) line: Option<u32>,
    /// The column, from 1.
    pub(crate) column: Option<u32>,
}
