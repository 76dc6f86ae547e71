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

mod client;
#[cfg(feature = "forms")]
mod form;
mod jar;
#[cfg(feature = "json")]
mod json;
mod location;
mod request;
mod response;

pub use client::Client;
pub use request::TestRequest;
pub use response::TestResponse;
