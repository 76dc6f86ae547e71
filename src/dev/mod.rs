//! The machinery of `devserve run`: build, watch, hold, swap.
mod cargo;
mod child;
mod diagnostics;
mod event;
mod front;
mod gate;
mod generation;
mod inject;
mod notice;
mod project;
mod reload;
mod state;

pub use notice::{AccessRecord, Notice, Sink};
pub use project::{Choice, Program, ProjectError};
