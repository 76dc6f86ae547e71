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
    /// The encoding behind a label such as `UTF-8`, in any of its spellings.
    pub fn from_label(label: &str) -> Option<Self> {
        match plain_name(label).as_str() {
            "utf8" => Some(Self::Utf8),
            "usascii" => Some(Self::Ascii),
            "iso88591" => Some(Self::Latin1),
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

/// The one name of a charset by which it is compared. Marks between letters and digits are
/// spelling; beyond that, the names that IANA's registry gives to the charsets still met.
pub(crate) fn plain_name(label: &str) -> String {
    let plain: String = label
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect();
    let name = match plain.as_str() {
        "u8" | "utf" => "utf8",
        "ascii" | "646" | "iso646us" | "ansix341968" | "ansix341986" | "us" | "cp367"
        | "ibm367" => "usascii",
        "latin1" | "latin" | "l1" | "88591" | "cp819" | "ibm819" | "iso885911987" => "iso88591",
        "latin2" | "l2" | "88592" => "iso88592",
        "latin9" | "l9" | "885915" => "iso885915",
        "cp1250" | "1250" => "windows1250",
        "cp1251" | "1251" => "windows1251",
        "cp1252" | "1252" => "windows1252",
        "sjis" | "mskanji" => "shiftjis",
        "ujis" => "eucjp",
        "big5tw" | "csbig5" => "big5",
        "936" | "cp936" | "ms936" => "gbk",
        "u16" => "utf16",
        "u32" => "utf32",
        other => other,
    };
    name.to_owned()
}
