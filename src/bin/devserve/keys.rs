use std::io::{self, IsTerminal, PipeReader, PipeWriter, Read};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use signal_hook::consts::{SIGCONT, SIGQUIT, SIGTSTP};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;

/// How often a shell's background job looks whether it is in front again: no event tells.
const PAUSE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 500_000_000,
};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Rebuild,
    Open,
    Clear,
    Quit,
    Help,
}

/// What the keys do, in one line.
pub(crate) const HELP: &str = "r build again · o open · c clear · q quit · ? help";

impl Key {
    fn of(byte: u8) -> Option<Self> {
        match byte.to_ascii_lowercase() {
            b'r' => Some(Self::Rebuild),
            b'o' => Some(Self::Open),
            b'c' => Some(Self::Clear),
            b'q' => Some(Self::Quit),
            b'?' | b'h' => Some(Self::Help),
            _ => None,
        }
    }

    /// Those in what was read at once.
    fn all_of(bytes: &[u8]) -> Vec<Self> {
        match bytes {
            // An arrow or a function key: its letters are nobody's.
            [0x1b, ..] => Vec::new(),
            bytes => bytes.iter().copied().filter_map(Self::of).collect(),
        }
    }
}

/// Keys of the terminal, heard one by one without Enter until this is dropped. Then the terminal
/// is what it was, and also while the process is stopped (Ctrl-Z) and where it dies of Ctrl-\.
#[derive(Debug)]
pub(crate) struct Keys {
    lines: Arc<Lines>,
    signals: Handle,
    stop: Option<PipeWriter>,
    threads: Vec<JoinHandle<()>>,
}

impl Keys {
    /// Calls `act` at each key; nothing where nobody sits there, with stdin and stderr.
    pub(crate) fn listen(act: impl Fn(Key) + Send + 'static) -> io::Result<Option<Self>> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(None);
        }
        let lines = Arc::new(Lines {
            before: tcgetattr(io::stdin())?,
        });
        let mut caught = Signals::new([SIGTSTP, SIGCONT, SIGQUIT])?;
        let (stopped, stop) = io::pipe()?;
        // From here on, dropping it puts everything back.
        let mut keys = Self {
            lines: Arc::clone(&lines),
            signals: caught.handle(),
            stop: Some(stop),
            threads: Vec::new(),
        };
        let of_signals = Arc::clone(&lines);
        let follow = move || {
            for signal in caught.forever() {
                if signal != SIGCONT {
                    of_signals.give_back();
                    // Stops, or ends, the process. Fails for no signal that is caught here.
                    let _ = emulate_default_handler(signal);
                }
                of_signals.take();
            }
        };
        lines.take();
        let spawn = |name: &str| thread::Builder::new().name(name.to_owned());
        keys.threads.push(spawn("job-control").spawn(follow)?);
        let hear = move || {
            // Where stdin fails, there are no keys any more.
            let _ = hear(&lines, &stopped, act);
        };
        keys.threads.push(spawn("keys").spawn(hear)?);
        Ok(Some(keys))
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.stop = None;
        self.signals.close();
        for thread in self.threads.drain(..) {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
        self.lines.give_back();
    }
}

/// How the terminal makes lines of what is typed.
#[derive(Debug)]
struct Lines {
    before: Termios,
}

impl Lines {
    /// Single keys, not shown. Signals and output stay as they are.
    fn take(&self) {
        let mut modes = self.before.clone();
        modes
            .local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO);
        modes.special_codes[SpecialCodeIndex::VMIN] = 1;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        set(&modes);
    }

    fn give_back(&self) {
        set(&self.before);
    }
}

fn set(modes: &Termios) {
    // From the background, the system would stop us for trying.
    if is_in_front() {
        // A terminal that is gone needs no modes.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, modes);
    }
}

/// Whether what is typed is for us: a shell's background job must not take it.
fn is_in_front() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

fn hear(lines: &Lines, stopped: &PipeReader, act: impl Fn(Key)) -> io::Result<()> {
    let stdin = io::stdin();
    let mut was_in_front = true;
    loop {
        let is_in_front = is_in_front();
        if is_in_front && !was_in_front {
            lines.take();
        }
        was_in_front = is_in_front;
        let mut fds = vec![PollFd::new(stopped, PollFlags::IN)];
        if is_in_front {
            fds.push(PollFd::new(&stdin, PollFlags::IN));
        }
        match poll(&mut fds, (!is_in_front).then_some(&PAUSE)) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        let is_ready = |at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
        let (is_over, is_typed) = (is_ready(0), is_ready(1));
        if is_over {
            return Ok(());
        }
        if is_typed && self::is_in_front() {
            let mut buf = [0; 64];
            let len = stdin.lock().read(&mut buf)?;
            if len == 0 {
                return Ok(());
            }
            Key::all_of(&buf[..len]).into_iter().for_each(&act);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_letter_of_either_case() {
        assert_eq!(Key::all_of(b"r"), [Key::Rebuild]);
        assert_eq!(Key::all_of(b"Q"), [Key::Quit]);
        assert_eq!(Key::all_of(b"oc?"), [Key::Open, Key::Clear, Key::Help]);
        assert_eq!(Key::all_of(b"x\n "), []);
        assert_eq!(Key::all_of(b"\x1b[C"), []);
    }
}
