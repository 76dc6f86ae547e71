//! The contract between a server and an app: PEP 3333 with Rust's types.

mod error;

pub use error::{Error, Result};
