//! HTTP vocabulary: methods, statuses, header fields, and HTTP/1.1 messages as bytes.
//!
//! Nothing here reads a socket, a clock or the environment: bytes come in, values go out.
//! Methods, statuses, versions and header maps are those of crate [`http`](::http).

pub mod h1;
mod target;

pub use ::http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header,
};
pub use target::Target;
