use std::sync::Arc;

use crate::gateways::tiny_http::TinyHttp;
use crate::net::{BindError, Listener};
use crate::run::engine::Running;
use crate::run::terminal::Terminal;
use crate::wsgi::{App, ServerFacts};

pub(super) const IS_COMPILED_IN: bool = true;

pub(super) fn serve(
    app: Box<dyn App>,
    listener: Listener,
    facts: Option<ServerFacts>,
    log: Arc<Terminal>,
) -> Result<Running, BindError> {
    let server = TinyHttp::new(app).records(move |record| log.record(record));
    let server = match facts {
        Some(facts) => server.behind_front(facts),
        None => server,
    };
    let serving = server.serve(listener)?;
    let address = serving.address().clone();
    Ok(Running::new(address, move |grace| serving.stop(grace).cut))
}
