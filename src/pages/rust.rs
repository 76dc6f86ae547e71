/// Where in Rust's grammar a line begins.
///
/// Only what can reach over a line's end is told apart, which is all that colouring an excerpt
/// in the middle of a file needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Between tokens.
    #[default]
    Code,
    /// In a block comment, this many deep: they nest.
    Comment(u32),
    /// In a string with escapes.
    Text,
    /// In a raw string that ends with a quote and this many hashes.
    RawText(usize),
    /// In what is no Rust at all, such as a template.
    Words,
}

impl State {
    /// The state at the end of `source`, for one that began in this state.
    #[must_use]
    pub fn after(self, source: &str) -> Self {
        source
            .lines()
            .fold(self, |state, line| pieces(line, state).1)
    }
}

/// What a piece of a line is. Few, so that the page stays calm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Plain,
    Comment,
    Keyword,
    /// A string or a character.
    Text,
    Number,
}

/// One line cut into pieces that, joined, are the line; and the state the next line begins in.
pub(super) fn pieces(line: &str, state: State) -> (Vec<(Class, &str)>, State) {
    let mut pieces: Vec<(Class, &str)> = Vec::new();
    let (mut rest, mut state) = (line, state);
    while !rest.is_empty() {
        let (class, len, next) = token(rest, state);
        let (text, after) = rest.split_at(len);
        match pieces.last_mut() {
            // Neighbours of a class are one piece; both are slices of `line`.
            Some((last, piece)) if *last == class => {
                let start = piece.as_ptr().addr() - line.as_ptr().addr();
                *piece = &line[start..line.len() - after.len()];
            }
            _ => pieces.push((class, text)),
        }
        (rest, state) = (after, next);
    }
    (pieces, state)
}

/// The first token of `rest`, which is not empty: its class, its length, the state behind it.
fn token(rest: &str, state: State) -> (Class, usize, State) {
    match state {
        State::Code => code(rest),
        State::Comment(depth) => comment(rest, depth),
        State::Text => text(rest),
        State::RawText(hashes) => raw_text(rest, hashes),
        State::Words => (Class::Plain, rest.len(), State::Words),
    }
}

fn code(rest: &str) -> (Class, usize, State) {
    let first = rest
        .chars()
        .next()
        .expect("callers pass at least one character");
    match first {
        '/' if rest.starts_with("//") => (Class::Comment, rest.len(), State::Code),
        '/' if rest.starts_with("/*") => (Class::Comment, 2, State::Comment(1)),
        '"' => (Class::Text, 1, State::Text),
        '\'' => quote(rest),
        '0'..='9' => (Class::Number, number_len(rest), State::Code),
        _ if is_word(first) => word(rest),
        _ => (Class::Plain, first.len_utf8(), State::Code),
    }
}

fn comment(rest: &str, depth: u32) -> (Class, usize, State) {
    let open = rest.find("/*").unwrap_or(usize::MAX);
    match rest.find("*/") {
        Some(close) if close < open && depth == 1 => (Class::Comment, close + 2, State::Code),
        Some(close) if close < open => (Class::Comment, close + 2, State::Comment(depth - 1)),
        _ if open < rest.len() => (Class::Comment, open + 2, State::Comment(depth + 1)),
        _ => (Class::Comment, rest.len(), State::Comment(depth)),
    }
}

fn text(rest: &str) -> (Class, usize, State) {
    let mut is_escaped = false;
    for (at, character) in rest.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return (Class::Text, at + 1, State::Code),
            _ => {}
        }
    }
    (Class::Text, rest.len(), State::Text)
}

fn raw_text(rest: &str, hashes: usize) -> (Class, usize, State) {
    let end = format!("\"{}", "#".repeat(hashes));
    match rest.find(&end) {
        Some(at) => (Class::Text, at + end.len(), State::Code),
        None => (Class::Text, rest.len(), State::RawText(hashes)),
    }
}

/// A character literal, or else the quote that begins a lifetime or label.
fn quote(rest: &str) -> (Class, usize, State) {
    let mut inside = rest.char_indices().skip(1);
    let end = match inside.next() {
        Some((_, '\\')) => inside.skip(1).find(|&(_, character)| character == '\''),
        Some(_) => inside.next().filter(|&(_, character)| character == '\''),
        None => None,
    };
    match end {
        Some((at, _)) => (Class::Text, at + 1, State::Code),
        None => (Class::Plain, 1 + word_len(&rest[1..]), State::Code),
    }
}

