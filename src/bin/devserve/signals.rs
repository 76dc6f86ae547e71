use std::io;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use crate::failure::Failure;

/// Ctrl-C, SIGTERM and a terminal that closes: caught from now on, and kept until someone wants
/// to know.
pub(crate) fn catch() -> io::Result<Signals> {
    Signals::new([SIGINT, SIGTERM, SIGHUP])
}

/// Why nothing is started where signals cannot be heard.
pub(crate) fn deaf(error: io::Error) -> Failure {
    Failure::new(
        &error,
        "devserve needs to hear Ctrl-C: free some descriptors and threads",
    )
}

/// A thread that hears signals, until it is dropped.
#[derive(Debug)]
pub(crate) struct Listening {
    handle: Handle,
    thread: Option<thread::JoinHandle<()>>,
}

/// Calls `stop` at each signal: the first one asks, the second one insists.
pub(crate) fn listen(
    mut signals: Signals,
    stop: impl Fn() + Send + 'static,
) -> io::Result<Listening> {
    let handle = signals.handle();
    let hear = move || signals.forever().for_each(|_| stop());
    let thread = thread::Builder::new()
        .name("signals".to_owned())
        .spawn(hear)?;
    Ok(Listening {
        handle,
        thread: Some(thread),
    })
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}
