use std::time::Duration;

use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use crate::http::StatusCode;
use crate::pages::message::Message;
use crate::pages::{Diagnostic, Level, Page, ansi, elapsed};

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
            warning_count => count(warnings.len(), "warning"),
            errors => Serde(errors.iter().map(|error| Message::new(error)).collect::<Vec<_>>()),
            warnings => Serde(warnings.iter().map(|warning| Message::new(warning)).collect::<Vec<_>>()),
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
pub(super) fn tally(errors: usize, warnings: usize) -> String {
    let words: Vec<_> = [count(errors, "error"), count(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect();
    words.join(", ")
}

fn count(count: usize, name: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {name}")),
        _ => Some(format!("{count} {name}s")),
    }
}
