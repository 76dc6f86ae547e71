//! What strangers send, and what must hold whatever it is.
//!
//! A target is a function of bytes that panics where something does not hold. libFuzzer calls
//! it from package `fuzz`, whose library this module is too; `stable` calls it in `cargo test`
//! with the corpora and with mutations of them. `fuzz/README.md` says how to add one.

mod addresses;
mod chunked;
mod conditions;
mod connection;
mod cookies;
mod fields;
mod forms;
mod framing;
mod head;
mod jar;
mod lists;
mod names;
mod random;
mod reference;
mod routing;
#[cfg(test)]
mod stable;

pub use addresses::addresses;
pub use chunked::chunked;
pub use conditions::conditions;
pub use connection::connection;
pub use cookies::cookies;
pub use fields::fields;
pub use forms::forms;
pub use framing::framing;
pub use head::head;
pub use jar::jar;
pub use lists::lists;
pub use names::names;
pub use routing::routing;
