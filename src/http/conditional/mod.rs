//! Requests that depend on what the client has already (RFC 9110 §8.8 and §13).
//!
//! Start at [`Conditions`], which are held against [`Validators`]. Nothing here knows a clock:
//! the time comes in as an argument.

mod conditions;
mod etag;
mod if_range;

pub use conditions::{Conditions, Decision, PreconditionFailed, Validators};
pub use etag::{ETag, ETagError, ETags};
pub use if_range::IfRange;
