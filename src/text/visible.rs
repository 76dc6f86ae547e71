use std::borrow::Cow;
use std::fmt::Write;

/// `text` with every control character written as an escape (`\x1b`, `\u{202e}`), so that a
/// request line can be shown in a terminal without moving its cursor or its colours.
///
/// Besides C0 and C1 controls this covers the bidirectional marks, which reorder a line.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match u32::from(character) {
            _ if !is_hidden(character) => shown.push(character),
            code @ 0..=0xff => write!(shown, "\\x{code:02x}").expect("a String takes all text"),
            code => write!(shown, "\\u{{{code:x}}}").expect("a String takes all text"),
        }
    }
    Cow::Owned(shown)
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(visible(text), want);
    }

    #[test]
    fn escapes_what_would_steer_a_terminal() {
        check("/plain?é=1", "/plain?é=1");
        check("/\u{1b}[31mred", "/\\x1b[31mred");
        check("a\r\nb\u{9b}", "a\\x0d\\x0ab\\x9b");
        check("\u{202e}gnp.exe", "\\u{202e}gnp.exe");
    }
}
