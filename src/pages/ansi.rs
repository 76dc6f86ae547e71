use std::borrow::Cow;

/// `text` without terminal colours and cursor movements (ECMA-48 control sequences): programs
/// print them, pages do not show them.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => skip_sequence(&mut rest),
            _ => kept.push(character),
        }
    }
    Cow::Owned(kept)
}

fn skip_sequence(rest: &mut std::str::Chars<'_>) {
    match rest.next() {
        // A control sequence: parameters, then one final byte from `@` to `~`.
        Some('[') => {
            rest.find(|character| matches!(character, '@'..='~'));
        }
        // A command to the terminal, ended by BEL or by ESC and a backslash.
        Some(']') => {
            let end = rest.find(|character| matches!(character, '\u{7}' | '\u{1b}'));
            if end == Some('\u{1b}') {
                rest.next();
            }
        }
        // Two characters in all, and both are gone.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(plain(text), want);
    }

    #[test]
    fn colours_and_links_go_and_words_stay() {
        check("no colour", "no colour");
        check("\u{1b}[1m\u{1b}[38;5;9merror\u{1b}[0m: é", "error: é");
        check("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{7}", "link");
        check("cut \u{1b}[38", "cut ");
        check("\u{1b}", "");
    }
}
