//! The machinery of `devserve run`: build, watch, hold, swap.
mod event;
mod gate;
mod generation;
mod notice;
mod reload;
mod state;

pub use notice::{AccessRecord, Notice, Sink};
