use std::io::{self, PipeWriter, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Pid;

/// Ends what we have started where we cannot: when we are killed ourselves.
///
/// The system kills our own children with us, but not what they have started: a compiler that
/// cargo runs, or a worker of the app.
#[derive(Debug)]
pub(crate) struct Guard {
    line: PipeWriter,
    process: Child,
}

// A process of its own, in a group of its own, which reads what groups there are from a pipe that
// only we can write to. Where the pipe ends without a full stop, so have we. It hears none of the
// signals that a terminal sends. A group's number is told after its start and taken back before
// its leader is collected, so that it never means another's; the moment between a start and its
// news is covered by `sys::process::die_with_parent`.
const SCRIPT: &str = "trap '' HUP INT QUIT TERM
groups=' '
while read -r sign group; do
    case $sign in
        +) groups=\"$groups$group \" ;;
        -) groups=\"${groups%% $group *} ${groups#* $group }\" ;;
        .) exit ;;
    esac
done
for group in $groups; do kill -s KILL -- \"-$group\"; done
rm -rf -- \"$1\"";

impl Guard {
    /// Posts a guard, which also removes `folder`.
    pub(crate) fn post(folder: &Path) -> io::Result<Self> {
        let (heard, line) = io::pipe()?;
        let process = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "devserve-guard"])
            .arg(folder)
            .current_dir("/")
            .process_group(0)
            .stdin(heard)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { line, process })
    }

    /// Watches over a process group that was just started.
    pub(crate) fn watch(&self, group: Pid) {
        self.tell(format_args!("+ {group}\n"));
    }

    /// Forgets a group that is watched. Its leader must not have been collected.
    pub(crate) fn forget(&self, group: Pid) {
        self.tell(format_args!("- {group}\n"));
    }

    fn tell(&self, line: std::fmt::Arguments<'_>) {
        // In one piece, as other threads write too. Fails only where somebody has killed it; the
        // work goes on without.
        let _ = (&self.line).write_all(line.to_string().as_bytes());
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.tell(format_args!(".\n"));
        // It has nothing to wait for.
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of two groups, of which the first is forgotten, where `end` ends the guard.
    #[track_caller]
    fn check(end: impl FnOnce(Guard), is_killed: bool) {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("sockets");
        std::fs::create_dir(&inner).unwrap();
        let guard = Guard::post(&inner).unwrap();
        // Each is known to be there once its shell has started another process, which keeps its
        // stdout open.
        let mut groups = [0, 1].map(|_| {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", "sleep 1000 & echo; wait"]);
            command.stdout(Stdio::piped()).process_group(0);
            let mut process = command.spawn().unwrap();
            io::Read::read_exact(process.stdout.as_mut().unwrap(), &mut [0]).unwrap();
            guard.watch(Pid::from_child(&process));
            process
        });
        guard.forget(Pid::from_child(&groups[0]));
        end(guard);
        assert!(groups[0].try_wait().unwrap().is_none(), "forgotten");
        if !is_killed {
            assert!(groups[1].try_wait().unwrap().is_none(), "left alone");
            assert!(inner.exists());
        } else {
            let mut stdout = groups[1].stdout.take().unwrap();
            // Ends when the last of the group has.
            io::copy(&mut stdout, &mut io::sink()).unwrap();
            assert!(!inner.exists());
        }
        for mut process in groups {
            let group = Pid::from_child(&process);
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            process.wait().unwrap();
        }
    }

    #[test]
    fn a_guard_that_is_dismissed_does_nothing() {
        check(drop, false);
    }

    #[test]
    fn where_the_pipe_ends_what_is_watched_ends() {
        let end_of_us = |guard: Guard| {
            // As the system closes it, without a word.
            let mut guard = std::mem::ManuallyDrop::new(guard);
            let (_, another) = io::pipe().unwrap();
            drop(std::mem::replace(&mut guard.line, another));
            guard.process.wait().unwrap();
        };
        check(end_of_us, true);
    }
}
