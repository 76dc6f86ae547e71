use std::sync::Arc;

use crate::debugger::Debugger;
use crate::run::terminal::Terminal;
use crate::wsgi::App;

/// The app in a debugger that reports to the terminal, in programs built for development.
///
/// A release build shows nobody its source, whatever features it was built with.
pub(in crate::run) fn wrap(app: impl App, terminal: &Arc<Terminal>) -> Box<dyn App> {
    if !cfg!(debug_assertions) {
        return Box::new(app);
    }
    let terminal = Arc::clone(terminal);
    Box::new(Debugger::new(app).report_to(move |failure| terminal.report(&failure.to_text())))
}
