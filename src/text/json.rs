use std::fmt::Write;

/// A JSON string (RFC 8259 §7), in its quotes. Written here because builds without serde have
/// JSON to write too: every exception has an answer in it.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => {
                write!(quoted, "\\u{:04x}", u32::from(control)).expect("a String takes all text");
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_string_or_cannot_be_seen_is_escaped() {
        assert_eq!(quote("caf\u{e9} \u{1f375}"), "\"caf\u{e9} \u{1f375}\"");
        assert_eq!(quote("a\"b\\c\nd\u{85}"), r#""a\"b\\c\u000ad\u0085""#);
    }
}
