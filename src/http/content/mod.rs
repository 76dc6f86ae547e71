//! What a body is, and what to do with it: values with parameters.
//!
//! [`OptionsHeader`] reads and writes any value of this kind; [`ContentType`] and
//! [`ContentDisposition`] know what two of them mean.

mod content_type;
mod disposition;
mod options;

pub use content_type::{ContentType, with_default_charset};
pub use disposition::ContentDisposition;
pub use options::OptionsHeader;
pub(super) use options::decode_extended;
