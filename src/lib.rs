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

// Floor 2: the contract, HTTP/1.1 on sockets, pages.
#[cfg(feature = "_pages")]
pub mod pages;
#[cfg(feature = "server")]
mod wire;
pub mod wsgi;

// Floor 3: what requests carry; one request passed on.
pub mod forms;
#[cfg(feature = "dev")]
mod proxy;
#[cfg(feature = "session")]
pub mod session;
#[cfg(feature = "templates")]
pub mod templates;

// Floor 4: a request read, an answer made; the engine.
pub mod request;
pub mod response;
#[cfg(feature = "server")]
pub mod server;

// Floor 5: answers carried as errors.
pub mod exceptions;

// Floor 6: what stands around an app.
#[cfg(feature = "debugger")]
pub mod debugger;
#[cfg(feature = "testing")]
pub mod testing;
pub mod view;

// Floor 7: what stands on both towers.
#[cfg(feature = "dev")]
pub mod dev;
#[cfg(feature = "server")]
pub mod run;

pub use request::Request;
pub use response::{IntoResponse, Response};
#[cfg(feature = "server")]
pub use run::run;
pub use view::app;
pub use wsgi::{Error, Result};
