//! A threaded server and development toolkit in Werkzeug's tradition.
#![deny(unsafe_code)]

// Floor 0: strings, and every line of unsafe code.
#[allow(unsafe_code)]
mod sys;
pub mod text;

// Floor 1: vocabulary and sockets.
pub mod http;
#[cfg(feature = "server")]
pub mod net;

// Floor 2: the contract, HTTP/1.1 on sockets, pages.
#[cfg(feature = "_pages")]
pub mod pages;
#[cfg(feature = "server")]
mod wire;
pub mod wsgi;

// Floor 3: what requests carry; one request passed on.

// Floor 4: a request read, an answer made; the engine.
#[cfg(feature = "server")]
pub mod server;

// Floor 5: answers carried as errors.

// Floor 6: what stands around an app.
#[cfg(feature = "debugger")]
pub mod debugger;

pub use wsgi::{Error, Result};
