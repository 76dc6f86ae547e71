//! Which engine serves, and the only place that knows if the second was compiled in.

#[cfg_attr(feature = "tiny-http", path = "enabled.rs")]
#[cfg_attr(not(feature = "tiny-http"), path = "disabled.rs")]
mod tiny_http;

use std::sync::Arc;

use crate::net::{BindError, Listener};
use crate::run::terminal::Terminal;
use crate::server::{Server, Serving};
use crate::wsgi::{App, ServerFacts};

/// An engine that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    Devserve,
    TinyHttp,
}

impl Engine {
    /// The engine of that name; without one, our own.
    pub(super) fn named(name: Option<&str>) -> Result<Self, EngineError> {
        match name {
            None | Some("devserve") => Ok(Self::Devserve),
            Some("tiny-http") if tiny_http::IS_COMPILED_IN => Ok(Self::TinyHttp),
            Some("tiny-http") => Err(EngineError::NotCompiledIn),
            Some(name) => Err(EngineError::Unknown { name: name.into() }),
        }
    }

    /// Refuses a listener that it cannot serve.
    pub(super) fn check(self, listener: &Listener) -> Result<(), EngineError> {
        match self {
            Self::TinyHttp if listener.has_tls() => Err(EngineError::NoTls),
            Self::TinyHttp | Self::Devserve => Ok(()),
        }
    }

    /// Serves, behind the front whose facts are given.
    pub(super) fn serve(
        self,
        app: Box<dyn App>,
        listener: Listener,
        facts: Option<ServerFacts>,
        terminal: &Arc<Terminal>,
    ) -> Result<Serving, BindError> {
        let log = Arc::clone(terminal);
        match self {
            Self::Devserve => {
                let server = Server::new(app).records(move |record| log.record(record));
                let server = match facts {
                    Some(facts) => server.behind_front(facts),
                    None => server,
                };
                server.serve(listener)
            }
            Self::TinyHttp => tiny_http::serve(app, listener, facts, log),
        }
    }
}

/// `DEVSERVE_ENGINE` names an engine that is not there.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EngineError {
    #[error(
        "DEVSERVE_ENGINE asks for tiny-http, and this program was built without it; add \
         \"tiny-http\" to the features of devserve in its Cargo.toml"
    )]
    NotCompiledIn,
    #[error(
        "DEVSERVE_ENGINE asks for tiny-http, which has no HTTPS; unset it, or unset TLS_CERT and \
         TLS_KEY"
    )]
    NoTls,
    #[error("DEVSERVE_ENGINE is {name:?}; set it to \"devserve\" or \"tiny-http\", or unset it")]
    Unknown { name: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_asked_for_by_name() {
        assert_eq!(Engine::named(None), Ok(Engine::Devserve));
        assert_eq!(Engine::named(Some("devserve")), Ok(Engine::Devserve));
        let unknown = Engine::named(Some("hyper")).unwrap_err();
        assert!(unknown.to_string().contains("\"hyper\""), "{unknown}");
        match Engine::named(Some("tiny-http")) {
            Ok(engine) => assert!(engine == Engine::TinyHttp && cfg!(feature = "tiny-http")),
            Err(error) => assert!(error.to_string().contains("Cargo.toml")),
        }
    }
}
