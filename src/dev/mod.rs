//! The machinery of `devserve run`: one front that holds the port, many lives of the app behind it.
//!
//! Start at [`Supervisor`]. A save goes from `watch`, which sees it, through `inputs`, which knows
//! whether the app is made of that file, as an `Event` to `state`, whose `step` decides; `worker`
//! performs what it decides with a `build`, a `child`, the `gate` that requests pass, and the
//! `reload` hub that browsers listen to. Nothing here prints: [`Notice`]s go to a [`Sink`].
//!
//! It speaks bytes with a process it does not link: no app, request or response is known here.

mod project;
mod supervisor;

mod event;
mod generation;
mod state;
mod worker;

pub(crate) mod ignore;
mod inputs;
mod stamp;
mod watch;

mod build;
mod bulletin;
mod cargo;
mod child;
mod diagnostics;
mod last_words;
mod progress;
mod tail;

mod editor;
mod front;
mod gate;
pub(crate) mod inject;
mod notice;
pub(crate) mod reload;

pub use notice::{AccessRecord, Notice, Sink};
pub use project::{Choice, Program, ProjectError};
pub use supervisor::{Config, StartError, Stopper, Supervisor};
