use std::borrow::Cow;

use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode, percent_encode, utf8_percent_encode,
};

// What a path may not hold bare (RFC 3986 §3.3). `/` stays: it divides the segments.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b';');

// A reference as somebody wrote it: reserved characters and escapes already have their
// meaning, only what no URI may hold is encoded.
const REFERENCE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

// attr-char of RFC 8187 §3.2.1 stays bare.
const PARAMETER: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// A decoded path, encoded for a URI. `?`, `#` and `%` are part of the path and are encoded;
/// so is `;`, which would end a cookie's `Path`.
///
/// Whether the `Cow` borrows or owns says nothing: compare the text to learn what was encoded.
pub fn encode_path(path: &(impl AsRef<[u8]> + ?Sized)) -> Cow<'_, str> {
    percent_encode(path.as_ref(), PATH).into()
}

/// A URI reference that may hold text: non-ASCII and forbidden characters are encoded,
/// escapes and separators stay as written. The `Cow`'s kind says nothing, as above.
pub fn encode_reference(reference: &(impl AsRef<[u8]> + ?Sized)) -> Cow<'_, str> {
    percent_encode(reference.as_ref(), REFERENCE).into()
}

/// The value of an extended parameter, after `UTF-8''` (RFC 8187).
pub fn encode_parameter(value: &str) -> Cow<'_, str> {
    utf8_percent_encode(value, PARAMETER).into()
}

/// The bytes behind every valid escape; a `%` that starts none stays.
pub fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    percent_decode(bytes).into()
}

/// [`decode`], as UTF-8 text with U+FFFD for what is not.
pub fn decode_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&decode(bytes)).into_owned()
}
