//! HTTP answers that travel as `Err`.
//!
//! A view ends early with `Err(HttpException::not_found())?`, or with `?` on anything the client
//! got wrong. [`answer`] is where such an error becomes a reply. Every error of a lower floor
//! that is about the request also becomes an [`HttpException`] by `From`.

mod answer;
mod exception;
mod faults;
mod page;
#[cfg(feature = "routing")]
mod unrouted;

pub use answer::answer;
pub use exception::HttpException;
