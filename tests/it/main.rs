//! The public API, without ports.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops where something is missing"
)]

#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "debugger")]
mod debugger;
mod examples;
mod examples_httpbin;
mod floors;
#[cfg(all(feature = "forms", feature = "server"))]
pub mod fuzz;
mod middleware;
mod pep3333;
mod toolkit_addresses;
mod toolkit_conditional;
mod toolkit_cookies;
mod toolkit_fields;
mod toolkit_forms;
mod toolkit_local;
mod toolkit_requests;
mod toolkit_responses;
mod toolkit_router;
mod toolkit_sessions;
mod toolkit_templates;
mod toolkit_testing;
mod vectors;
