//! Requests that another server answers: [`HttpProxy`] passes them on, each to its
//! [`Upstream`].

mod http_proxy;
mod upstream;

pub use http_proxy::HttpProxy;
pub use upstream::Upstream;
