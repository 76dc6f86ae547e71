use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Lets the process that `command` starts find `socket` as its descriptor 3, the first one of
/// systemd's convention.
///
/// `command` owns the socket from then on: drop it when the process runs, or the socket stays
/// open here and outlives the process.
pub(crate) fn hand_over(command: &mut Command, socket: OwnedFd) -> io::Result<()> {
    // A descriptor from 3 upwards, so that 3 is taken in this process too: the pipe by which the
    // standard library reports a failed `exec` can then not be the descriptor we replace.
    let socket = rustix::io::fcntl_dupfd_cloexec(socket, 3)?;
    let place = move || {
        // SAFETY: nobody else owns the number 3 as this process sees it: a fork's copies belong
        // to code that never runs there, and `ManuallyDrop` keeps us from closing it.
        let mut three = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(3) });
        if socket.as_raw_fd() == 3 {
            // `dup2` onto itself would leave it to be closed by `exec`.
            rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::empty())?;
        } else {
            rustix::io::dup2(&socket, &mut three)?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure only makes system calls; it takes no lock and
    // allocates nothing.
    unsafe { command.pre_exec(place) };
    Ok(())
}

/// Lets the process that `command` starts be killed when the thread that starts it ends, however
/// that happens. So start it from a thread that lives as long as its owner.
///
/// Only Linux can do this; elsewhere a killed supervisor leaves its child behind.
pub(crate) fn die_with_parent(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

        let parent = getpid();
        let tie = move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // A parent that ended before that call sends nothing any more.
            match getppid() == Some(parent) {
                true => Ok(()),
                false => Err(io::ErrorKind::BrokenPipe.into()),
            }
        };
        // SAFETY: between fork and exec the closure only makes system calls; it takes no lock
        // and allocates nothing.
        unsafe { command.pre_exec(tie) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}
