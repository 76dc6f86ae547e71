//! Names from strangers, before a disk sees them.

mod filename;
mod join;
mod platform;

pub use filename::{secure_filename, secure_filename_on};
pub use join::{safe_join, safe_join_on};
pub use platform::Platform;
