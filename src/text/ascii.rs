// Row by row, the letter left when a character's marks are taken off (Unicode's compatibility
// decomposition); `-` where nothing is. Two rows of data instead of a dependency, because file
// names are the only text we ever flatten.
const LATIN: &str = concat!(
    "----------a-------23-----1o-----AAAAAA-CEEEEIIII-NOOOOO--UUUUY--", // from U+00A0
    "aaaaaa-ceeeeiiii-nooooo--uuuuy-yAaAaAaCcCcCcCcDd--EeEeEeEeEeGgGg",
    "GgGgHh--IiIiIiIiI---JjKk-LlLlLlLl--NnNnNnn--OoOoOo--RrRrRrSsSsSs",
    "SsTtTt--UuUuUuUuUuUuWwYyYZzZzZzs--------------------------------",
    "Oo-------------Uu----------------------------AaIiOoUuUuUuUuUu-Aa",
    "Aa----GgKkOoOo--j---Gg--NnAa----AaAaEeEeIiIiOoOoRrRrUuUuSsTt--Hh",
    "------AaEeOoOoOoOoYy----------------------------",
);
const LATIN_ADDITIONAL: &str = concat!(
    "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm", // from U+1E00
    "MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv",
    "WwWwWwWwWwXxXxYyZzZzZzhtwyas----AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe",
    "EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy------",
);

/// `text` in ASCII: Latin letters lose their marks, full-width forms and ligatures become the
/// letters they show, white space becomes a space, and everything else is left out.
pub fn flatten(text: &str) -> String {
    let mut flat = String::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character) {
            0x00..=0x7f => flat.push(character),
            _ if character.is_whitespace() => flat.push(' '),
            code @ 0xa0..=0x24f => flat.extend(plain(LATIN, code - 0xa0)),
            code @ 0x1e00..=0x1eff => flat.extend(plain(LATIN_ADDITIONAL, code - 0x1e00)),
            code @ 0xff01..=0xff5e => flat.extend(char::from_u32(code - 0xfee0)),
            0xfb00 => flat.push_str("ff"),
            0xfb01 => flat.push_str("fi"),
            0xfb02 => flat.push_str("fl"),
            0xfb03 => flat.push_str("ffi"),
            0xfb04 => flat.push_str("ffl"),
            // What is left has no Latin letter in it.
            _ => {}
        }
    }
    flat
}

fn plain(row: &str, index: u32) -> Option<char> {
    let letter = row.as_bytes().get(usize::try_from(index).ok()?)?;
    (*letter != b'-').then(|| char::from(*letter))
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
    }
}
