//! TLS, and the only place that knows whether it was compiled in (feature `tls`).
//!
//! An [`Identity`] is what a server shows: certificates and their key, from files or made for
//! the occasion by a development CA (`adhoc`, `authority`). A [`Trust`] is whom a client believes. A `Session` is the TLS of one connection; it
//! stands beside the socket in a [`Stream`](crate::net::Stream), which nobody else need know.
//! Without the feature they are types without values, and all this compiles to nothing.

#[cfg(feature = "tls")]
mod adhoc;
#[cfg(feature = "tls")]
mod authority;
#[cfg(not(feature = "tls"))]
mod disabled;
#[cfg(feature = "tls")]
mod error;
mod handshake;
#[cfg(feature = "tls")]
mod identity;
#[cfg(feature = "tls")]
mod session;
#[cfg(feature = "tls")]
mod trust;

#[cfg(not(feature = "tls"))]
pub(super) use disabled::Session;
#[cfg(not(feature = "tls"))]
pub use disabled::{Identity, Trust};
#[cfg(feature = "tls")]
pub use error::IdentityError;
pub(crate) use handshake::Handshake;
#[cfg(feature = "tls")]
pub use identity::Identity;
#[cfg(feature = "tls")]
pub(super) use session::Session;
#[cfg(feature = "tls")]
pub use trust::{Trust, TrustError};
