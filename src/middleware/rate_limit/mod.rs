//! So many requests in so much time, for each client.
//!
//! [`RateLimit`] asks who it is; `buckets` keeps count.

mod buckets;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod rate_limit;

pub use rate_limit::RateLimit;
