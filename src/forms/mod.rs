//! What browsers send in a body: forms and files.
//!
//! [`Form::read`] is the whole way from a stream to fields and files; [`Parts`] hands out the
//! parts of a multipart form as they arrive. The decoder below them does no I/O. Every reader
//! here stops at the limits of [`FormLimits`] and says where and why it stopped.

mod body;
mod error;
#[cfg(feature = "forms")]
mod form;
mod limited;
mod limits;
/// multipart/form-data (RFC 7578), without I/O.
pub mod multipart;
mod parts;
mod source;
#[cfg(feature = "forms")]
mod spool;
#[cfg(feature = "forms")]
mod typed;
#[cfg(feature = "forms")]
mod upload;
/// application/x-www-form-urlencoded, as the URL standard has it.
#[cfg(feature = "forms")]
pub mod urlencoded;

pub use body::read_body;
pub use error::{FormError, Limit, TypedError, TypedFormError};
#[cfg(feature = "forms")]
pub use form::Form;
pub(crate) use limited::check_length;
pub use limited::{InputEnd, LimitedStream, content_length};
pub use limits::FormLimits;
pub use parts::{Part, Parts};
#[cfg(feature = "forms")]
pub use spool::Spool;
#[cfg(feature = "forms")]
pub use typed::from_pairs;
#[cfg(feature = "forms")]
pub use upload::{Upload, UploadError, UploadReader};
#[cfg(feature = "forms")]
pub use urlencoded::UnwritableError;
