//! Answers, put together.
//!
//! Start at [`Response`]. [`IntoResponse`] is what a view may return.

mod authenticate;
mod byteranges;
mod caching;
mod conditional;
mod cookies;
mod cors;
mod fields;
mod file;
mod into_response;
#[cfg(feature = "json")]
mod json;
mod policies;
mod redirect;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod response;
#[cfg(feature = "session")]
mod signed;

pub use conditional::RangeNotSatisfiable;
pub use file::FileError;
pub(crate) use file::{guess, within};
pub use into_response::IntoResponse;
pub use redirect::RedirectError;
pub use response::{Response, ResponseError};
