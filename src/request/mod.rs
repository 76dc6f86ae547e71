//! A request as a view sees it: a reading of the environ, parsed when asked and kept.
//!
//! Start at [`Request`]. Its methods are grouped by what they read, one group to a file. What
//! the client got wrong is an `Err` that `?` turns into the right 4xx.

mod accept;
mod authorization;
mod body;
mod client;
mod conditional;
mod cookies;
mod fields;
#[cfg_attr(not(feature = "forms"), path = "form_disabled.rs")]
mod form;
#[cfg(feature = "json")]
mod json;
mod json_error;
mod origin;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod request;
#[cfg(feature = "routing")]
mod routed;
#[cfg(feature = "session")]
mod session;
#[cfg(feature = "session")]
mod signed;
mod url;

pub use json_error::JsonError;
pub use request::Request;
#[cfg(feature = "routing")]
pub(crate) use routed::{Answered, Routed, States};
