//! Finished reports in, pages out: a build that failed, an app that died, a request that waits,
//! a panic explained, a folder listed.
//!
//! A report is plain data, made by whoever saw the thing happen and masked before it gets here.
//! Each report gives a [`Page`], and a page answers as HTML, JSON or plain text, whichever the
//! client asked for. Nothing here reads a file, a clock or a stack.
//!
//! Start at [`Failure`] for the debugger's page, at [`BuildFailed`] for the compiler's.

mod accept;
mod ansi;
mod build;
mod died;
mod elapsed;
mod excerpt;
mod failure;
mod listing;
mod page;
mod plain;
mod rust;
mod snippet;
mod stack;
mod templates;
mod waiting;

#[cfg(test)]
mod palette;
#[cfg(test)]
mod tests;

pub use build::{BuildFailed, Diagnostic, Level, Note, Span, SpanLine};
pub use died::AppDied;
pub use excerpt::Excerpt;
pub use failure::{Failure, Frame, Kind, Owner, Place, Request};
pub use listing::{Column, Entry, Listing, Order};
pub use page::{Page, Rendered};
pub use plain::server_error;
pub use rust::State;
pub use waiting::Waiting;
