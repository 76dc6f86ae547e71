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

// Floor 2: the contract.
#[cfg(feature = "_pages")]
pub mod pages;
pub mod wsgi;

// Floor 7: what stands on both towers.
#[cfg(feature = "dev")]
pub mod dev;
