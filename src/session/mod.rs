//! Values that travel through the browser and come back unchanged, or not at all.

mod key;

pub use key::{Key, KeyError};
