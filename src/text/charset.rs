use std::borrow::Cow;

use crate::text::latin1;

/// The character encodings a request may name and we decode. Everything else is read as UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// US-ASCII: bytes above 0x7F become U+FFFD.
    Ascii,
    /// ISO-8859-1: every byte is a character.
    Latin1,
}

impl Charset {
    /// The encoding behind a label such as `UTF-8`, in any spelling of case.
    pub fn from_label(label: &str) -> Option<Self> {
        match label.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "us-ascii" | "ascii" => Some(Self::Ascii),
            "iso-8859-1" | "latin-1" | "latin1" => Some(Self::Latin1),
            _ => None,
        }
    }

    /// The preferred label, in lower case.
    pub fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Ascii => "us-ascii",
            Self::Latin1 => "iso-8859-1",
        }
    }

    /// The text in `bytes`. What cannot be decoded becomes U+FFFD; this never fails.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes),
            Self::Latin1 => latin1::from_bytes(bytes),
            Self::Ascii if bytes.is_ascii() => String::from_utf8_lossy(bytes),
            Self::Ascii => Cow::Owned(
                bytes
                    .iter()
                    .map(|&byte| ascii_or_replacement(byte))
                    .collect(),
            ),
        }
    }
}

fn ascii_or_replacement(byte: u8) -> char {
    if byte.is_ascii() {
        char::from(byte)
    } else {
        char::REPLACEMENT_CHARACTER
    }
}
