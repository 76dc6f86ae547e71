//! The same apps behind other wires: any server runs any app.

/// crate `tiny_http` as a second engine.
#[cfg(feature = "tiny-http")]
pub mod tiny_http;
/// Apps as `tower` services, and services as apps.
#[cfg(feature = "tower")]
pub mod tower;
