//! The machinery of `devserve run`: one front that holds the port, many lives of the app behind it;
//! and of `devserve routes`, which starts the app once to ask it something ([`Inquiry`]).
//!
//! Start at [`Supervisor`]. A save goes from `watch`, which sees it, through `inputs`, which knows
//! whether the app is made of that file, as an `Event` to `state`, whose `step` decides; `worker`
//! performs what it decides with a `build`, a `child`, the `gate` that requests pass, and the
//! `reload` hub that browsers listen to. Nothing here prints: [`Notice`]s go to a [`Sink`].
//!
//! It speaks bytes with a process it does not link: no app, request or response is known here.

mod project;
mod supervisor;
mod target;

mod inquiry;
mod route;

mod event;
mod generation;
mod state;
mod worker;

pub(crate) mod ignore;
pub(crate) mod inotify;
mod inputs;
mod manifests;
mod poll;
mod stamp;
mod watch;

mod build;
mod build_script;
mod bulletin;
mod cargo;
mod child;
mod conventions;
mod dep_info;
mod diagnostics;
mod fast;
mod group;
mod guard;
mod last_words;
mod listeners;
mod progress;
mod search;
mod tail;
mod upstream;
mod variables;

mod editor;
mod forwarded;
mod front;
mod gate;
pub(crate) mod inject;
mod lookout;
pub(crate) mod mark;
mod notice;
pub(crate) mod reload;

pub use fast::stand_in;
pub use inquiry::{Inquiry, InquiryError, Question};
pub use notice::{AccessRecord, NoScript, Notice, Sink};
pub use project::{Choice, Features, Program, ProjectError};
pub use route::Route;
pub use supervisor::{Config, Remote, StartError, Stopper, Supervisor};
pub use target::{Elsewhere, ElsewhereError, Target};
pub use variables::{Variables, VariablesError};
