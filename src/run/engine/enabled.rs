use std::sync::Arc;

use crate::gateways::tiny_http::TinyHttp;
use crate::net::{BindError, Listener};
use crate::run::terminal::Terminal;
use crate::server::Serving;
use crate::wsgi::{App, ServerFacts};

pub(super) const IS_COMPILED_IN: bool = true;

pub(super) fn serve(
    app: Box<dyn App>,
    listener: Listener,
    facts: Option<ServerFacts>,
    log: Arc<Terminal>,
) -> Result<Serving, BindError> {
    let server = TinyHttp::new(app).records(move |record| log.record(record));
    let server = match facts {
        Some(facts) => server.behind_front(facts),
        None => server,
    };
    server.serve(listener)
}
