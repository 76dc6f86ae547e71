//! What a team shares: `devserve.toml`, or a table in `Cargo.toml`.
//!
//! A key is the name of a flag, and becomes that flag, put before those of the command line. So
//! clap stays the only one who knows what there is and what it may be, and the command line has
//! the last word.

mod file;
mod merge;
mod place;

pub(crate) use merge::{Unread, complete};
