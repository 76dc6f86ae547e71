//! The public API, without ports.

mod debugger;
mod vectors;
