use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, getppid, kill_process, set_parent_process_death_signal, wait,
};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::net::{BindError, Listener};
use crate::server::Server;
use crate::sys::fork::{Forked, fork};

/// How long a worker process lets its running requests end.
const GRACE: Duration = Duration::from_secs(10);
/// A worker that dies sooner than this may never have served.
const TOO_SOON: Duration = Duration::from_secs(1);
/// After so many of them in a row it is no use to start another.
const EARLY_DEATHS: usize = 16;

impl Server {
    /// Serves with `count` processes on one socket, until SIGTERM or SIGINT: for apps that
    /// crash, leak, or hold a lock for long. A process that dies is replaced; none outlives
    /// this one. A second signal waits for no request that runs.
    ///
    /// It returns in this process when all others have ended, and in each of those when it has
    /// ended, so `main` should return then. Call it before any other thread is started.
    ///
    /// # Errors
    /// [`ProcessesError`]: the process has other threads, or the processes die as soon as they
    /// are started.
    pub fn processes(mut self, count: usize, listener: Listener) -> Result<(), ProcessesError> {
        self.is_multiprocess(count > 1);
        let mut signals =
            Signals::new([SIGCHLD, SIGTERM, SIGINT]).map_err(ProcessesError::System)?;
        // A worker that is told to end before it can hear has been told here.
        let told = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT] {
            flag::register(signal, Arc::clone(&told)).map_err(ProcessesError::System)?;
        }
        let (mut wanted, mut workers) = (count.max(1), Vec::new());
        let (mut early_deaths, mut outcome) = (0, Ok(()));
        loop {
            while workers.len() < wanted {
                match Worker::start() {
                    Ok(Some(worker)) => workers.push(worker),
                    Ok(None) => {
                        drop(signals);
                        return self.work(listener, &told);
                    }
                    Err(source) => {
                        (wanted, outcome) = (0, Err(ProcessesError::Fork(source)));
                        end(&workers, Signal::TERM);
                    }
                }
            }
            if workers.is_empty() {
                return outcome;
            }
            for signal in signals.wait() {
                if signal != SIGCHLD {
                    let is_second = wanted == 0;
                    wanted = 0;
                    end(
                        &workers,
                        if is_second {
                            Signal::KILL
                        } else {
                            Signal::TERM
                        },
                    );
                }
            }
            while let Some(at) = reap(&workers) {
                let dead = workers.swap_remove(at);
                if wanted == 0 {
                    continue;
                }
                early_deaths = match dead.started.elapsed() < TOO_SOON {
                    true => early_deaths + 1,
                    false => 0,
                };
                if early_deaths > EARLY_DEATHS {
                    (wanted, outcome) = (0, Err(ProcessesError::DiesAtOnce));
                    end(&workers, Signal::TERM);
                    continue;
                }
                log::warn!(
                    "worker process {:?} died; another takes its place",
                    dead.pid
                );
            }
        }
    }

    /// The life of one worker process.
    fn work(self, listener: Listener, told: &AtomicBool) -> Result<(), ProcessesError> {
        let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(ProcessesError::System)?;
        if told.load(Ordering::SeqCst) {
            return Ok(());
        }
        // The file of a Unix socket is the first process's to take away.
        let serving = self.serve(listener.leaving_its_file())?;
        if let Some(_first) = signals.forever().next() {
            serving.stop(GRACE);
        }
        Ok(())
    }
}

/// A worker process, as its parent knows it.
struct Worker {
    pid: Pid,
    started: Instant,
}

impl Worker {
    /// Starts one: `None` is the worker itself.
    fn start() -> io::Result<Option<Self>> {
        let parent = getpid();
        match fork()? {
            Forked::Parent(pid) => Ok(Some(Self {
                pid,
                started: Instant::now(),
            })),
            Forked::Child => {
                // Its parent has one thread, which lives as long as the process.
                set_parent_process_death_signal(Some(Signal::TERM))?;
                if getppid() != Some(parent) {
                    kill_process(getpid(), Signal::TERM)?; // it died before it could be asked
                }
                Ok(None)
            }
        }
    }
}

fn end(workers: &[Worker], signal: Signal) {
    for worker in workers {
        // It may have died just now; then it is reaped.
        kill_process(worker.pid, signal).ok();
    }
}

/// Takes in one worker that has died: which.
fn reap(workers: &[Worker]) -> Option<usize> {
    loop {
        let (dead, _) = wait(WaitOptions::NOHANG).ok()??;
        // A child of the app's own is none of ours, but is reaped all the same.
        if let Some(at) = workers.iter().position(|worker| worker.pid == dead) {
            return Some(at);
        }
    }
}

/// Why processes could not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessesError {
    /// The process has other threads, or the system gives no process.
    #[error("no worker process can be started; call processes before other threads are started")]
    Fork(#[source] io::Error),
    /// Worker after worker ended within a second of its start.
    #[error("the worker processes die as soon as they are started")]
    DiesAtOnce,
    /// The engine could not start in a worker.
    #[error("a worker process cannot serve")]
    Serve(#[from] BindError),
    /// Signals cannot be heard.
    #[error("the system lets nobody hear signals")]
    System(#[source] io::Error),
}
