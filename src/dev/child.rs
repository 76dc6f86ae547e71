use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus};

use crate::dev::bulletin::Bulletin;
use crate::dev::cargo;
use crate::dev::conventions;
use crate::dev::event::Event;
use crate::dev::generation::Generation;
use crate::dev::guard::Guard;
use crate::dev::notice::{Notice, Sink};
use crate::dev::project::Project;
use crate::dev::search::{Offer, Search, Wish};
use crate::dev::tail::Tail;
use crate::dev::upstream::{Habit, Reached};
use crate::dev::variables::VariableFiles;
use crate::net::handover;
use crate::sys;

/// How often stderr is read after the end; a pipe holds less than that.
const LAST_READS: u32 = 16;

/// How long the beginning of a line waits for its end.
const PIECE: Duration = Duration::from_millis(20);
/// Longer lines are passed on in pieces.
const LONGEST_LINE: usize = 64 * 1024;

/// How every generation of the app is started.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    /// Arguments, without the program.
    pub(crate) args: Vec<OsString>,
    /// Files with variables for it, read at each start.
    pub(crate) variables: VariableFiles,
    /// The engine to serve with.
    pub(crate) engine: Option<String>,
    /// What kind of program it is.
    pub(crate) kind: Kind,
    /// The port that the program listens at, where the user says so.
    pub(crate) app_port: Option<u16>,
    /// Where the generation before was found.
    pub(crate) habit: Habit,
    /// The package's folder, told to the app as `cargo run` tells it; or the command's.
    pub(crate) folder: PathBuf,
    pub(crate) task: Task,
    /// A folder that nobody else may enter, for the sockets.
    pub(crate) sockets: PathBuf,
    /// Where those who wait for it read what it writes.
    pub(crate) bulletin: Arc<Bulletin>,
    /// Hears what it writes to stderr.
    pub(crate) sink: Sink,
    /// What ends it if we are killed.
    pub(crate) guard: Arc<Guard>,
}

/// What the app is started for.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    /// To serve behind the front with this public URL.
    Serve { front: String },
    /// To write its routes to this file.
    TellRoutes { file: PathBuf },
}

/// What is known of a program before it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It links devserve: it takes a private Unix socket and says when it is ready.
    Own,
    /// It listens somewhere.
    Stranger,
    /// A line for the shell, whatever that starts; and it listens somewhere.
    Command(String),
}

impl Kind {
    /// That of a package's programs.
    pub(crate) fn of(project: &Project) -> Self {
        match project.links_devserve {
            true => Self::Own,
            false => Self::Stranger,
        }
    }
}

/// One running generation of the app: its process and whatever that starts, as one group.
///
/// A thread of its own copies its stderr and reports its readiness and its end. The process is
/// collected only when this is dropped: until then its number means no other process, so a
/// signal never goes astray.
#[derive(Debug)]
pub(crate) struct Child {
    process: std::process::Child,
    group: Pid,
    guard: Arc<Guard>,
    // Our files that it is given.
    paths: [PathBuf; 2],
    // Open as long as the process is there: some that reload themselves end with their stdin.
    _stdin: Option<ChildStdin>,
    follower: Option<JoinHandle<()>>,
}

