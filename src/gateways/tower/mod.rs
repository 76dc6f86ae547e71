//! Both ways between apps, which block, and `tower` services, which do not.
//!
//! [`AppService`] is an app for hyper, axum and whatever else calls a `tower::Service`: each
//! request runs on a thread of tokio's blocking pool. [`ServiceApp`] is a service, such as an
//! axum router, for an engine of threads: each request drives the service's future on its own.

mod app_service;
mod body_reader;
mod service_app;

pub use app_service::{AppService, ReplyBody};
pub use service_app::{InputBody, ServiceApp};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
