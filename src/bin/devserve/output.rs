use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use colored::Colorize;

use devserve::dev::Notice;
use devserve::text::visible::visible;

use crate::args::Verbosity;
use crate::failure::Failure;
use crate::lines::{describe, label, visible_lines};
use crate::style::Style;

/// Columns that a line which moves may take; most terminals have 80.
const COLUMNS: usize = 78;

/// stderr, for people: what happens, one line each.
#[derive(Debug)]
pub(crate) struct Terminal {
    style: Style,
    verbosity: Verbosity,
    progress: Mutex<Progress>,
}

/// How a build goes on, in a line that the next one replaces.
#[derive(Debug, Default)]
struct Progress {
    // Whether that line is the last one written.
    is_shown: bool,
    step: String,
    count: Option<(usize, usize)>,
}

impl Terminal {
    /// Nothing is written yet.
    pub(crate) fn new(style: Style, verbosity: Verbosity) -> Self {
        Self {
            style,
            verbosity,
            progress: Mutex::default(),
        }
    }

    /// Shows a notice, if there is anything to see.
    pub(crate) fn show(&self, notice: &Notice) {
        match notice {
            Notice::Building { .. } => self.progress().begin(),
            Notice::Step { step } => return self.step(step),
            Notice::Count { done, total } => return self.count(*done, *total),
            _ => {} // A line, or nothing.
        }
        if let Some(text) = describe(notice, self.verbosity) {
            self.write(&text);
        }
    }

    /// Shows what went wrong and does not matter much.
    pub(crate) fn complain(&self, message: &str) {
        self.write(&format!("{} {}", label("warning"), visible(message)));
    }

    fn step(&self, step: &str) {
        let step = visible(step);
        if self.verbosity >= Verbosity::Verbose {
            self.write(&format!("  {step}"));
        }
        let mut progress = self.progress();
        progress.step = step.into_owned();
        self.draw(&mut progress);
    }

    fn count(&self, done: usize, total: usize) {
        let mut progress = self.progress();
        progress.count = Some((done, total));
        self.draw(&mut progress);
    }

    /// Draws the line of progress over the one before, where that is wanted.
    fn draw(&self, progress: &mut Progress) {
        if self.verbosity == Verbosity::Usual && self.style.is_terminal {
            let start = progress.begin_line();
            let line = progress.line().dimmed();
            put(&format!("{start}{line}"));
            progress.is_shown = true;
        }
    }

    fn write(&self, text: &str) {
        let mut progress = self.progress();
        let start = progress.begin_line();
        put(&format!("{start}{text}\n"));
        progress.is_shown = false;
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    /// Forgets the build before.
    fn begin(&mut self) {
        self.step.clear();
        self.count = None;
    }

    /// What takes the line away, if it is there.
    fn begin_line(&self) -> &'static str {
        match self.is_shown {
            true => "\r\x1b[2K",
            false => "",
        }
    }

    /// `Compiling serde v1.0.228 (12 of 84)`, the step cut where it would not fit.
    fn line(&self) -> String {
        let count = match self.count {
            Some((done, total)) => format!("({done} of {total})"),
            None => String::new(),
        };
        let room = COLUMNS.saturating_sub(count.len() + 1);
        let step: String = self.step.chars().take(room).collect();
        format!("{step} {count}").trim().to_owned()
    }
}

/// In one write, or another process's line may get in between. A terminal that is gone hears
/// nothing, and the app goes on serving.
fn put(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// The debug log, for those who mend devserve itself.
#[derive(Debug)]
struct Log;

impl log::Log for Log {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        // Not what other crates have to say about files they watch and patterns they compile.
        metadata.target().starts_with("devserve")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let text = visible_lines(&record.args().to_string());
            done(&format!("{} {}: {text}", record.level(), record.target()));
        }
    }

    fn flush(&self) {}
}

/// Shows the debug log from now on, where that is wanted.
pub(crate) fn show_log(verbosity: Verbosity) {
    if verbosity == Verbosity::Debug && log::set_logger(&Log).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
}

/// A wrong command line, or the help that was asked for.
pub(crate) fn usage(wrong: &clap::Error) -> ExitCode {
    // Help that nobody reads to its end (`devserve --help | head`) is no failure.
    let _ = wrong.print();
    match wrong.use_stderr() {
        true => ExitCode::from(2),
        false => ExitCode::SUCCESS,
    }
}

/// What could not be done, why, and what to do.
pub(crate) fn failure(failure: &Failure) -> ExitCode {
    let mut text = String::new();
    for (depth, message) in failure.chain.iter().enumerate() {
        let label = label(if depth == 0 { "error" } else { "caused by" });
        text += &format!("{label} {}\n", visible_lines(message.trim_end()));
    }
    if let Some(help) = &failure.help {
        text += &format!("{} {}\n", label("help"), visible(help));
    }
    let _ = io::stderr().lock().write_all(text.as_bytes());
    ExitCode::FAILURE
}

/// What was done.
pub(crate) fn done(text: &str) {
    let _ = io::stderr()
        .lock()
        .write_all(format!("{text}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(step: &str, count: Option<(usize, usize)>, want: &str) {
        let progress = Progress {
            is_shown: false,
            step: step.to_owned(),
            count,
        };
        assert_eq!(progress.line(), want);
    }

    #[test]
    fn the_line_of_progress_keeps_its_count_and_fits() {
        check("", None, "");
        check("Compiling serde v1.0.228", None, "Compiling serde v1.0.228");
        check("Compiling a", Some((12, 84)), "Compiling a (12 of 84)");
        check("", Some((0, 84)), "(0 of 84)");
        let long = "x".repeat(100);
        check(&long, Some((1, 2)), &format!("{} (1 of 2)", "x".repeat(69)));
    }
}
