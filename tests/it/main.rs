//! The public API, without ports.

mod debugger;
mod toolkit_cookies;
mod toolkit_forms;
mod toolkit_requests;
mod toolkit_responses;
mod toolkit_templates;
mod vectors;
