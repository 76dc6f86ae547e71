//! The contract between a server and an app: PEP 3333 with Rust's types.
//!
//! A server calls an [`App`] with an [`Environ`]. The app answers in one of two forms, and any
//! server runs both: it returns a [`Reply`] ([`App::call`], what views and most middleware
//! do), or it is handed `start_response` and returns the [`Body`] ([`App::wsgi`], the classic
//! form, made by [`application`]). Each form is written in terms of the other, so apps nest in
//! any mixture.
//!
//! Nothing here knows which wire an app hangs on.

mod app;
mod body;
mod classic;
mod environ;
mod error;
mod input;
mod part;
mod routes;
mod start_response;
mod upgraded;
mod value;

pub use app::{App, Reply, call, run};
pub use body::{Body, BodyWriter, Chunks};
pub use classic::{AppFn, Application, app_fn, application};
pub use environ::{Environ, EnvironError, ServerFacts};
pub use error::{Error, Result};
pub use input::{Errors, Input};
pub(crate) use part::Seekable;
pub use routes::Route;
pub use start_response::{IntoHeaders, Reason, StartError, StartResponse, Status, Writer};
pub use upgraded::Upgraded;
pub use value::Value;
