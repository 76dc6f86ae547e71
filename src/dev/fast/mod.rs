//! The fast path from a save to a program: the compiler without cargo, the linker without the
//! dependencies.
//!
//! While cargo builds, a stand-in for the compiler notes the call that makes the program
//! ([`Call`]). An edit of nothing but that crate's own sources repeats the call. In the
//! background, all dependencies are linked once into a shared object ([`primer`]); a stand-in for
//! the linker then puts it in their place ([`link`]).
//!
//! Whether an edit may go this way is a pure function of what is known ([`doubt`]): any doubt goes
//! through cargo, which stays the authority. Start at [`FastPath`].

mod call;
mod doubt;
mod link;
mod marks;
mod path;
mod primer;
mod scripts;
mod stand_in;

pub(crate) use doubt::Link;
pub(crate) use path::{FastPath, Outcome, Unit};
pub use stand_in::stand_in;
