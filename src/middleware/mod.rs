//! Apps around an app: what changes a request before the app sees it, or answers in its place.
//!
//! Each holds an app and is one, so they nest in any order. [`ProxyFix`] stands outermost: the
//! others should see what it found out.
//!
//! Which app answers: [`Dispatcher`], [`SharedData`], and `HttpProxy` for one behind another
//! server. Who may ask: [`TrustHosts`],
//! [`BasicAuth`], [`RateLimit`], [`Cors`]. What becomes of the answer: `Compression`, behind the
//! feature of its name. What is known of it: [`RequestId`],
//! [`Profiler`]; and [`Lint`] watches the contract
//! between any two of them.

mod basic_auth;
#[cfg(feature = "compression")]
mod compression;
mod cors;
mod dispatcher;
mod doors;
#[cfg(feature = "server")]
mod http_proxy;
mod lint;
mod profiler;
mod proxy_fix;
mod rate_limit;
mod request_id;
mod shared_data;
mod trust_hosts;

pub use basic_auth::BasicAuth;
#[cfg(feature = "compression")]
pub use compression::{Coding, Compression};
pub use cors::Cors;
pub use dispatcher::Dispatcher;
#[cfg(feature = "server")]
pub use http_proxy::{HttpProxy, Upstream};
pub use lint::{Lint, Rule, Violation};
pub use profiler::{Profiler, Report, Row, Slow};
pub use proxy_fix::{Believed, ProxyFix, TrustedHops};
pub use rate_limit::RateLimit;
pub use request_id::{Id, RequestId};
pub use shared_data::SharedData;
pub use trust_hosts::TrustHosts;
