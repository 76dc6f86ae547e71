//! Strings and bytes: no I/O, no HTTP.

/// Text flattened to ASCII, for names that must travel anywhere.
pub mod ascii;
pub(crate) mod charset;
/// Numbers as header fields have them (RFC 9110 §5.6, `1*DIGIT`).
pub mod digits;
#[cfg_attr(not(feature = "idna"), path = "domain_disabled.rs")]
pub(crate) mod domain;
/// Text made safe to stand in HTML.
pub mod html;
/// JSON for builds without serde.
pub(crate) mod json;
/// Text in WSGI's disguise: every character is one byte, U+0000 to U+00FF (PEP 3333).
pub mod latin1;
/// Optional white space around what a field holds: spaces and tabs (RFC 9110 §5.6.3).
pub mod ows;
/// Percent-encoding (RFC 3986 §2.1), with the sets that our fields and paths need.
pub mod percent;
/// Quoted-strings (RFC 9110 §5.6.4).
pub mod quoted;
/// Tokens (RFC 9110 §5.6.2).
pub mod tokens;
/// What a stranger sent, made harmless before a terminal shows it.
pub mod visible;

pub use charset::Charset;
