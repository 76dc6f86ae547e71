//! The engine: HTTP/1.1 for any [`App`](crate::wsgi::App), a thread to each *request*.
//!
//! The worker that waits in the poller hears of an event, reads the head, runs the app and
//! writes the answer, from first byte to last, on its own thread; then it gives the connection
//! back to the poller and waits again. While requests are short it does so alone, and no thread
//! is switched; once one takes long, others are there for the rest. So a short request is handed
//! to nobody, a blocking one costs a thread only while it runs, and an idle connection costs
//! neither a thread nor a buffer.
//!
//! Where to start: [`Server`] is the builder, [`Serving`] the running engine. `pool` has the
//! workers, `crew` their threads; `lead` says which of them wait for events, by the `tempo` of
//! late, `admission` which may serve. `table` has the connections they do not hold, `clock` the
//! nearest deadline of those. `exchange` is the seam between moving connections and answering
//! requests, `application` the way of an app's answer (which `crate::serving` makes),
//! `misdirected` what is told to those who speak plain HTTP to a TLS port.
//!
//! It explains nothing: an app's error is a bare 500 here, and a value in the [`Record`].

mod admission;
mod application;
mod clock;
mod crew;
mod exchange;
mod lead;
pub(crate) mod misdirected;
mod once;
mod pool;
mod processes;
#[allow(clippy::module_inception, reason = "the builder is the module's noun")]
mod server;
mod settings;
mod table;
mod tempo;

pub use crate::serving::{Failure, Record, Serving, Stopped};
pub use processes::ProcessesError;
pub use server::Server;
pub use settings::Settings;

// The front of `dev` answers requests on the same pool.
#[cfg(feature = "dev")]
pub(crate) use {
    exchange::{After, Exchange, Turn},
    pool::Pool,
};
