use std::fmt;

/// What stands in a converter's parentheses: `length=2`, or `red, "light blue"`.
///
/// A converter takes out what it knows; what is left over is a mistake in the rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments {
    positional: Vec<Argument>,
    named: Vec<(String, Argument)>,
}

/// One argument.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Argument {
    /// `True` or `False`, in lower case too.
    Flag(bool),
    /// `12` or `-3`.
    Int(i128),
    /// `1.5`.
    Float(f64),
    /// `word` or `"any text"`.
    Text(String),
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl Arguments {
    /// Reads what stands between the parentheses; what is wrong comes back as a sentence.
    pub(in crate::routing) fn parse(text: &str) -> Result<Self, String> {
        let mut arguments = Self::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (name, value) = cut_name(rest);
            let (argument, after) = cut_argument(value)?;
            match name {
                Some(name) if arguments.named.iter().any(|(known, _)| known == name) => {
                    return Err(format!("`{name}` is given twice; leave one out"));
                }
                Some(name) => arguments.named.push((name.to_owned(), argument)),
                None => arguments.positional.push(argument),
            }
            rest = match after.trim_start() {
                "" => "",
                after => match after.strip_prefix(',') {
                    Some(after) => after.trim_start(),
                    None => return Err(format!("`{after}` follows an argument; write a comma")),
                },
            };
        }
        Ok(arguments)
    }

    /// Takes the argument of this name, or else the next without a name.
    pub fn take(&mut self, name: &str) -> Option<Argument> {
        match self.named.iter().position(|(known, _)| known == name) {
            Some(place) => Some(self.named.remove(place).1),
            None if self.positional.is_empty() => None,
            None => Some(self.positional.remove(0)),
        }
    }

    /// Takes the argument of this name, if it is there.
    pub fn take_named(&mut self, name: &str) -> Option<Argument> {
        let place = self.named.iter().position(|(known, _)| known == name)?;
        Some(self.named.remove(place).1)
    }

    /// Takes all arguments without a name.
    pub fn take_positional(&mut self) -> Vec<Argument> {
        std::mem::take(&mut self.positional)
    }

    /// Takes a count, as `length=2`.
    ///
    /// # Errors
    /// A sentence, where it is no whole number from 0 upwards.
    pub fn take_count(&mut self, name: &str) -> Result<Option<usize>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Argument::Int(number)) if number >= 0 => usize::try_from(number)
                .map(Some)
                .map_err(|_| format!("`{name}` cannot be {number}; write a smaller number")),
            Some(other) => Err(format!(
                "`{name}` cannot be {other}; write a whole number from 0 upwards"
            )),
        }
    }

    /// Takes a flag, as `signed=True`; absent it is `false`.
    ///
    /// # Errors
    /// A sentence, where it is neither `True` nor `False`.
    pub fn take_flag(&mut self, name: &str) -> Result<bool, String> {
        match self.take_named(name) {
            None => Ok(false),
            Some(Argument::Flag(flag)) => Ok(flag),
            Some(other) => Err(format!("`{name}` cannot be {other}; write True or False")),
        }
    }

    /// How much they narrow what is taken: each by one, but flags that are set widen it.
    pub(in crate::routing) fn demands(&self) -> isize {
        let named = self.named.iter().map(|(_, argument)| argument);
        let all = self.positional.iter().chain(named);
        all.map(|argument| match argument {
            Argument::Flag(true) => -1,
            Argument::Flag(false) => 0,
            Argument::Int(_) | Argument::Float(_) | Argument::Text(_) => 1,
        })
        .sum()
    }

    /// What is left, which nobody asked for.
    pub(in crate::routing) fn left_over(&self) -> Option<String> {
        let named = self.named.iter().map(|(name, _)| name.clone());
        let positional = self.positional.iter().map(Argument::to_string);
        named.chain(positional).next()
    }
}

/// `name = value` as its two sides.
fn cut_name(text: &str) -> (Option<&str>, &str) {
    let end = word_end(text);
    match text[end..].trim_start().strip_prefix('=') {
        Some(value) if end > 0 => (Some(&text[..end]), value.trim_start()),
        _ => (None, text),
    }
}

fn cut_argument(text: &str) -> Result<(Argument, &str), String> {
    if let Some(quote @ ('"' | '\'')) = text.chars().next() {
        let Some((quoted, rest)) = text[1..].split_once(quote) else {
            return Err(format!("`{text}` is not closed; write {quote} at its end"));
        };
        return Ok((Argument::Text(quoted.to_owned()), rest));
    }
    let sign = usize::from(text.starts_with('-'));
    let end = sign + word_end(&text[sign..]);
    let (word, rest) = text.split_at(end);
    if word.len() == sign {
        return Err(match text {
            "" => "an argument is missing after `=`".to_owned(),
            _ => format!("`{text}` is no argument; write a word, a number, or \"text\""),
        });
    }
    let argument = match word {
        "True" | "true" => Argument::Flag(true),
        "False" | "false" => Argument::Flag(false),
        _ => match (word.parse(), word.parse()) {
            (Ok(number), _) => Argument::Int(number),
            (Err(_), Ok(number)) if word.contains(|c: char| c.is_ascii_digit()) => {
                Argument::Float(number)
            }
            _ if sign == 1 => return Err(format!("`{word}` is no number")),
            _ => Argument::Text(word.to_owned()),
        },
    };
    Ok((argument, rest))
}

/// Letters, digits, `_` and `.`, as Werkzeug's bare words.
fn word_end(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = match Arguments::parse(text) {
            Ok(arguments) => {
                let positional = arguments.positional.iter().map(Argument::to_string);
                let named = &arguments.named;
                let named = named.iter().map(|(name, value)| format!("{name}={value}"));
                positional.chain(named).collect::<Vec<_>>().join(" ")
            }
            Err(sentence) => sentence,
        };
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn arguments_are_words_numbers_flags_and_quoted_text() {
        check("", "");
        check("2", "2");
        check(" min = -3 , max=1.5", "min=-3 max=1.5");
        check("signed=True, x=false", "signed=true x=false");
        check("a, b_c, 'd e', \"f, (g)\"", r#""a" "b_c" "d e" "f, (g)""#);
        check("a,", r#""a""#);
        check("nan, 1e5", r#""nan" 100000"#);
    }

    #[test]
    fn what_is_no_argument_is_named() {
        check("a b", "`b` follows an argument; write a comma");
        check("x=", "an argument is missing after `=`");
        check("\"a", "`\"a` is not closed; write \" at its end");
        check("a=1, a=2", "`a` is given twice; leave one out");
        check("-x", "`-x` is no number");
        check(
            "+",
            "`+` is no argument; write a word, a number, or \"text\"",
        );
        check(
            ",",
            "`,` is no argument; write a word, a number, or \"text\"",
        );
    }
}
