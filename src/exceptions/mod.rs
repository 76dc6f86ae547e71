//! HTTP answers that travel as `Err`.
//!
//! A view ends early with `return Err(HttpException::not_found().into())`, or with `?` on
//! anything the client got wrong. [`answer`] is where such an error becomes a reply.

mod answer;
mod exception;
mod page;

pub use answer::answer;
pub use exception::HttpException;
