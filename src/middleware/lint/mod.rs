//! PEP 3333's rules, watched from between a server and an app.
//!
//! [`Lint`] stands there; `request` and `answer` know the rules of each side, [`Violation`] says
//! which was broken.

mod answer;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod lint;
mod request;
mod violation;

pub use lint::Lint;
pub use violation::{Rule, Violation};
