//! How long requests take, as tables.
//!
//! [`Profiler`] measures, `ledger` keeps count, [`Report`] is what it says, `page`
//! shows it to browsers.

mod ledger;
mod page;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod profiler;
mod report;

pub use profiler::Profiler;
pub use report::{Report, Row, Slow};
