//! The router: an app made of views, each at its rule.
//!
//! ```
//! use devserve::router::Router;
//! use devserve::{Request, Response};
//!
//! fn index(request: &Request) -> devserve::Result<Response> {
//!     let url = request.url_for("user", [("id", 7)])?;
//!     Ok(Response::redirect(&url))
//! }
//!
//! fn user(_: &Request, id: u64) -> String {
//!     format!("user {id}")
//! }
//!
//! let app = Router::new()
//!     .get("/", index)
//!     .get("/user/<int:id>", user)
//!     .build()?;
//! # let client = devserve::testing::Client::new(app);
//! # assert_eq!(client.get("/user/7").send()?.text(), "user 7");
//! # assert_eq!(client.get("/").send()?.header("location"), Some("/user/7"));
//! # assert_eq!(client.post("/").send()?.status(), 405);
//! # Ok::<(), devserve::Error>(())
//! ```
//!
//! Rules, their converters and which of them wins are those of [`routing`](crate::routing).
//! A view's arguments after the request are the rule's variables, in their order. What has no
//! rule is asked of the [mounted](Router::mount) app with the longest prefix, then of the
//! [fallback](Router::fallback), and is a 404 after that. An `OPTIONS` nobody has a view for
//! is answered with the methods there are.

mod hooks;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod router;
mod view;

pub use router::{Router, RouterError};
pub use view::{Argument, View};
