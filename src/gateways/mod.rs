//! The same apps behind other wires: any server runs any app.

/// Apps as `tower` services, and services as apps.
#[cfg(feature = "tower")]
pub mod tower;
