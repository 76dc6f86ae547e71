//! Keys in a terminal of the test's own.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::harness::{PATIENCE, Project};

struct Screen {
    keyboard: File,
    // Our own end of what devserve sees, which keeps it there and tells its modes.
    terminal: File,
    shown: Arc<(Mutex<String>, Condvar)>,
    process: Child,
}

impl Screen {
    /// `devserve run`, as the session of a new terminal.
    fn start(project: &Project) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let terminal = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).open(&name).unwrap()
        };
        // `setsid` runs it in its own place, so the child's number is devserve's.
        let devserve = env!("CARGO_BIN_EXE_devserve");
        let process = project
            .command_of("setsid", &["--ctty", devserve, "run", "--port", "0"])
            .env("TERM", "xterm")
            .stdin(terminal())
            .stdout(Stdio::null())
            .stderr(terminal())
            .spawn()
            .unwrap();
        let mut screen = Self {
            keyboard: File::from(master),
            terminal: terminal(),
            shown: Arc::default(),
            process,
        };
        screen.watch();
        screen
    }

    fn watch(&mut self) {
        let (mut output, shown) = (self.keyboard.try_clone().unwrap(), Arc::clone(&self.shown));
        thread::spawn(move || {
            let mut buf = [0; 4096];
            while let Ok(len @ 1..) = output.read(&mut buf) {
                *shown.0.lock().unwrap() += &String::from_utf8_lossy(&buf[..len]);
                shown.1.notify_all();
            }
        });
    }

    fn press(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).unwrap();
    }

    /// Waits until it has shown `words` so many times.
    #[track_caller]
    fn wait_for(&self, words: &str, times: usize) {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.shown.0.lock().unwrap();
        while shown.matches(words).count() < times {
            let patience = deadline.saturating_duration_since(Instant::now());
            assert!(!patience.is_zero(), "no {words:?} in {shown}");
            shown = self.shown.1.wait_timeout(shown, patience).unwrap().0;
        }
    }

    /// Waits for what no event tells.
    #[track_caller]
    fn until(&mut self, what: &str, is_so: impl Fn(&mut Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "{what} never happened");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether what is typed is shown, and heard a line at a time.
    fn makes_lines(&self) -> bool {
        let modes = tcgetattr(&self.terminal).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    fn is_stopped(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        stat.rsplit_once(") ").unwrap().1.starts_with('T')
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn keys_are_heard_one_by_one_and_the_terminal_is_given_back() {
    let project = Project::shop("one");
    let mut screen = Screen::start(&project);
    screen.wait_for("keys: r build again", 1);
    screen.wait_for("serving after", 1);
    assert!(!screen.makes_lines());
    screen.press(b"r");
    screen.wait_for("serving after", 2);
    screen.press(b"?");
    screen.wait_for("r build again", 2);
    screen.press(b"c");
    screen.wait_for("\x1b[2J", 1);

    screen.press(b"\x1a"); // Ctrl-Z
    screen.until("the stop", |screen| screen.is_stopped());
    assert!(screen.makes_lines(), "the shell has its terminal");
    kill_process(Pid::from_child(&screen.process), Signal::CONT).unwrap();
    screen.until("single keys", |screen| !screen.makes_lines());

    screen.press(b"q");
    screen.until("the end", |screen| {
        screen.process.try_wait().unwrap().is_some()
    });
    assert_eq!(screen.process.wait().unwrap().code(), Some(0));
    assert!(screen.makes_lines(), "as it was");
}
