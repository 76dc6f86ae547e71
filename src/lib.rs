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
pub mod security;

// Floor 2: the contract.
pub mod wsgi;

// Floor 3: what requests carry.
pub mod forms;
#[cfg(feature = "session")]
pub mod session;
