//! A threaded server and development toolkit in Werkzeug's tradition.
//!
//! A **view** is a function from a request to an answer, and [`run`] serves it:
//!
//! ```no_run
//! use devserve::{Request, Response};
//!
//! fn app(request: &Request) -> devserve::Result<Response> {
//!     let name = request.args().get("name").unwrap_or("World");
//!     Ok(Response::text(format!("Hello, {name}!")))
//! }
//!
//! fn main() -> devserve::Result<()> {
//!     devserve::run(app)
//! }
//! ```
//!
//! `cargo run` serves it plainly. The command `devserve run` adds what one wants while writing
//! it: it rebuilds on save, holds requests meanwhile, shows compile errors and reloads the
//! browser.
//!
//! # What is where
//!
//! - [`Request`] reads what was asked: query, [`forms`], uploads, cookies, JSON.
//! - [`Response`] is built by chain; anything that is [`IntoResponse`] may be returned.
//! - An `Err` ends a view early. One of the [`exceptions`], or what a client got wrong, is
//!   answered as itself; every other is a 500, which the [`debugger`] explains.
//! - [`wsgi`] is the contract below: an [`App`](wsgi::App) is called with an
//!   [`Environ`](wsgi::Environ). Middleware is an app that holds an app.
//! - [`server`] is the engine, for programs that want to start and stop it themselves.
//! - [`routing`] finds the rule for a path, and builds URLs back.
//! - [`middleware`] has what stands around an app: other apps below a path, files, compression,
//!   the trust in a proxy's fields, and more.
//! - [`local`] tells helpers which request their thread answers.
//! - [`testing`] calls an app without a socket; [`templates`] renders a folder of templates;
//!   [`session`] keeps what a visitor did in a cookie; [`security`] makes names and paths
//!   safe, and hashes passwords.
//! - [`dev`] and [`site`] are what the command is made of.
//!
//! Methods, statuses and header maps are those of crate [`http`].
//!
//! # Features
//!
//! All but `compression`, `tower` and `tiny-http` are on by default. An app compiles less with
//! `default-features = false` and, say, `features = ["server", "debugger", "forms"]`.
//!
//! | feature | adds |
//! |---|---|
//! | `server` | [`server`], [`net`] and [`run`] |
//! | `tls` | HTTPS: [`net::Identity`], from files or made for development; [`net::Trust`] for servers that are asked |
//! | `forms` | [`Request::form`], [`Request::files`], [`Request::query`] |
//! | `json` | [`Request::json`], [`Response::json`] |
//! | `routing` | [`routing`] |
//! | `session` | [`session`]: [`Request::session`], signed and encrypted cookies |
//! | `passwords` | [`security::generate_password_hash`] and its kin |
//! | `idna` | domain names in any script, where otherwise they are given as `xn--…` |
//! | `templates` | [`templates`] |
//! | `debugger` | [`debugger`]; [`run`] uses it in programs built with `debug_assertions` |
//! | `testing` | [`testing`]; with `server`, `testing::Client::live` |
//! | `listing` | [`SharedData::listing`](middleware::SharedData::listing): what is in a folder |
//! | `compression` | `middleware::Compression`: answers in gzip, brotli and zstd |
//! | `tower` | `gateways::tower`: apps as services, services as apps |
//! | `tiny-http` | `gateways::tiny_http`: crate `tiny_http` as a second engine |
//! | `dev`, `cli` | [`dev`], [`site`], and the command |
#![deny(unsafe_code)]

// Floor 0: strings, and every line of unsafe code.
#[allow(unsafe_code)]
mod sys;
pub mod text;

// Floor 1: vocabulary and sockets.
pub mod http;
#[cfg(feature = "server")]
#[cfg_attr(not(feature = "dev"), allow(dead_code, reason = "a proxy needs more"))]
pub mod net;
pub mod security;

// Floor 2: the contract, HTTP/1.1 on sockets, pages.
#[cfg(feature = "_pages")]
pub mod pages;
#[cfg(feature = "server")]
#[cfg_attr(not(feature = "dev"), allow(dead_code, reason = "a proxy needs more"))]
mod wire;
pub mod wsgi;

// Floor 3: what requests carry; one request passed on; an app at work.
pub mod forms;
#[cfg(feature = "server")]
#[cfg_attr(
    not(all(feature = "dev", feature = "testing")),
    allow(dead_code, reason = "the front and the test client need more")
)]
mod proxy;
#[cfg(feature = "routing")]
pub mod routing;
#[cfg(feature = "server")]
mod serving;
#[cfg(feature = "session")]
pub mod session;

// Floor 4: a request read, an answer made; the engine, and other wires.
#[cfg(any(feature = "tower", feature = "tiny-http"))]
pub mod gateways;
pub mod request;
pub mod response;
#[cfg(feature = "server")]
pub mod server;

// Floor 5: answers carried as errors, the request a thread answers, pages filled for it.
pub mod exceptions;
pub mod local;
#[cfg(feature = "templates")]
pub mod templates;

// Floor 6: what stands around an app.
#[cfg(feature = "debugger")]
pub mod debugger;
pub mod middleware;
#[cfg(feature = "routing")]
pub mod router;
#[cfg(feature = "testing")]
pub mod testing;
pub mod view;

// Floor 7: what stands on both towers.
#[cfg(feature = "dev")]
pub mod dev;
#[cfg(feature = "server")]
mod run;

// Floor 8: a folder as a site, with what `dev` knows of open pages.
#[cfg(feature = "cli")]
pub mod site;

pub use request::Request;
pub use response::{IntoResponse, Response};
#[cfg(feature = "server")]
pub use run::{RunError, run};
pub use view::app;
pub use wsgi::{Error, Result};