/// An identifier, a keyword, or the prefix of a string.
fn word(rest: &str) -> (Class, usize, State) {
    let len = word_len(rest);
    let (word, behind) = rest.split_at(len);
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    match word {
        "r" | "br" | "cr" if behind[hashes..].starts_with('"') => {
            (Class::Text, len + hashes + 1, State::RawText(hashes))
        }
        "b" | "c" if behind.starts_with('"') => (Class::Text, len + 1, State::Text),
        // `r#type` is a name, whatever it looks like.
        "r" if hashes == 1 => (Class::Plain, 2 + word_len(&behind[1..]), State::Code),
        _ if KEYWORDS.contains(&word) => (Class::Keyword, len, State::Code),
        _ => (Class::Plain, len, State::Code),
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn word_len(rest: &str) -> usize {
    rest.find(|character| !is_word(character))
        .unwrap_or(rest.len())
}

/// `0xff_u8`, `1.5e-3`; but of `1..2` and `1.max(2)` only the `1`.
fn number_len(rest: &str) -> usize {
    let mut len = word_len(rest);
    if rest[len..].starts_with('.')
        && rest[len + 1..].starts_with(|next: char| next.is_ascii_digit())
    {
        len += 1 + word_len(&rest[len + 1..]);
    }
    let has_exponent = !rest.starts_with("0x") && rest[..len].ends_with(['e', 'E']);
    if has_exponent && rest[len..].starts_with(['+', '-']) {
        len += 1 + word_len(&rest[len + 1..]);
    }
    len
}

const KEYWORDS: [&str; 39] = [
    "Self",
    "as",
    "async",
    "await",
    "break",
    "const",
    "continue",
    "crate",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro_rules",
    "match",
    "mod",
    "move",
    "mut",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "type",
    "unsafe",
    "use",
    "where",
    "while",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The line with its pieces marked: `k(…)` for keywords, and so on.
    #[track_caller]
    fn check(line: &str, want: &str) {
        assert_eq!(marked(line, State::Code).0, want, "{line}");
    }

    fn marked(line: &str, state: State) -> (String, State) {
        let (pieces, state) = pieces(line, state);
        assert_eq!(
            pieces.iter().map(|(_, text)| *text).collect::<String>(),
            line
        );
        let mark = |(class, text): &(Class, &str)| match class {
            Class::Plain => (*text).to_owned(),
            Class::Comment => format!("c({text})"),
            Class::Keyword => format!("k({text})"),
            Class::Text => format!("s({text})"),
            Class::Number => format!("n({text})"),
        };
        (pieces.iter().map(mark).collect(), state)
    }

    #[test]
    fn words_are_keywords_or_names() {
        check(
            "let letter = self.await",
            "k(let) letter = k(self).k(await)",
        );
        check("r#type: u8", "r#type: u8");
        check("größe", "größe");
    }

    #[test]
    fn numbers_end_where_ranges_and_methods_begin() {
        check("1..20", "n(1)..n(20)");
        check("1.max(0xff_u8)", "n(1).max(n(0xff_u8))");
        check("1.5e-3 + 0xe-1", "n(1.5e-3) + n(0xe)-n(1)");
    }

    #[test]
    fn strings_keep_their_escapes_and_hashes() {
        check(r#"f("a \" // b")"#, r#"f(s("a \" // b"))"#);
        check(r##"r#"a " b"# + b"c""##, r##"s(r#"a " b"#) + s(b"c")"##);
    }

    #[test]
    fn a_quote_is_a_character_or_a_lifetime() {
        check(
            "'a' 'é' '\\'' '\\u{e9}'",
            "s('a') s('é') s('\\'') s('\\u{e9}')",
        );
        check("&'a str, 'outer: loop", "&'a str, 'outer: k(loop)");
        check("'", "'");
    }

    #[test]
    fn comments_nest_and_reach_over_lines() {
        check("x // fn", "x c(// fn)");
        check("/* a /* b */ c */ fn", "c(/* a /* b */ c */) k(fn)");
        let (first, state) = marked("a /* b /* c */", State::Code);
        assert_eq!(
            (first.as_str(), state),
            ("a c(/* b /* c */)", State::Comment(1))
        );
        assert_eq!(marked("fn */ fn", state).0, "c(fn */) k(fn)");
    }

    #[test]
    fn strings_reach_over_lines() {
        let state = State::Code.after("let a = \"one \\\n  // two");
        assert_eq!(marked("fn\" fn", state).0, "s(fn\") k(fn)");
        let state = State::Code.after("let a = r#\"one\"\n");
        assert_eq!(state, State::RawText(1));
        assert_eq!(state.after("\"#"), State::Code);
    }
}