impl Child {
    /// Starts `executable`, or the command. Call it from the thread that lives as long as the
    /// supervisor.
    ///
    /// [`Event::Ready`] tells when and where it takes requests, [`Event::Exited`] when it has
    /// ended.
    pub(crate) fn start(
        launch: &Launch,
        generation: Generation,
        executable: &Path,
        events: Sender<Event>,
    ) -> io::Result<Self> {
        let socket = launch.sockets.join(format!("app-{generation}"));
        let notify_path = launch.sockets.join(format!("notify-{generation}"));
        let variables = launch.variables.read().map_err(io::Error::other)?;
        let notify = UnixDatagram::bind(&notify_path)?;
        let mut command = command(launch, executable, &notify_path, &variables);
        let (wish, offer) = match (&launch.kind, launch.app_port) {
            (Kind::Own, None) => {
                // Requests may be sent at once, and wait there until it accepts.
                let listener = UnixListener::bind(&socket)?;
                sys::process::hand_over(&mut command, listener.into())?;
                command.env(handover::LISTEN_FDS, "1");
                (Wish::Own(socket.as_path().into()), Offer::at(0)?)
            }
            (_, None) => {
                let (offer, listener) = Offer::to_stranger()?;
                sys::process::hand_over(&mut command, listener)?;
                command.env(handover::LISTEN_FDS, "1");
                (Wish::Any, offer)
            }
            (_, Some(port)) => (Wish::Port(port), Offer::at(port)?),
        };
        if offer.port != 0 {
            command.envs(conventions::told(offer.port));
        }
        let mut process = command.spawn()?;
        // With it goes our copy of the socket: what connects after the app's end is refused.
        drop(command);
        let group = Pid::from_child(&process);
        launch.guard.watch(group);
        let mut child = Self {
            group,
            guard: Arc::clone(&launch.guard),
            _stdin: process.stdin.take(),
            process,
            paths: [socket, notify_path],
            follower: None,
        };
        let search = Search::new(group, wish, offer, launch.habit);
        let (bulletin, sink) = (Arc::clone(&launch.bulletin), launch.sink.clone());
        child.follow(notify, search, generation, events, bulletin, sink)?;
        Ok(child)
    }

    /// Asks the group to end.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends the group.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        // Fails only where nothing of the group is left, which is what was wanted.
        let _ = rustix::process::kill_process_group(self.group, signal);
    }

    fn follow(
        &mut self,
        notify: UnixDatagram,
        search: Search,
        generation: Generation,
        events: Sender<Event>,
        bulletin: Arc<Bulletin>,
        sink: Sink,
    ) -> io::Result<()> {
        let stderr = self
            .process
            .stderr
            .take()
            .ok_or(io::ErrorKind::BrokenPipe)?;
        let mut follower = Follower {
            stderr,
            notify,
            search,
            tail: Tail::default(),
            begun: Begun::default(),
            generation,
            events,
            bulletin,
            sink,
        };
        let pid = self.group;
        let follow = move || follower.run(pid);
        let name = format!("app-{generation}");
        self.follower = Some(thread::Builder::new().name(name).spawn(follow)?);
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Also where the app has ended by itself: what it started may still run.
        self.kill();
        // Where it has left its group; else the follower would wait for ever.
        let _ = self.process.kill();
        if let Some(follower) = self.follower.take() {
            // A panic there was reported when it happened.
            let _ = follower.join();
        }
        self.guard.forget(self.group);
        let _ = self.process.wait();
        for path in &self.paths {
            // The folder goes as well when devserve ends.
            let _ = fs::remove_file(path);
        }
    }
}

fn command(
    launch: &Launch,
    executable: &Path,
    notify_path: &Path,
    variables: &BTreeMap<String, String>,
) -> Command {
    // systemd's convention wants the process's own number, which is known in the process alone:
    // a shell sets it, and becomes the program.
    const SET_PID: &str = "LISTEN_PID=$$; export LISTEN_PID";
    let mut command = match &launch.kind {
        Kind::Own => Command::new(executable),
        Kind::Stranger => {
            let mut command = Command::new("/bin/sh");
            let line = format!("{SET_PID}; exec \"$0\" \"$@\"");
            command.args(["-c", &line]).arg(executable);
            command
        }
        Kind::Command(line) => {
            let mut command = Command::new("/bin/sh");
            command
                .args(["-c", &format!("{SET_PID}\n{line}")])
                .current_dir(&launch.folder);
            command
        }
    };
    cargo::forget_outer_package(&mut command);
    // First: what devserve itself has to tell comes after, and over it.
    command.envs(variables);
    match launch.kind {
        Kind::Own | Kind::Stranger => {
            command
                .env("CARGO_MANIFEST_DIR", &launch.folder)
                .stdin(Stdio::null());
        }
        Kind::Command(_) => {
            command.stdin(Stdio::piped());
        }
    }
    command
        .args(&launch.args)
        .env_remove(handover::LISTEN_FDS)
        .env_remove(handover::LISTEN_PID)
        .env(handover::NOTIFY_SOCKET, notify_path)
        .envs(
            launch
                .engine
                .iter()
                .map(|name| (handover::DEVSERVE_ENGINE, name)),
        )
        .stderr(Stdio::piped())
        // Ctrl-C at the terminal is ours alone: we end the app when its requests are answered.
        .process_group(0);
    match &launch.task {
        Task::Serve { front } => command.env(handover::DEVSERVE_FRONT, front),
        Task::TellRoutes { file } => command
            .env(handover::DEVSERVE_ROUTES, file)
            // What the program says is no part of the answer.
            .stdout(io::stderr()),
    };
    sys::process::die_with_parent(&mut command);
    command
}

