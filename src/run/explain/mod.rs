//! Whether faults are explained: the only place that knows if the debugger was compiled in.

#[cfg_attr(feature = "debugger", path = "enabled.rs")]
#[cfg_attr(not(feature = "debugger"), path = "disabled.rs")]
mod imp;

pub(super) use imp::wrap;
