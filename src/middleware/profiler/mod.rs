//! How long requests take, as tables.
//!
//! [`Profiler`] measures, `ledger` keeps count, [`Report`] is what it says.

mod ledger;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod profiler;
mod report;

pub use profiler::Profiler;
pub use report::{Report, Row, Slow};
