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
mod diagnostic;
mod died;
mod editor;
mod elapsed;
mod excerpt;
mod failure;
mod fix;
mod listing;
mod lost;
mod message;
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

pub use build::BuildFailed;
pub use diagnostic::{Diagnostic, Expansion, Level, Note, Span, SpanLine, Spot};
pub use died::{AppDied, Panic};
pub use editor::Editor;
pub use excerpt::Excerpt;
pub use failure::{Failure, Frame, Kind, Owner, Place, Request};
pub use listing::{Column, Entry, Listing, Order};
pub use lost::AnswerLost;
pub use page::{Page, Rendered};
pub use plain::server_error;
pub use rust::State;
pub use waiting::{Count, Overdue, Waiting};
