//! A client that calls an app without a socket, for tests.
//!
//! ```
//! use devserve::testing::Client;
//! use devserve::{Request, Response};
//!
//! fn app(request: &Request) -> devserve::Result<Response> {
//!     Ok(Response::text(format!("Hello, {}!", request.args().require("name")?)))
//! }
//!
//! let client = Client::new(app);
//! assert_eq!(client.get("/?name=Ada").send()?.text(), "Hello, Ada!");
//! assert_eq!(client.get("/").send()?.status(), 400);
//! # Ok::<(), devserve::Error>(())
//! ```
//!
//! `Client::live` makes the same calls to a server that runs, so that one suite can ask both; it
//! needs feature `server`.
//! Below the client, [`EnvironBuilder`] makes an [`Environ`](crate::wsgi::Environ) of anything
//! and [`run_app`] calls an app with it.

mod client;
mod environ_builder;
#[cfg(feature = "forms")]
mod form;
mod jar;
#[cfg(feature = "json")]
mod json;
#[cfg_attr(not(feature = "server"), path = "live_disabled.rs")]
mod live;
mod redirect;
mod request;
mod response;
mod run;
mod streamed;

pub use client::Client;
pub use environ_builder::EnvironBuilder;
pub use jar::StoredCookie;
#[cfg(feature = "server")]
pub use live::LiveError;
pub use redirect::RedirectError;
pub use request::{Asker, TestRequest};
pub use response::TestResponse;
pub use run::run_app;
pub use streamed::StreamedResponse;
