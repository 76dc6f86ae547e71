use std::time::Duration;

use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use crate::http::StatusCode;
use crate::pages::build;
use crate::pages::message::Message;
use crate::pages::{Diagnostic, Editor, Level, Page, ansi, elapsed, templates};

/// A request that waits for the app.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Waiting {
    /// What it waits for, as said on the terminal: `building shop`, `starting shop`.
    pub doing: String,
    /// The step it is at, in cargo's words: `Compiling serde v1.0.228`.
    pub step: Option<String>,
    /// How much of the build is done, as far as cargo has told.
    pub count: Option<Count>,
    /// What the compiler has found so far; warnings too.
    pub diagnostics: Vec<Diagnostic>,
    /// Set when a started app should have been ready by now.
    pub overdue: Option<Overdue>,
    /// How long that has been going on.
    #[serde(
        rename = "elapsed_ms",
        serialize_with = "crate::pages::elapsed::milliseconds"
    )]
    pub elapsed: Duration,
    /// Whether the page may ask again by itself: true for GET and HEAD only, since a repeated
    /// POST would lose its body or be done twice.
    pub may_repeat: bool,
}

/// How much of a build is done, in crates and build scripts; those that were done before count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// So many are done.
    pub done: usize,
    /// Of so many.
    pub total: usize,
}

/// An app that runs and does not accept requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overdue {
    /// What would have made it ready: `it would say READY=1, or listen on descriptor 3`.
    pub awaited: String,
    /// The last lines it wrote to stderr so far, oldest first.
    pub stderr: Vec<String>,
}

impl Waiting {
    /// The page for a browser, as data and as text. It becomes the answer by itself where it
    /// may repeat the request.
    pub fn page(&self) -> Page {
        let errors = self.errors();
        let stderr = self.overdue.as_ref().map(Overdue::words);
        let context = context! {
            now => self.now(),
            count => Serde(self.count),
            elapsed => elapsed::words(self.elapsed),
            elapsed_ms => u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX),
            may_repeat => self.may_repeat,
            tally => self.tally(),
            errors => Serde(errors.iter().map(|error| Message::new(error)).collect::<Vec<_>>()),
            awaited => self.overdue.as_ref().map(|overdue| overdue.awaited.as_str()),
            stderr => stderr,
        };
        Page::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "waiting",
            &self.title(),
            self.to_text(),
        )
        .context(context)
        .report(self)
        .retry_after(1)
    }

    /// The page's title: what it waits for.
    pub fn title(&self) -> String {
        match &self.overdue {
            Some(_) => format!("{}: it runs and takes no requests yet", self.doing),
            None => self.doing.clone(),
        }
    }

    /// What is going on in one line: `12 of 84: Compiling serde v1.0.228`.
    pub fn now(&self) -> Option<String> {
        let count = self.count.map(|count| count.to_string());
        let parts: Vec<_> = [count, self.step.clone()].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(": "))
    }

    /// What the compiler has found so far: `2 errors, 1 warning`; empty while that is nothing.
    pub fn tally(&self) -> String {
        let warnings = self.diagnostics.iter();
        let warnings = warnings.filter(|diagnostic| diagnostic.level == Level::Warning);
        build::tally(self.errors().len(), warnings.count())
    }

    fn errors(&self) -> Vec<&Diagnostic> {
        let errors = self.diagnostics.iter();
        errors.filter(|diagnostic| diagnostic.is_error()).collect()
    }

    fn to_text(&self) -> String {
        let now = self.now().map(|now| format!(" ({now})"));
        let mut text = format!(
            "{}{}, for {} so far; ask again\n",
            self.title(),
            now.unwrap_or_default(),
            elapsed::words(self.elapsed)
        );
        for error in self.errors() {
            text.push('\n');
            text.push_str(ansi::plain(&error.rendered).trim_end());
            text.push('\n');
        }
        if let Some(overdue) = &self.overdue {
            text += &format!("{}\n\n{}", overdue.awaited, overdue.words());
        }
        text
    }
}

impl Overdue {
    /// The lines as one text, without what would colour a terminal.
    pub fn words(&self) -> String {
        let lines = self.stderr.iter();
        lines
            .map(|line| format!("{}\n", ansi::plain(line)))
            .collect()
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.done, self.total)
    }
}

impl Diagnostic {
    /// The diagnostic as an item of a waiting page's list of errors. `None` where a template is
    /// broken: the page that comes when the build has ended tells it all.
    pub fn to_item(&self, editor: &Editor) -> Option<String> {
        let context = context! {
            error => Serde(Message::new(self)),
            opening => editor.to_function(),
        };
        templates::render("item", context)
            .inspect_err(|error| log::debug!("an error is not rendered: {error:#}"))
            .ok()
    }
}
