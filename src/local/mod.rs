//! What belongs to the request that a thread answers: reached without being passed along.
//!
//! A view is given its request. Helpers far below it, such as a logger or a database session,
//! often are not; they ask here. [`InContext`] around an app makes a [`Context`] for each call:
//! it is on top of the thread's stack while the app runs, and off it when the app is done,
//! however that ends. A [`Local`] keeps one value in it, a [`LocalStack`] several.
//!
//! ```
//! use devserve::local::{self, InContext, Local};
//! use devserve::testing::Client;
//! use devserve::Request;
//!
//! static USER: Local<String> = Local::new();
//!
//! fn greeting() -> String {
//!     let path = local::with_request(|request| request.path().into_owned());
//!     format!("{} at {}", USER.get().unwrap_or_default(), path.unwrap_or_default())
//! }
//!
//! fn app(request: &Request) -> devserve::Result<String> {
//!     USER.set(request.args().require("user")?.to_owned())?;
//!     Ok(greeting())
//! }
//!
//! let client = Client::new(InContext::new(app));
//! assert_eq!(client.get("/desk?user=Ada").send()?.text(), "Ada at /desk");
//! assert_eq!(greeting(), " at ");
//! # Ok::<(), devserve::Error>(())
//! ```
//!
//! A body that is made while it is sent is made when the app is done:
//! [`stream_with_context`] puts the context back for it. Threads that an app starts have no
//! context until they [enter](Context::enter) one.

mod app;
mod context;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod local;
mod stack;

pub use app::{InContext, stream_with_context, with_request};
pub use context::{Context, Entered, NoContext};
pub use local::Local;
pub use stack::LocalStack;