/// What follows one process: its stderr, its word that it is ready, and its end.
struct Follower {
    stderr: ChildStderr,
    notify: UnixDatagram,
    search: Search,
    tail: Tail,
    begun: Begun,
    generation: Generation,
    events: Sender<Event>,
    bulletin: Arc<Bulletin>,
    sink: Sink,
}

impl Follower {
    fn run(&mut self, pid: Pid) {
        let how = self
            .watch(pid)
            .unwrap_or_else(|error| format!("lost sight of it: {error}"));
        let stderr = self.tail.lines();
        let generation = self.generation;
        // Fails only where the supervisor has ended.
        let _ = self.events.send(Event::Exited {
            generation,
            how,
            stderr,
        });
    }

    /// Follows the process to its end, and says how that was.
    fn watch(&mut self, pid: Pid) -> io::Result<String> {
        let (end, ends) = io::pipe()?;
        let waiter = thread::Builder::new()
            .name(format!("wait-{pid}"))
            .spawn(move || {
                let status = wait_without_collecting(pid);
                drop(ends);
                status
            })?;
        self.copy_until(end.into(), pid)?;
        let status = waiter.join().map_err(|_| io::ErrorKind::Other)??;
        Ok(describe(&status))
    }

    /// Copies stderr, hears the notify socket and looks where the program listens, until `end`
    /// hangs up. What the process had
    /// written by then is copied; a descendant that keeps the pipe open is not waited for.
    fn copy_until(&mut self, end: OwnedFd, group: Pid) -> io::Result<()> {
        let mut is_open = true;
        let mut last_words = LAST_READS;
        while last_words > 0 {
            let mut fds = vec![
                PollFd::new(&end, PollFlags::IN),
                PollFd::new(&self.notify, PollFlags::IN),
            ];
            if is_open {
                fds.push(PollFd::new(&self.stderr, PollFlags::IN));
            }
            let due = self.search.due();
            let next = due.into_iter().chain(self.begun.due).min();
            let patience = next.map(|due| due.saturating_duration_since(Instant::now()));
            let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
            match poll(&mut fds, patience.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                other => other?,
            };
            let is_ready = |at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
            let (has_ended, is_notified, has_words) = (is_ready(0), is_ready(1), is_ready(2));
            if is_notified {
                self.hear()?;
            }
            if due.is_some_and(|due| due <= Instant::now()) && !has_ended {
                let reached = self.search.look();
                self.report(reached);
            }
            if self.begun.due.is_some_and(|due| due <= Instant::now()) {
                let rest = self.begun.take();
                self.say(rest);
            }
            if has_words {
                is_open = self.copy()?;
            } else if has_ended {
                break;
            }
            if has_ended {
                // What the app started must not talk on behind its back.
                let _ = rustix::process::kill_process_group(group, Signal::KILL);
                last_words -= 1;
            }
        }
        let rest = self.begun.take();
        self.say(rest);
        Ok(())
    }

