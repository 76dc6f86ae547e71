//! Which engine serves, and the only place that knows if the second was compiled in.

#[cfg_attr(feature = "tiny-http", path = "enabled.rs")]
#[cfg_attr(not(feature = "tiny-http"), path = "disabled.rs")]
mod tiny_http;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::net::{Address, BindError, Listener};
use crate::run::terminal::Terminal;
use crate::server::Server;
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

    /// Serves, behind the front whose facts are given.
    pub(super) fn serve(
        self,
        app: Box<dyn App>,
        listener: Listener,
        facts: Option<ServerFacts>,
        terminal: &Arc<Terminal>,
    ) -> Result<Running, BindError> {
        let log = Arc::clone(terminal);
        match self {
            Self::Devserve => {
                let server = Server::new(app).records(move |record| log.record(record));
                let server = match facts {
                    Some(facts) => server.behind_front(facts),
                    None => server,
                };
                let serving = server.serve(listener)?;
                let address = serving.address().clone();
                Ok(Running::new(address, move |grace| serving.stop(grace).cut))
            }
            Self::TinyHttp => tiny_http::serve(app, listener, facts, log),
        }
    }
}

/// An engine at work, whichever it is.
pub(super) struct Running {
    address: Address,
    stop: Box<dyn Fn(Duration) -> usize>,
}

impl Running {
    fn new(address: Address, stop: impl Fn(Duration) -> usize + 'static) -> Self {
        Self {
            address,
            stop: Box::new(stop),
        }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Stops it, and says how many requests had not ended within `grace`.
    pub(super) fn stop(&self, grace: Duration) -> usize {
        (self.stop)(grace)
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Running").field(&self.address).finish()
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
