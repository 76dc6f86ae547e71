//! The page that explains a panic or an error, around any app.
//!
//! [`Debugger`] holds an app and is one. While the app answers, its thread is armed: a panic,
//! or a `?` that gives up an error of ours, leaves the stack it stood on (`capture`). The caught
//! fault becomes a report: with names, owners and source (`stack`, `origin`, `source`), with the
//! request and its secrets masked (`facts`, `mask`). What failed in a template stands there
//! first (`template`). The report becomes the 500 page of
//! [`pages`](crate::pages) and the text for the terminal. While nothing fails all of that costs
//! one flag.
//!
//! Source is for the person who writes the app. So pages with details go to local names only
//! (`hosts`), and programs built without `debug_assertions` do not wrap their app
//! in a debugger at all: that is decided where the server is put together, not here.

mod capture;
mod facts;
mod hosts;
mod mask;
mod middleware;
mod origin;
mod report;
mod source;
mod stack;
#[cfg_attr(not(feature = "templates"), path = "template_disabled.rs")]
mod template;

pub use capture::install;
pub use middleware::Debugger;
