//! One request to one upstream, and its answer back.
//!
//! Both bodies stream, at once where they must: an answer may begin before the request's body
//! has ended. Fields about one connection stay on it. Nothing is tried twice here: whoever
//! calls knows whether a request may be repeated.
//!
//! [`pass_on`] is for a client on a wire, and stops reading it when the upstream has heard
//! enough. [`ask`] takes a body from any reader. Behind a 101 of either, [`relay`] carries what
//! comes after HTTP.

mod answer;
mod ask;
#[cfg(feature = "dev")]
mod pass_on;
mod relay;
mod upload;

#[cfg(feature = "dev")]
pub(crate) use answer::{Answer, ProxyError};
pub(crate) use ask::{AskError, Asked, AskedBody, ask};
#[cfg(feature = "dev")]
pub(crate) use pass_on::pass_on;
pub(crate) use relay::relay;
#[cfg(feature = "dev")]
pub(crate) use relay::tunnel;
