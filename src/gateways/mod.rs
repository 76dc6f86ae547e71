//! The same apps behind other wires: any server runs any app.

#[cfg(feature = "tiny-http")]
pub mod tiny_http;
#[cfg(feature = "tower")]
pub mod tower;
