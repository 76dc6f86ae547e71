use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use minijinja::Error;

/// Why a template could not be rendered, and where.
#[derive(Debug)]
pub struct TemplateError {
    /// Minijinja's own error.
    pub error: Error,
    file: PathBuf,
    frames: Vec<TemplateFrame>,
}

/// A line of a template that was being rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFrame {
    /// The template's name.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: Option<u32>,
    /// The template as it was when it was rendered. Release builds keep none.
    pub source: Option<String>,
}

impl TemplateError {
    pub(super) fn new(folder: &Path, name: &str, error: Error) -> Self {
        let mut frames: Vec<_> = errors(&error)
            .filter_map(|error| TemplateFrame::of(folder, error))
            .collect();
        frames.reverse();
        // What an error says of itself and of its cause is one place.
        frames.dedup_by(|outer, inner| (&outer.name, outer.line) == (&inner.name, inner.line));
        let file = match frames.first() {
            Some(frame) => frame.file.clone(),
            None => folder.join(error.name().unwrap_or(name)),
        };
        Self {
            error,
            file,
            frames,
        }
    }

    /// Where rendering stood, innermost first: the line at fault, then those that included,
    /// imported or extended its template. Empty where no line is at fault, as for a template
    /// that is not there.
    pub fn frames(&self) -> &[TemplateFrame] {
        &self.frames
    }
}

impl TemplateFrame {
    fn of(folder: &Path, error: &Error) -> Option<Self> {
        let (name, line) = (error.name()?, u32::try_from(error.line()?).ok()?);
        let source = error.template_source();
        let column = source.zip(error.range()).and_then(|(source, range)| {
            let before = source.get(..range.start)?;
            let in_line = before.rsplit('\n').next()?.chars().count();
            u32::try_from(in_line + 1).ok()
        });
        Some(Self {
            name: name.to_owned(),
            file: folder.join(name),
            line,
            column,
            source: source.map(str::to_owned),
        })
    }
}

/// Minijinja's errors from the outermost in.
fn errors(error: &Error) -> impl Iterator<Item = &Error> {
    let first: &(dyn StdError + 'static) = error;
    std::iter::successors(Some(first), |&error| error.source())
        .map_while(|error| error.downcast_ref::<Error>())
}

/// The innermost place, and what is wrong there.
impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(frame) = self.frames.first() {
            write!(f, ":{}", frame.line)?;
        }
        let innermost = errors(&self.error).last().unwrap_or(&self.error);
        write!(f, ": {}", innermost.kind())?;
        match innermost.detail() {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

// Minijinja's words are in the message already, so the causes begin behind them.
impl StdError for TemplateError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        errors(&self.error).last()?.source()
    }
}
