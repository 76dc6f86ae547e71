use std::borrow::Cow;

/// The bytes as WSGI text: byte 0xE9 becomes `é`, whatever encoding it was part of.
pub fn from_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.is_ascii() {
        // ASCII is valid UTF-8, so nothing is replaced and nothing is copied.
        return String::from_utf8_lossy(bytes);
    }
    Cow::Owned(bytes.iter().copied().map(char::from).collect())
}

/// The bytes behind WSGI text; `None` where a character is above U+00FF and so no byte.
pub fn to_bytes(text: &str) -> Option<Cow<'_, [u8]>> {
    if text.is_ascii() {
        return Some(Cow::Borrowed(text.as_bytes()));
    }
    text.chars()
        .map(|character| u8::try_from(u32::from(character)).ok())
        .collect::<Option<Vec<u8>>>()
        .map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_the_disguise_and_back() {
        let all: Vec<u8> = (0..=255).collect();
        let text = from_bytes(&all);
        assert_eq!(text.chars().count(), 256);
        assert_eq!(to_bytes(&text).unwrap().as_ref(), all);
    }

    #[test]
    fn text_that_is_no_disguised_bytes_is_refused() {
        assert_eq!(to_bytes("\u{100}"), None);
        assert_eq!(to_bytes("caf\u{e9}").unwrap().as_ref(), b"caf\xe9");
    }
}
