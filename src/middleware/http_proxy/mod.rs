//! Requests that another server answers: [`HttpProxy`] passes them on, each to its
//! [`Upstream`].

#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod http_proxy;
mod upstream;

pub use http_proxy::HttpProxy;
pub use upstream::Upstream;
