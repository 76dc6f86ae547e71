//! Apps around an app: what changes a request before the app sees it, or answers in its place.
//!
//! Each holds an app and is one, so they nest in any order. [`ProxyFix`] stands outermost: the
//! others should see what it found out.

#[cfg(feature = "compression")]
mod compression;
mod dispatcher;
mod doors;
mod lint;
mod proxy_fix;
mod trust_hosts;

#[cfg(feature = "compression")]
pub use compression::{Coding, Compression};
pub use dispatcher::Dispatcher;
pub use lint::{Lint, Rule, Violation};
pub use proxy_fix::{Believed, ProxyFix, TrustedHops};
pub use trust_hosts::TrustHosts;
