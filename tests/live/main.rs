//! Real processes and real sockets; each test has a deadline and a folder of its own.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where something is missing"
)]

#[cfg(all(feature = "server", feature = "forms", feature = "testing"))]
mod client;
#[cfg(feature = "server")]
mod engine;
#[cfg(feature = "cli")]
mod errors;
#[cfg(feature = "cli")]
mod fast;
#[cfg(feature = "cli")]
mod folder;
#[cfg(feature = "cli")]
mod frameworks;
#[cfg(feature = "cli")]
#[allow(dead_code, reason = "the browser tests use more of it")]
mod gate;
#[cfg(feature = "cli")]
mod habits;
#[cfg(feature = "cli")]
mod harness;
#[cfg(all(feature = "server", feature = "testing"))]
mod http_proxy;
#[cfg(feature = "cli")]
mod keys;
#[cfg(all(feature = "cli", target_os = "linux"))]
mod killed;
#[cfg(feature = "cli")]
mod reload;
#[cfg(feature = "cli")]
mod routes;
#[cfg(feature = "cli")]
mod scaffold;
#[cfg(all(feature = "cli", target_os = "linux"))]
mod soak;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "cli")]
mod traffic;
#[cfg(feature = "cli")]
mod usage;
#[cfg(feature = "cli")]
mod watch;
