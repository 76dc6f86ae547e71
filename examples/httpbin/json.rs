//! JSON as Python's `json` writes it, which clients of httpbin compare with to the byte.

use std::fmt::Write;

use devserve::wsgi::Reply;
use devserve::{IntoResponse, Response, Result};
use serde_json::{Map, Value};

/// Members of an object, to be added to.
pub(crate) type Members = Map<String, Value>;

/// An answer: names in order, two spaces a level, ASCII alone.
#[derive(Debug)]
pub(crate) struct Json(pub(crate) Value);

impl Json {
    /// The answer, to say more of it.
    pub(crate) fn response(&self) -> Response {
        Response::new("application/json", pretty(&self.0))
    }
}

impl IntoResponse for Json {
    fn into_reply(self) -> Result<Reply> {
        self.response().into_reply()
    }
}

/// `json.dumps(value, sort_keys=True, indent=2)`, and a line break.
pub(crate) fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, Some(0));
    text + "\n"
}

/// `json.dumps(value, sort_keys=True)`.
pub(crate) fn line(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, None);
    text
}

/// Writes `value`, which stands `indent` levels deep; without one, all of it on one line.
fn write(text: &mut String, value: &Value, indent: Option<usize>) {
    match value {
        Value::Null | Value::Bool(_) => *text += &value.to_string(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(fraction) => *text += &float(fraction),
            None => *text += &number.to_string(),
        },
        Value::String(string) => quote(text, string),
        Value::Array(items) => list(text, ['[', ']'], items, indent, |text, item, indent| {
            write(text, item, indent);
        }),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            list(
                text,
                ['{', '}'],
                &members,
                indent,
                |text, member, indent| {
                    let (name, value) = member;
                    quote(text, name);
                    *text += ": ";
                    write(text, value, indent);
                },
            );
        }
    }
}

fn list<T>(
    text: &mut String,
    [open, close]: [char; 2],
    items: &[T],
    indent: Option<usize>,
    write: impl Fn(&mut String, &T, Option<usize>),
) {
    let deeper = indent.map(|level| level + 1);
    let line_break = |level: usize| format!("\n{}", "  ".repeat(level));
    text.push(open);
    for (index, item) in items.iter().enumerate() {
        *text += match (index, indent) {
            (0, _) => "",
            (_, Some(_)) => ",",
            (_, None) => ", ",
        };
        *text += &deeper.map_or_else(String::new, line_break);
        write(text, item, deeper);
    }
    if !items.is_empty() {
        *text += &indent.map_or_else(String::new, line_break);
    }
    text.push(close);
}

fn quote(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => *text += "\\\"",
            '\\' => *text += "\\\\",
            '\n' => *text += "\\n",
            '\r' => *text += "\\r",
            '\t' => *text += "\\t",
            '\u{8}' => *text += "\\b",
            '\u{c}' => *text += "\\f",
            ' '..='~' => text.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(text, "\\u{unit:04x}").expect("a String takes all text");
                }
            }
        }
    }
    text.push('"');
}

/// As Python's `repr` has it: `1e+16` where Rust has `1e16`.
fn float(number: f64) -> String {
    let text = format!("{number:?}");
    match text.split_once('e') {
        None => text,
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
    }
}
