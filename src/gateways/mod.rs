//! The same apps behind other wires: any server runs any app.

#[cfg(feature = "tower")]
pub mod tower;
