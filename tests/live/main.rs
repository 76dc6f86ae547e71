//! Real processes and real sockets; each test has a deadline and a folder of its own.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where something is missing"
)]

mod engine;
mod harness;
mod reload;
mod scaffold;
mod usage;
