//! An app that answers requests, whichever engine moves the bytes.
//!
//! [`Application`] makes the environ, runs the app and says what came of it: a [`Record`] for
//! the log, and [`Next`] for the connection. [`Respond`] is its `start_response`. What engines
//! differ in is the [`Way`] back to a client. [`Serving`] is any engine at work.

mod application;
mod record;
pub(crate) mod respond;
#[allow(
    clippy::module_inception,
    reason = "an engine at work has no other name"
)]
mod serving;

pub(crate) use application::{Application, SERVER_NAME};
pub use record::{Failure, Record};
pub(crate) use respond::{Next, Way};
pub(crate) use serving::{Engine, LONGEST_WAIT};
pub use serving::{Serving, Stopped};
