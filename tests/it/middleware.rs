//! Apps around apps.

mod basic_auth;
#[cfg(feature = "compression")]
mod compression;
mod cors;
mod dispatcher;
mod lint;
mod nesting;
mod profiler;
mod rate_limit;
mod request_id;
mod shared_data;
