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

// Floor 2: the contract, and HTTP/1.1 on sockets.
#[cfg(feature = "server")]
mod wire;
pub mod wsgi;

// Floor 4: the engine.
#[cfg(feature = "server")]
pub mod server;

pub use wsgi::{Error, Result};
