//! Bytes in at any split, events out; and the way back for tests and clients.
//!
//! Strict where leniency would hide an upload or let two parsers disagree, lenient where old
//! clients are known to differ: CR or LF alone end a line of the framing. Data is never
//! rewritten.

mod decoder;
mod delimiter;
mod disposition;
mod encoder;
mod error;
mod head;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, Event};
pub(crate) use decoder::{Place, Step};
pub use encoder::Encoder;
pub use error::MultipartError;
pub use head::PartHead;
