use std::fmt::Write as _;

use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use crate::http::StatusCode;
use crate::pages::{Excerpt, Page, Place, ansi};

/// An app that ended by itself.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AppDied {
    /// What was running: a binary's or an example's name.
    pub target: String,
    /// How it ended: `exit code 101`, `signal SIGSEGV`.
    pub how: String,
    /// What that means, where the number or the signal has a meaning.
    pub meaning: Option<String>,
    /// The panic that ended it, as its last words tell.
    pub panic: Option<Panic>,
    /// The last lines it wrote to stderr, oldest first.
    pub stderr: Vec<String>,
    /// Whether it had been answering requests; else it ended while it started.
    pub when_ready: bool,
}

/// A panic as the standard library's hook tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Panic {
    /// What it said. May have several lines.
    pub message: String,
    /// The thread it happened on.
    pub thread: String,
    /// Where.
    pub place: Place,
    /// The source around the place, where it could be read.
    pub excerpt: Option<Excerpt>,
}

impl AppDied {
    /// The page for a browser, as data and as text.
    pub fn page(&self) -> Page {
        let panic = self.panic.as_ref();
        let excerpt = panic.and_then(|panic| panic.excerpt.as_ref());
        let column = panic.and_then(|panic| panic.place.column);
        let context = context! {
            target => self.target.as_str(),
            how => self.how.as_str(),
            meaning => self.meaning.as_deref(),
            panic => Serde(panic),
            detail => panic.and_then(|panic| panic.message.split_once('\n')).map(|(_, rest)| rest),
            lines => Serde(excerpt.map(|excerpt| excerpt.coloured(column))),
            stderr => Serde(self.stderr.iter().map(|line| ansi::plain(line)).collect::<Vec<_>>()),
            when_ready => self.when_ready,
        };
        Page::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "died",
            &self.headline(),
            self.to_text(),
        )
        .context(context)
        .report(self)
    }

    /// What a terminal shows: how it ended, where it panicked, then its last words.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.ending());
        if let Some(meaning) = &self.meaning {
            let _ = writeln!(text, "that is: {meaning}"); // a String takes all text
        }
        if let Some(panic) = &self.panic {
            let _ = writeln!(text, "panic: {}\n  at {}", panic.message, panic.place);
            for (number, line) in panic
                .excerpt
                .iter()
                .flat_map(|excerpt| excerpt.around(3, 2))
            {
                let sign = match number == panic.place.line {
                    true => '>',
                    false => ' ',
                };
                text.push_str(format!("  {sign}{number:>5} | {line}").trim_end());
                text.push('\n');
            }
        }
        if !self.stderr.is_empty() {
            text.push('\n');
        }
        for line in &self.stderr {
            text.push_str(&ansi::plain(line));
            text.push('\n');
        }
        text
    }

    /// The panic's message, which says more than how the process ended.
    fn headline(&self) -> String {
        let said = self
            .panic
            .as_ref()
            .and_then(|panic| panic.message.lines().next());
        match said {
            Some(said) if !said.trim().is_empty() => said.trim_end().to_owned(),
            _ => self.ending(),
        }
    }

    fn ending(&self) -> String {
        let Self { target, how, .. } = self;
        if self.when_ready {
            format!("{target} ended: {how}")
        } else {
            format!("{target} ended before it was ready: {how}")
        }
    }
}
