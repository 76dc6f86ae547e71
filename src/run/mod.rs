//! Where the parts are put together: an app, the page that explains its faults, a listener and
//! the engine.
//!
//! [`run`] is all that most programs need. Under `devserve run` it serves on the socket that
//! was handed over, tells the front that it is ready, and leaves the access log to it. Under
//! `devserve routes` it tells what the app answers, and returns.

mod address;
mod engine;
mod explain;
mod https;
mod routes;
mod terminal;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::net::handover::Handover;
use crate::net::{Address, BindError, Listener};
use crate::run::address::AddressError;
use crate::run::engine::{Engine, EngineError};
use crate::run::https::HttpsError;
use crate::run::terminal::Terminal;
use crate::server::Serving;
use crate::wsgi::{App, ServerFacts};

/// How long running requests may go on after Ctrl-C.
const GRACE: Duration = Duration::from_secs(10);

/// Serves `app` until Ctrl-C or SIGTERM; running requests end first, a second Ctrl-C is final.
///
/// It listens on the socket a supervisor handed over, else at `HOST` and `PORT`, else at
/// 127.0.0.1:8000; by HTTPS where `TLS_CERT` and `TLS_KEY` name PEM files (feature `tls`).
/// `DEVSERVE_ENGINE` chooses the engine: `devserve`, or `tiny-http` in programs
/// built with that feature. Programs built with `debug_assertions` explain faults in the browser
/// (feature `debugger`); others answer with a bare 500. Started by `devserve routes` it serves
/// nobody: it tells what the app answers, and returns.
///
/// ```no_run
/// use devserve::{Request, Response};
///
/// fn app(request: &Request) -> devserve::Result<Response> {
///     let name = request.args().get("name").unwrap_or("World");
///     Ok(Response::text(format!("Hello, {name}!")))
/// }
///
/// fn main() -> devserve::Result<()> {
///     devserve::run(app)
/// }
/// ```
///
/// # Errors
/// [`RunError`], where it cannot start.
#[track_caller]
pub fn run(app: impl App) -> crate::wsgi::Result<()> {
    match serve(app) {
        Ok(()) => Ok(()),
        // Made here, the error tells the line of `main` that called.
        Err(error) => Err(error.into()),
    }
}

fn serve(app: impl App) -> Result<(), RunError> {
    let mut handover = Handover::take()?;
    if let Some(file) = &handover.routes {
        routes::tell(app.routes(), file).map_err(RunError::Routes)?;
        return handover.ready().map_err(RunError::Notify);
    }
    let terminal = Arc::new(Terminal::new(handover.front.is_some()));
    let engine = Engine::named(handover.engine.as_deref())?;
    let listener = match handover.listener.take() {
        Some(listener) => listener,
        None => listen(|name| std::env::var(name).ok())?,
    };
    engine.check(&listener)?;
    // Heard from here on, so that a Ctrl-C during the start is not lost.
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(RunError::Signals)?;
    let facts = handover.front.as_deref().and_then(facts_of);
    let app = explain::wrap(app, &terminal);
    let scheme = if listener.has_tls() { "https" } else { "http" };
    let running = engine.serve(app, listener, facts, &terminal)?;
    if handover.front.is_none() {
        terminal.serving(scheme, running.address());
    }
    handover.ready().map_err(RunError::Notify)?;
    if let Some(_first) = signals.forever().next() {
        stop(&running, &terminal);
    }
    Ok(())
}

/// The socket that the environment describes, as `variable` knows it.
fn listen(variable: impl Fn(&str) -> Option<String>) -> Result<Listener, RunError> {
    let listener = Listener::bind(&address::from_environment(&variable)?)?;
    Ok(https::from_environment(listener, variable)?)
}

/// What the front's URL says of the server that clients see: `http://127.0.0.1:8000`.
fn facts_of(url: &str) -> Option<ServerFacts> {
    let (scheme, authority) = url.trim_end_matches('/').split_once("://")?;
    let Ok(Address::Tcp { host, port }) = authority.parse() else {
        return None;
    };
    Some(ServerFacts {
        scheme: scheme.to_owned().into(),
        name: host,
        port,
        ..ServerFacts::default()
    })
}

fn stop(running: &Serving, terminal: &Terminal) {
    // From now on a signal does what it does by default: it ends the process at once.
    let at_once = Arc::new(AtomicBool::new(true));
    for signal in [SIGINT, SIGTERM] {
        // Where that fails, the second Ctrl-C has to wait as long as the first.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&at_once)).ok();
    }
    terminal.stopped(running.stop(GRACE).cut);
}

/// Why an app could not be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// There is no listening; in the listener's words, with what to do.
    #[error("{}; {}", .0, .0.help())]
    Bind(BindError),
    /// `HOST` and `PORT` give no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// `TLS_CERT` and `TLS_KEY` give no HTTPS.
    #[error(transparent)]
    Https(#[from] HttpsError),
    /// The engine that was asked for is not there, or cannot do what was asked of it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The system lets nobody hear Ctrl-C.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
    /// `devserve routes` asked what the app answers, and cannot be told.
    #[error("cannot write down the app's routes")]
    Routes(#[source] io::Error),
    /// The supervisor that started this program does not hear that it is ready.
    #[error("cannot tell the supervisor that the app is ready")]
    Notify(#[source] io::Error),
}

impl From<BindError> for RunError {
    fn from(error: BindError) -> Self {
        Self::Bind(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_front_s_url_gives_the_facts_that_clients_see() {
        let facts = facts_of("https://localhost:8443/").unwrap();
        assert_eq!(
            (&*facts.scheme, &*facts.name, facts.port),
            ("https", "localhost", 8443)
        );
        assert_eq!(facts_of("http://[::1]:80").unwrap().name, "::1");
        assert!(facts_of("nonsense").is_none());
    }
}
