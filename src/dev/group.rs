use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use crate::dev::guard::Guard;
use crate::sys;

/// One running process at a time, with all it starts, for whoever wants to end it.
///
/// The thread that runs it must live as long as the supervisor: the process dies with it.
#[derive(Debug)]
pub(crate) struct Group {
    guard: Arc<Guard>,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    // Invariant: set only while the process is not collected, so that the number is its own.
    group: Option<Pid>,
    is_cancelled: bool,
}

impl Group {
    /// A group in which nothing runs. `guard` ends what does if we are killed.
    pub(crate) fn new(guard: Arc<Guard>) -> Self {
        Self {
            guard,
            running: Mutex::default(),
        }
    }

    /// Forgets an earlier cancellation.
    pub(crate) fn renew(&self) {
        self.lock().is_cancelled = false;
    }

    /// Kills what runs, and whatever would be started before the group is [renewed](Self::renew).
    pub(crate) fn cancel(&self) {
        let mut running = self.lock();
        running.is_cancelled = true;
        if let Some(group) = running.group {
            // Fails only where it has ended already.
            let _ = rustix::process::kill_process_group(group, Signal::KILL);
        }
    }

    /// Runs `command` to its end, while `listen` reads what it says; `None` where it was
    /// cancelled. It is gone when this returns.
    pub(crate) fn run<T>(
        &self,
        command: &mut Command,
        listen: impl FnOnce(&mut Child) -> io::Result<T>,
    ) -> io::Result<Option<(T, ExitStatus)>> {
        command.process_group(0);
        sys::process::die_with_parent(command);
        let mut process = {
            // Under the lock, so that a cancellation comes before the start or finds the group.
            let mut running = self.lock();
            if running.is_cancelled {
                return Ok(None);
            }
            let process = command.spawn()?;
            let group = Pid::from_child(&process);
            self.guard.watch(group);
            running.group = Some(group);
            process
        };
        let heard = listen(&mut process);
        // Waits without collecting, then takes the number back, then collects: so that nobody
        // ever signals a number that has become another's.
        let pid = Pid::from_child(&process);
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(Errno::INTR) = rustix::process::waitid(WaitId::Pid(pid), options) {}
        let is_cancelled = {
            let mut running = self.lock();
            running.group = None;
            running.is_cancelled
        };
        self.guard.forget(pid);
        let status = process.wait()?;
        let heard = heard?;
        Ok((!is_cancelled).then_some((heard, status)))
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        // Nothing that can panic runs under this lock.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
