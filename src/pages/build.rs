use std::fmt;
use std::time::Duration;

use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use crate::http::StatusCode;
use crate::pages::snippet::{self, Fix, Snippet};
use crate::pages::{Page, ansi, elapsed};

/// A build that ended in errors.
#[derive(Clone, Debug, Serialize)]
pub struct BuildFailed {
    /// The package that was built.
    pub package: String,
    /// The target in it: a binary's or an example's name.
    pub target: String,
    /// What the compiler said, in its order.
    pub diagnostics: Vec<Diagnostic>,
    /// What cargo said besides: the linker's words, a build script's, a manifest's fault.
    pub output: String,
    /// How long the build took.
    #[serde(
        rename = "elapsed_ms",
        serialize_with = "crate::pages::elapsed::milliseconds"
    )]
    pub elapsed: Duration,
}

impl BuildFailed {
    /// The page for a browser, as data and as text.
    pub fn page(&self) -> Page {
        let (errors, warnings): (Vec<_>, Vec<_>) = self
            .told()
            .partition(|diagnostic| diagnostic.level == Level::Error);
        let context = context! {
            package => self.package.as_str(),
            target => self.target.as_str(),
            elapsed => elapsed::words(self.elapsed),
            tally => tally(errors.len(), warnings.len()),
            errors => Serde(errors.iter().map(|error| Shown::new(error)).collect::<Vec<_>>()),
            warnings => Serde(warnings.iter().map(|warning| Shown::new(warning)).collect::<Vec<_>>()),
            output => &*ansi::plain(self.output.trim()),
        };
        Page::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "build",
            &self.headline(),
            self.to_text(),
        )
        .context(context)
        .report(self)
    }

    /// The compiler's own words, errors first, then cargo's.
    pub fn to_text(&self) -> String {
        let Self {
            package, target, ..
        } = self;
        let mut text = format!(
            "{package} ({target}) does not build, tried for {}\n",
            elapsed::words(self.elapsed)
        );
        let (errors, others): (Vec<_>, Vec<_>) = self
            .diagnostics
            .iter()
            .partition(|diagnostic| diagnostic.level == Level::Error);
        let rendered = errors
            .into_iter()
            .chain(others)
            .map(|diagnostic| &diagnostic.rendered);
        for words in rendered
            .chain([&self.output])
            .filter(|words| !words.trim().is_empty())
        {
            text.push('\n');
            text.push_str(ansi::plain(words).trim_end());
            text.push('\n');
        }
        text
    }

    /// The first error's message; where the compiler said nothing, cargo's first error.
    fn headline(&self) -> String {
        if let Some(error) = self
            .told()
            .find(|diagnostic| diagnostic.level == Level::Error)
        {
            return error.message.clone();
        }
        let output = ansi::plain(&self.output);
        let error = output
            .lines()
            .find_map(|line| line.trim().strip_prefix("error: "));
        error.map_or_else(|| format!("{} does not build", self.target), str::to_owned)
    }

    /// The diagnostics that say something of their own. `aborting due to 2 previous errors` and
    /// `for more information, try …` are the compiler's way to end a list.
    fn told(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics
            .iter()
            .filter(|diagnostic| match diagnostic.level {
                Level::FailureNote => false,
                Level::Error => {
                    !diagnostic.spans.is_empty()
                        || !diagnostic.message.starts_with("aborting due to ")
                }
                Level::Warning => {
                    !diagnostic.spans.is_empty() || !diagnostic.message.ends_with(" emitted")
                }
                Level::Note | Level::Help => true,
            })
    }
}

/// `2 errors, 1 warning`.
fn tally(errors: usize, warnings: usize) -> String {
    let count = |count: usize, name: &str| match count {
        0 => None,
        1 => Some(format!("1 {name}")),
        _ => Some(format!("{count} {name}s")),
    };
    let words: Vec<_> = [count(errors, "error"), count(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect();
    words.join(", ")
}

/// A diagnostic or a note as the page shows it.
#[derive(Serialize)]
struct Shown<'a> {
    level: String,
    message: &'a str,
    code: Option<&'a str>,
    snippets: Vec<Snippet>,
    fixes: Vec<Fix>,
    notes: Vec<Shown<'a>>,
}

impl<'a> Shown<'a> {
    fn new(diagnostic: &'a Diagnostic) -> Self {
        Self {
            level: diagnostic.level.to_string(),
            message: &diagnostic.message,
            code: diagnostic.code.as_deref(),
            snippets: snippet::snippets(&diagnostic.spans),
            fixes: Vec::new(),
            notes: diagnostic.children.iter().map(Self::note).collect(),
        }
    }

    fn note(note: &'a Note) -> Self {
        Self {
            level: note.level.to_string(),
            message: &note.message,
            code: None,
            snippets: snippet::snippets(&note.spans),
            fixes: snippet::fixes(&note.spans),
            notes: Vec::new(),
        }
    }
}

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
