use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

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
    // Whether the last line is one that the next replaces.
    has_moving_line: Mutex<bool>,
}

impl Terminal {
    /// Nothing is written yet.
    pub(crate) fn new(style: Style, verbosity: Verbosity) -> Self {
        Self {
            style,
            verbosity,
            has_moving_line: Mutex::new(false),
        }
    }

    /// Shows a notice, if there is anything to see.
    pub(crate) fn show(&self, notice: &Notice) {
        if let Notice::Step { step } = notice {
            self.step(step);
        } else if let Some(text) = describe(notice, self.verbosity) {
            self.write(&text, false);
        }
    }

    /// Shows what went wrong and does not matter much.
    pub(crate) fn complain(&self, message: &str) {
        self.write(&format!("{} {}", label("warning"), visible(message)), false);
    }

    fn step(&self, step: &str) {
        let step = visible(step);
        match self.verbosity {
            Verbosity::Verbose | Verbosity::Debug => self.write(&format!("  {step}"), false),
            Verbosity::Usual if self.style.is_terminal => {
                let short: String = step.chars().take(COLUMNS).collect();
                self.write(&short.dimmed().to_string(), true);
            }
            Verbosity::Usual | Verbosity::Quiet => {}
        }
    }

    fn write(&self, text: &str, is_moving: bool) {
        let mut moving = self
            .has_moving_line
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let start = if std::mem::replace(&mut *moving, is_moving) {
            "\r\x1b[2K"
        } else {
            ""
        };
        let end = if is_moving { "" } else { "\n" };
        // In one write, or another process's line may get in between. A terminal that is gone
        // hears nothing, and the app goes on serving.
        let _ = io::stderr()
            .lock()
            .write_all(format!("{start}{text}{end}").as_bytes());
    }
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
