//! Where a thread stands: the capture behind every error page.
//!
//! A thread is *armed* while it serves a request that somebody may ask about. Only then does
//! [`trace`] walk the stack, so an error that is made and dropped elsewhere costs nothing.

#[cfg_attr(feature = "debugger", path = "enabled.rs")]
#[cfg_attr(not(feature = "debugger"), path = "disabled.rs")]
mod imp;

pub(crate) use imp::{Trace, trace};

#[cfg(feature = "debugger")]
pub(crate) use imp::{Symbol, arm};