    fn hear(&mut self) -> io::Result<()> {
        let mut datagram = [0; 4096];
        let len = self.notify.recv(&mut datagram)?;
        let mut lines = datagram[..len].split(|byte| *byte == b'\n');
        if lines.any(|line| line == b"READY=1") {
            let reached = self.search.ready();
            self.report(reached);
        }
        Ok(())
    }

    fn report(&self, reached: io::Result<Option<Reached>>) {
        let generation = self.generation;
        match reached {
            // Fails only where the supervisor has ended.
            Ok(Some(reached)) => drop(self.events.send(Event::Ready {
                generation,
                reached,
            })),
            Ok(None) => {}
            // It may be out of descriptors for a moment; there will be another look.
            Err(error) => log::debug!("cannot see where {generation} listens: {error}"),
        }
    }

    /// Copies what is there; false at the end of the stream.
    fn copy(&mut self) -> io::Result<bool> {
        let mut buf = [0; 8192];
        let len = match self.stderr.read(&mut buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            other => other?,
        };
        self.tail.push(&buf[..len]);
        self.bulletin.write(self.generation, &buf[..len]);
        let whole = self.begun.push(&buf[..len], Instant::now());
        self.say(whole);
        Ok(len > 0)
    }

    fn say(&self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.sink.tell(Notice::AppSaid { bytes });
        }
    }
}

/// The line that the app has begun: it is held for a moment, because programs write lines in
/// pieces, and what others write must not get in between.
#[derive(Debug, Default)]
struct Begun {
    bytes: Vec<u8>,
    // When it is passed on without its end.
    due: Option<Instant>,
}

impl Begun {
    /// More of what it writes; what is whole now.
    fn push(&mut self, bytes: &[u8], now: Instant) -> Vec<u8> {
        self.bytes.extend_from_slice(bytes);
        let whole = match self.bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if self.bytes.len() > LONGEST_LINE => self.bytes.len(),
            None => 0,
        };
        let rest = self.bytes.split_off(whole);
        let whole = std::mem::replace(&mut self.bytes, rest);
        self.due = match self.bytes.is_empty() {
            true => None,
            false if whole.is_empty() => self.due.or(Some(now + PIECE)),
            false => Some(now + PIECE),
        };
        whole
    }

    /// All of it, as it is.
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(self).bytes
    }
}

/// Waits for the end of `pid`, whose number stays taken.
fn wait_without_collecting(pid: Pid) -> io::Result<WaitIdStatus> {
    loop {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        match rustix::process::waitid(WaitId::Pid(pid), options) {
            Ok(Some(status)) => return Ok(status),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn describe(status: &WaitIdStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(number)) => signal_name(number),
        (None, None) => "an unknown end".to_owned(),
    }
}

fn signal_name(number: i32) -> String {
    const NAMES: [(Signal, &str); 14] = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::TERM, "SIGTERM"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::SYS, "SIGSYS"),
    ];
    NAMES
        .iter()
        .find(|(signal, _)| signal.as_raw() == number)
        .map_or_else(
            || format!("signal {number}"),
            |(_, name)| format!("signal {name}"),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_pieces_is_passed_on_as_one() {
        let now = Instant::now();
        let mut begun = Begun::default();
        assert_eq!(begun.push(b"one\ntw", now), b"one\n");
        assert_eq!(begun.due, Some(now + PIECE));
        assert_eq!(begun.push(b"o", now + PIECE / 2), b"");
        assert_eq!(begun.due, Some(now + PIECE), "from its first byte");
        assert_eq!(begun.push(b"!\n", now), b"two!\n");
        assert_eq!(begun.due, None);
        assert_eq!(begun.push(b"name? ", now), b"");
        assert_eq!(begun.take(), b"name? ");
        assert_eq!(begun.due, None);
        let long = vec![b'x'; LONGEST_LINE + 1];
        assert_eq!(begun.push(&long, now), long);
    }

    #[test]
    fn signals_have_their_names() {
        assert_eq!(signal_name(11), "signal SIGSEGV");
        assert_eq!(signal_name(40), "signal 40");
    }
}
