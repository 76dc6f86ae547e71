use std::sync::Arc;

use crate::debugger::Debugger;
use crate::net::handover::Handover;
use crate::run::terminal::Terminal;
use crate::wsgi::App;

/// The app in a debugger that reports to the terminal, in programs built for development.
///
/// A release build shows nobody its source, whatever features it was built with.
pub(in crate::run) fn wrap(
    app: impl App,
    handover: &Handover,
    terminal: &Arc<Terminal>,
) -> Box<dyn App> {
    if !cfg!(debug_assertions) {
        return Box::new(app);
    }
    let terminal = Arc::clone(terminal);
    let debugger = Debugger::new(app).report_to(move |failure| terminal.report(&failure.to_text()));
    match handover.front {
        Some(_) => Box::new(debugger.live("/__devserve__/reload.js")),
        None => Box::new(debugger),
    }
}
