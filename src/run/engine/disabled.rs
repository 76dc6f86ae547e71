use std::sync::Arc;

use crate::net::{BindError, Listener};
use crate::run::engine::Engine;
use crate::run::terminal::Terminal;
use crate::server::Serving;
use crate::wsgi::{App, ServerFacts};

pub(super) const IS_COMPILED_IN: bool = false;

/// Never asked for: nobody gets an [`Engine::TinyHttp`]. The engine that is there serves.
pub(super) fn serve(
    app: Box<dyn App>,
    listener: Listener,
    facts: Option<ServerFacts>,
    terminal: Arc<Terminal>,
) -> Result<Serving, BindError> {
    Engine::Devserve.serve(app, listener, facts, &terminal)
}
