//! Parts of a content, asked for and sent (RFC 9110 §14).

mod content_range;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod range;

pub use content_range::ContentRange;
pub use range::{Range, RangeError, RangeSpec};
