use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use colored::Colorize;

use devserve::dev::Notice;
use devserve::text::visible::visible;

use crate::args::Verbosity;
use crate::failure::Failure;
use crate::json;
use crate::keys;
use crate::lines::{describe, label, visible_lines};
use crate::style::Style;

/// Columns that a line which moves may take; most terminals have 80.
const COLUMNS: usize = 78;
/// Takes a moving line away.
const CLEAR_LINE: &str = "\r\x1b[2K";

/// stderr: what happens, one line each, for people or for programs; and what the app writes there.
#[derive(Debug)]
pub(crate) struct Terminal {
    style: Style,
    verbosity: Verbosity,
    form: Form,
    progress: Mutex<Progress>,
}

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// People.
    Words,
    /// Programs: one JSON object a line.
    Json,
}

/// How a build goes on, in a line that the next one replaces.
#[derive(Debug, Default)]
struct Progress {
    place: Place,
    step: String,
    count: Option<(usize, usize)>,
}

/// Where the last write has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// At the start of a line.
    #[default]
    Fresh,
    /// In the line of progress.
    Moving,
    /// In a line that the app has begun.
    Within,
}

impl Place {
    /// What has to come before a line of ours.
    fn before_ours(self) -> &'static str {
        match self {
            Self::Fresh => "",
            Self::Moving => CLEAR_LINE,
            Self::Within => "\n",
        }
    }

    /// What has to come before something of the app's.
    fn before_the_app_s(self) -> &'static str {
        match self {
            Self::Fresh | Self::Within => "",
            Self::Moving => CLEAR_LINE,
        }
    }

    /// Where the app leaves it.
    fn after_the_app_s(self, bytes: &[u8]) -> Self {
        match bytes.last() {
            Some(b'\n') => Self::Fresh,
            Some(_) => Self::Within,
            None => self,
        }
    }
}

impl Terminal {
    /// Nothing is written yet.
    pub(crate) fn new(style: Style, verbosity: Verbosity, form: Form) -> Self {
        Self {
            style,
            verbosity,
            form,
            progress: Mutex::default(),
        }
    }

    /// Shows a notice, if there is anything to see.
    pub(crate) fn show(&self, notice: &Notice) {
        if self.form == Form::Json {
            if let Some(line) = json::line(notice) {
                self.write(&line);
            }
            return;
        }
        match notice {
            Notice::Building { .. } => self.progress().begin(),
            Notice::Step { step } => return self.step(step),
            Notice::Count { done, total } => return self.count(*done, *total),
            Notice::AppSaid { bytes } => return self.pass_on(bytes),
            _ => {} // A line, or nothing.
        }
        if let Some(text) = describe(notice, self.verbosity, self.style.columns()) {
            self.write(&text);
        }
    }

    /// Shows what went wrong and does not matter much.
    pub(crate) fn complain(&self, message: &str) {
        match self.form {
            Form::Words => self.write(&format!("{} {}", label("warning"), visible(message))),
            Form::Json => self.write(&json::warning(message)),
        }
    }

    /// Says that keys are heard, to whoever wants to hear the usual.
    pub(crate) fn greet(&self) {
        if self.verbosity >= Verbosity::Usual {
            self.remark(&format!("keys: {}", keys::HELP));
        }
    }

    /// Shows what is worth a word and no event, such as help.
    pub(crate) fn remark(&self, text: &str) {
        self.write(&text.dimmed().to_string());
    }

    /// Empties the screen, and what has left it at its top.
    pub(crate) fn clear(&self) {
        let mut progress = self.progress();
        put(b"\x1b[H\x1b[2J\x1b[3J");
        progress.place = Place::Fresh;
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
            let start = progress.place.before_ours();
            let line = progress.line().dimmed();
            put(format!("{start}{line}").as_bytes());
            progress.place = Place::Moving;
        }
    }

    fn write(&self, text: &str) {
        let mut progress = self.progress();
        let start = progress.place.before_ours();
        put(format!("{start}{text}\n").as_bytes());
        progress.place = Place::Fresh;
    }

    /// What the app wrote, byte by byte.
    fn pass_on(&self, bytes: &[u8]) {
        let mut progress = self.progress();
        let start = progress.place.before_the_app_s();
        put(&[start.as_bytes(), bytes].concat());
        progress.place = progress.place.after_the_app_s(bytes);
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
fn put(bytes: &[u8]) {
    let _ = io::stderr().lock().write_all(bytes);
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
            place: Place::Fresh,
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

    #[test]
    fn lines_of_ours_begin_where_the_app_s_have_ended() {
        let after = |bytes: &[u8]| Place::Fresh.after_the_app_s(bytes).before_ours();
        assert_eq!(after(b"a line\n"), "");
        assert_eq!(after(b"a line\nname? "), "\n");
        assert_eq!(after(b""), "");
        assert_eq!(Place::Within.after_the_app_s(b"").before_ours(), "\n");
        assert_eq!(Place::Moving.before_the_app_s(), CLEAR_LINE);
        assert_eq!(Place::Within.before_the_app_s(), "");
    }
}
