use std::sync::Arc;

use crate::run::terminal::Terminal;
use crate::wsgi::App;

/// The app as it is.
pub(in crate::run) fn wrap(app: impl App, _: &Arc<Terminal>) -> Box<dyn App> {
    Box::new(app)
}
