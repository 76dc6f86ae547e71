//! Strings and bytes: no I/O, no HTTP.

/// Text in WSGI's disguise: every character is one byte, U+0000 to U+00FF (PEP 3333).
pub mod latin1;
/// What a stranger sent, made harmless before a terminal shows it.
pub mod visible;
