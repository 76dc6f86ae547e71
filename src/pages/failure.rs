use std::fmt::{self, Write as _};
use std::time::Duration;

use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use crate::http::StatusCode;
use crate::pages::elapsed;
use crate::pages::stack;
use crate::pages::{Excerpt, Page};
use crate::text::visible;

/// A request that failed: what the debugger knows when its page is made.
///
/// Everything in it may be shown: secrets were masked before it was made.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// A panic or a returned error.
    pub kind: Kind,
    /// What it said. May have several lines.
    pub message: String,
    /// Its causes, outermost first, without the message itself.
    pub chain: Vec<String>,
    /// Where it was made: the panicking expression, or the `?` that gave the error up.
    pub place: Option<Place>,
    /// The thread it happened on.
    pub thread: Option<String>,
    /// How long the request had been running.
    #[serde(
        rename = "elapsed_ms",
        serialize_with = "crate::pages::elapsed::milliseconds"
    )]
    pub elapsed: Duration,
    /// The stack, innermost frame first.
    pub frames: Vec<Frame>,
    /// The request that was being answered.
    pub request: Option<Request>,
    /// The environ's classic keys and their values, masked.
    pub environ: Vec<(String, String)>,
    /// What the debugger could not do, each with its mend.
    pub notes: Vec<String>,
}

impl Failure {
    /// The message's first line: the page's title.
    pub fn headline(&self) -> &str {
        let first = self.message.lines().next().unwrap_or_default().trim_end();
        if first.is_empty() {
            "no message"
        } else {
            first
        }
    }

    /// The page for a browser, as data and as text.
    pub fn page(&self) -> Page {
        let context = context! {
            kind => Serde(self.kind),
            headline => self.headline(),
            detail => self.message.split_once('\n').map(|(_, rest)| rest.trim_end()),
            chain => Serde(&self.chain),
            place => self.place.as_ref().map(Place::to_string),
            thread => self.thread.as_deref(),
            elapsed => elapsed::words(self.elapsed),
            stack => Serde(stack::fold(&self.frames)),
            request => Serde(&self.request),
            environ => Serde(&self.environ),
            notes => Serde(&self.notes),
        };
        Page::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "failure",
            self.headline(),
            self.to_text(),
        )
        .context(context)
        .report(self)
    }

    /// What a terminal shows: message, causes, and the user's own frames with their source.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write_text(&mut text).expect("a String takes all text");
        text
    }

    fn write_text(&self, text: &mut String) -> fmt::Result {
        writeln!(text, "{}: {}", self.kind, harmless(&self.message))?;
        for cause in &self.chain {
            writeln!(text, "caused by: {}", harmless(cause))?;
        }
        if let Some(place) = &self.place {
            write!(text, "  at {place}")?;
            match &self.thread {
                Some(thread) => writeln!(text, " in thread {thread}")?,
                None => writeln!(text)?,
            }
        }
        if let Some(Request { method, target, .. }) = &self.request {
            writeln!(
                text,
                "  answering {method} {target} for {}",
                elapsed::words(self.elapsed)
            )?;
        }
        self.write_frames(text)?;
        for note in &self.notes {
            writeln!(text, "\nnote: {note}")?;
        }
        Ok(())
    }

    fn write_frames(&self, text: &mut String) -> fmt::Result {
        let (users, others): (Vec<_>, Vec<_>) =
            self.frames.iter().partition(|frame| stack::is_users(frame));
        let calls = users.chunk_by(|one, next| stack::is_same_call(one, next));
        let (told, more) = (calls.clone().take(TOLD), calls.skip(TOLD));
        for (index, call) in told.enumerate() {
            // The innermost is what one looks at; the others say how it was reached.
            let (before, after) = if index == 0 { (3, 2) } else { (0, 0) };
            call[0].write_text(text, call.len(), before, after)?;
        }
        let more: usize = more.map(<[_]>::len).sum();
        if more > 0 {
            writeln!(text, "\n  and {more} more frames in your code")?;
        }
        let others = others.into_iter();
        let count = stack::count(others.map(|frame| &frame.owner));
        if !count.is_empty() {
            writeln!(text, "\n  not shown: {count}")?;
        }
        Ok(())
    }
}

/// Words that may quote what a stranger sent, for a terminal; further lines are set in.
fn harmless(words: &str) -> String {
    let words = words.trim_end().replace('\t', "    ");
    let lines: Vec<_> = words.lines().map(visible::visible).collect();
    lines.join("\n  ")
}

/// As many of the user's frames as a terminal shows: one screen.
const TOLD: usize = 12;

/// How a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The app panicked.
    Panic,
    /// The app returned an `Err` that is no HTTP answer.
    Error,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Panic => "panic",
            Self::Error => "error",
        })
    }
}

/// A place in source. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as short as it can be and still be found: `src/cart.rs` in the project,
    /// `serde_json-1.0.140/src/de.rs` in a dependency.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The column, where the debug information has one.
    pub column: Option<u32>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        match self.column {
            Some(column) => write!(f, ":{column}"),
            None => Ok(()),
        }
    }
}

/// One call on the stack.
#[derive(Clone, Debug, Serialize)]
pub struct Frame {
    /// The function, demangled and without a hash: `shop::cart::Cart::total`.
    pub function: String,
    /// Where in it the stack stood.
    pub place: Option<Place>,
    /// Whose code it is.
    pub owner: Owner,
    /// The source around the place, where it could be read.
    pub excerpt: Option<Excerpt>,
}

impl Frame {
    fn write_text(&self, text: &mut String, times: usize, before: u32, after: u32) -> fmt::Result {
        write!(text, "\n  {}", self.function)?;
        if let Some(place) = &self.place {
            write!(text, " ({place})")?;
        }
        match times {
            1 => writeln!(text)?,
            _ => writeln!(text, " × {times}")?,
        }
        let Some(excerpt) = &self.excerpt else {
            return Ok(());
        };
        for (number, line) in excerpt.around(before, after) {
            let sign = if number == excerpt.current { '>' } else { ' ' };
            writeln!(
                text,
                "  {}",
                format!("{sign}{number:>5} | {line}").trim_end()
            )?;
        }
        Ok(())
    }
}

/// Whose code a frame runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The project's own.
    User,
    /// A dependency's: its name and version, `serde_json-1.0.140`.
    Dependency(String),
    /// The standard library's.
    Std,
    /// The server's and the thread's: below the app's first call.
    Runtime,
}

/// The request that was being answered, masked.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// The request target as sent, control characters made visible.
    pub target: String,
    /// `HTTP/1.1`.
    pub version: String,
    /// The peer's address.
    pub peer: Option<String>,
    /// Header fields in the order sent.
    pub headers: Vec<(String, String)>,
}
