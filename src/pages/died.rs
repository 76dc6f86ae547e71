use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use crate::http::StatusCode;
use crate::pages::{Page, ansi};

/// An app that ended by itself.
#[derive(Clone, Debug, Serialize)]
pub struct AppDied {
    /// What was running: a binary's or an example's name.
    pub target: String,
    /// How it ended: `exit code 101`, `signal SIGSEGV`.
    pub how: String,
    /// The last lines it wrote to stderr, oldest first.
    pub stderr: Vec<String>,
    /// Whether it had been answering requests; else it ended while it started.
    pub when_ready: bool,
}

impl AppDied {
    /// The page for a browser, as data and as text.
    pub fn page(&self) -> Page {
        let context = context! {
            target => self.target.as_str(),
            how => self.how.as_str(),
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

    /// What a terminal shows: how it ended, then its last words.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.headline());
        for line in &self.stderr {
            text.push_str("  ");
            text.push_str(&ansi::plain(line));
            text.push('\n');
        }
        text
    }

    fn headline(&self) -> String {
        let Self { target, how, .. } = self;
        if self.when_ready {
            format!("{target} ended: {how}")
        } else {
            format!("{target} ended before it was ready: {how}")
        }
    }
}
