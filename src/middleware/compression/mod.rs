//! Answers packed for the way.
//!
//! [`Compression`] decides, `coder` packs.

mod coder;
#[expect(
    clippy::module_inception,
    reason = "the type is what the module is named for"
)]
mod compression;

pub use coder::Coding;
pub use compression::Compression;
