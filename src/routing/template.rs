//! Where a rule sends its requests.

use crate::routing::pattern;

/// A redirect's target: text, and the names of values to put in.
#[derive(Debug)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Value(String),
}

impl Template {
    /// Reads `new/<slug>`. What is no name within `<` and `>` is text, as it is in a URL.
    pub(super) fn new<E>(
        target: &str,
        mut check: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut pieces = Vec::new();
        let mut rest = target;
        while let Some((before, after)) = rest.split_once('<') {
            pieces.push(Piece::Text(before.to_owned()));
            match after.split_once('>') {
                Some((name, after)) if pattern::is_name(name) => {
                    check(name)?;
                    pieces.push(Piece::Value(name.to_owned()));
                    rest = after;
                }
                _ => {
                    pieces.push(Piece::Text("<".to_owned()));
                    rest = after;
                }
            }
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { pieces })
    }

    /// The target with the values that `write` adds for their names, encoded.
    pub(super) fn fill(&self, mut write: impl FnMut(&str, &mut String)) -> String {
        let mut target = String::new();
        if !matches!(self.pieces.first(), Some(Piece::Text(text)) if is_settled(text)) {
            target.push_str("./");
        }
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => target.push_str(text),
                Piece::Value(name) => write(name, &mut target),
            }
        }
        target
    }
}

/// Whether a target that begins so leads where it does whatever follows: what a client sent
/// must not become a scheme.
fn is_settled(text: &str) -> bool {
    text.contains(['/', ':', '?', '#'])
}
