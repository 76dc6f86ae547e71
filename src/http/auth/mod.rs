//! Who a client is and how it may say so: `Authorization` and `WWW-Authenticate` (RFC 9110 §11),
//! with the schemes Basic (RFC 7617), Digest (RFC 7616) and Bearer (RFC 6750).
//!
//! Start at [`Authorization`] and [`WwwAuthenticate`]. Nothing here decides whether credentials
//! are right.

mod authorization;
mod error;
mod parts;
mod www_authenticate;

pub use authorization::Authorization;
pub use error::AuthError;
pub use www_authenticate::WwwAuthenticate;
