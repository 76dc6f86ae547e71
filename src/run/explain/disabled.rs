use std::sync::Arc;

use crate::net::handover::Handover;
use crate::run::terminal::Terminal;
use crate::wsgi::App;

/// The app as it is.
pub(in crate::run) fn wrap(app: impl App, _: &Handover, _: &Arc<Terminal>) -> Box<dyn App> {
    Box::new(app)
}
