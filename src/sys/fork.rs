use std::fs;
use std::io;

use rustix::process::Pid;

/// Which side of a fork this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forked {
    /// The process that forked, and its child.
    Parent(Pid),
    /// The copy.
    Child,
}

/// Makes a copy of this process, which goes on from here.
///
/// Contract: the process has one thread, so that no lock is held by a thread which the copy
/// lacks. That is checked, and a process with more is refused.
pub(crate) fn fork() -> io::Result<Forked> {
    let threads = fs::read_dir("/proc/self/task")?.count();
    if threads != 1 {
        let told = format!("a process of {threads} threads cannot be copied");
        return Err(io::Error::other(told));
    }
    // SAFETY: this is the only thread, so the copy holds no lock that nobody will release, and
    // may do whatever this process may.
    let pid = unsafe { libc::fork() };
    match pid {
        ..0 => Err(io::Error::last_os_error()),
        _ => Ok(Pid::from_raw(pid).map_or(Forked::Child, Forked::Parent)), // none: 0
    }
}
