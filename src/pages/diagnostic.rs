use std::fmt;

use serde::Serialize;

/// One message of the compiler.
#[derive(Clone, Debug, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// The message, without the level.
    pub message: String,
    /// The error's number or the lint's name: `E0308`, `unused_variables`.
    pub code: Option<String>,
    /// The places it is about; at least one is primary, unless it is about no place at all.
    pub spans: Vec<Span>,
    /// Notes and help that belong to it.
    pub children: Vec<Note>,
    /// The message as rustc writes it in a terminal.
    pub rendered: String,
}

impl Diagnostic {
    /// Whether it keeps the build from ending well.
    pub fn is_error(&self) -> bool {
        self.level == Level::Error
    }
}

/// A note or a help under a [`Diagnostic`].
#[derive(Clone, Debug, Serialize)]
pub struct Note {
    /// Note or help.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// Where, and what to write there.
    pub spans: Vec<Span>,
}

/// A stretch of source. Lines and columns count from 1; a column counts characters.
#[derive(Clone, Debug, Serialize)]
pub struct Span {
    /// The file, as cargo names it: relative to the workspace.
    pub file: String,
    /// The first line.
    pub line_start: usize,
    /// The last line, included.
    pub line_end: usize,
    /// The first column, on the first line.
    pub column_start: usize,
    /// One past the last column, on the last line.
    pub column_end: usize,
    /// Whether the message is about this place; the others explain.
    pub is_primary: bool,
    /// What to say beside the mark.
    pub label: Option<String>,
    /// The lines themselves, from `line_start`.
    pub text: Vec<SpanLine>,
    /// What to write in place of this stretch.
    pub suggestion: Option<String>,
    /// The macros that brought the message here, innermost first; empty where the code is as
    /// written. The span itself is the user's: where the outermost of them was called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expansions: Vec<Expansion>,
}

/// One macro on the way from the text that the message is about to the user's own line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expansion {
    /// The macro as it is called: `vec!`, `#[derive(Debug)]`.
    pub name: String,
    /// Where in the macro's text the message, or the call of the next inner macro, stands.
    pub place: Spot,
    /// The line there, where the compiler could read it.
    pub text: Option<String>,
    /// Where the macro is defined, if that is known.
    pub definition: Option<Spot>,
}

/// A place in source as the compiler names it. Line and column count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spot {
    /// The file, relative to the workspace or absolute.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Span {
    /// Where it begins.
    pub fn start(&self) -> Spot {
        Spot {
            file: self.file.clone(),
            line: self.line_start,
            column: self.column_start,
        }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One source line of a [`Span`], with the part that is meant.
#[derive(Clone, Debug, Serialize)]
pub struct SpanLine {
    /// The whole line, without its end.
    pub text: String,
    /// The first column that is meant, from 1.
    pub highlight_start: usize,
    /// One past the last column that is meant.
    pub highlight_end: usize,
}

/// The compiler's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The build fails.
    Error,
    /// It builds, but look.
    Warning,
    /// Words about the failure as a whole (`for more information, try rustc --explain`).
    #[serde(rename = "failure-note")]
    FailureNote,
    /// An explanation.
    Note,
    /// A way out.
    Help,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::FailureNote | Self::Note => "note",
            Self::Help => "help",
        })
    }
}
