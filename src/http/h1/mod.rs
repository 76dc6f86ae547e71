//! HTTP/1.1 messages without I/O, in both directions: heads, framing, chunks, limits, and what
//! to answer to those who break the rules (RFC 9112).
//!
//! A reader walks: [`request_len`] finds a head in bytes, [`read_request`] reads it, its [`Framing`] says how the body
//! is cut, [`BodyDecoder`] undoes that; the way out is [`write_response`] and [`chunk_head`].

mod body;
mod fault;
mod fields;
mod limits;
mod message;
mod request;
mod response;

pub use body::{BodyDecoder, Decoded, chunk_head};
pub use fault::Fault;
pub use fields::has_token;
pub use limits::Limits;
pub use message::{Framing, Persistence};
pub use request::{Expectation, RequestHead, read_request, request_len, write_request};
pub use response::{ResponseHead, read_response, response_framing, response_len, write_response};
