//! The machinery of `devserve run`: build, watch, hold, swap.
mod cargo;
mod event;
mod gate;
mod generation;
mod notice;
mod project;
mod reload;
mod state;

pub use notice::{AccessRecord, Notice, Sink};
pub use project::{Choice, Program, ProjectError};
