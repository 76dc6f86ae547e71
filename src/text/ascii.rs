use unicode_normalization::UnicodeNormalization;

/// `text` in ASCII: every character is taken apart (Unicode's form NFKD), and what is not ASCII
/// then is left out. `é` is `e`, `ﬁ` is `fi`, `½` is `12`, a no-break space is a space, and
/// `日` is nothing.
pub fn flatten(text: &str) -> String {
    text.nfkd().filter(char::is_ascii).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(flatten(text), want);
    }

    #[test]
    fn marks_go_and_letters_stay() {
        check("Vögel über Łódź", "Vogel uber odz");
        check("Tiếng Việt", "Tieng Viet");
        check("ﬁle\u{a0}x²", "file x2");
        check("Ñandú／x", "Nandu/x");
        check("日本語.txt", ".txt");
        check("Ⅳ ½ ™ … ①", "IV 12 TM ... 1");
        check("e\u{301}\u{2028}x", "ex");
    }
}
