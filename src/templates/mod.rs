//! A folder of HTML templates, for [minijinja](https://docs.rs/minijinja).
//!
//! [`Templates::render`] fills a template with values. [`Templates::render_for`] adds what a
//! page wants to know of its request: `request`, `session`, `get_flashed_messages()` and
//! `url_for(…)`. A [`TemplateError`] knows the template, the line and the source, and the
//! debugger's page opens there.

#[cfg_attr(not(feature = "forms"), path = "args_disabled.rs")]
mod args;
mod error;
mod folder;
mod globals;
#[cfg_attr(not(feature = "routing"), path = "links_disabled.rs")]
mod links;
mod rendering;
#[cfg_attr(not(feature = "session"), path = "session_disabled.rs")]
mod session;

pub use error::{TemplateError, TemplateFrame};
pub use folder::Templates;
/// Names and values for a template: `context! { title => "Home", entries => Serde(&entries) }`.
pub use minijinja::context;
/// Wraps a value of yours that serde can write, so that a template can read it.
pub use minijinja::value::Serde;
