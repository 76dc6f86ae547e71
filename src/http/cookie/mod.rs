//! Cookies (RFC 6265): what a browser sends back, and what it is told to keep.
//!
//! Start at [`Cookies`] and [`SetCookie`].

mod cookies;
mod same_site;
mod set_cookie;

pub use cookies::{Cookies, parse};
pub use same_site::SameSite;
pub use set_cookie::{SetCookie, SetCookieError};
