//! The engine: HTTP/1.1 for any [`App`](crate::wsgi::App), a thread to each *request*.
//!
//! Every worker of the pool waits in the same poller. The kernel wakes one of them for an
//! event; that worker reads the head, runs the app and writes the answer, from first byte to
//! last, on its own thread. Then it tries its connection once more and gives it back to the
//! poller. So a short request is handed to nobody, a blocking one costs a thread only while it
//! runs, and an idle connection costs neither a thread nor a buffer.
//!
//! Where to start: [`Server`] is the builder, [`Serving`] the running engine. `pool` has the
//! workers, `table` the connections they do not hold, `exchange` the seam between moving
//! connections and answering requests, `application` and `respond` the answer of an app,
//! `misdirected` what is told to those who speak plain HTTP to a TLS port.
//!
//! It explains nothing: an app's error is a bare 500 here, and a value in the [`Record`].

mod admission;
mod application;
mod clock;
mod exchange;
mod misdirected;
mod once;
mod pool;
mod processes;
mod respond;
#[allow(clippy::module_inception, reason = "the builder is the module's noun")]
mod server;
mod settings;
mod table;

pub use crate::record::{Failure, Record};
pub use processes::ProcessesError;
pub use server::{Server, Serving, Stopped};
pub use settings::Settings;

// The front of `dev` answers requests on the same pool.
#[cfg(feature = "dev")]
pub(crate) use {
    exchange::{After, Exchange, Turn},
    pool::Pool,
};
