//! Values that travel through the browser and come back unchanged, or not at all.
//!
//! [`Sessions`] stands around an app and gives each request a [`Session`], which a view reads
//! and changes; it is kept in one cookie, signed or encrypted with [`Keys`]. The keys also do
//! for cookies of the app's own.
//!
//! ```
//! use devserve::session::{Key, Sessions};
//! use devserve::{Request, Response, Result};
//!
//! fn count(request: &Request) -> Result<Response> {
//!     let session = request.session();
//!     let visits = session.get::<u32>("visits").unwrap_or(0) + 1;
//!     session.insert("visits", visits)?;
//!     Ok(Response::text(format!("visit number {visits}")))
//! }
//!
//! let app = Sessions::new(Key::generate()).wrap(count);
//! # let client = devserve::testing::Client::new(app);
//! # client.get("/").send()?;
//! # assert_eq!(client.get("/").send()?.text(), "visit number 2");
//! # Ok::<(), devserve::Error>(())
//! ```

mod key;
mod keys;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod session;
mod sessions;
mod stored;

pub use key::{Key, KeyError};
pub use keys::Keys;
pub use session::{Flash, Session, SessionError};
pub use sessions::{SessionApp, Sessions};
