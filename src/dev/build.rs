use std::fs;
use std::io::{self, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime};

use cargo_metadata::Message;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use crate::dev::cargo;
use crate::dev::diagnostics;
use crate::dev::event::{Built, Event};
use crate::dev::generation::Generation;
use crate::dev::inputs::{Inputs, Learned};
use crate::dev::progress::{self, Said};
use crate::dev::project::Project;
use crate::pages::{BuildFailed, Count, Diagnostic, Level};
use crate::sys;

/// Runs cargo, one build at a time, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Builder {
    orders: Option<Sender<Generation>>,
    running: Arc<Mutex<Running>>,
    thread: Option<JoinHandle<()>>,
}

/// The build that runs, for whoever wants to end it.
#[derive(Debug, Default)]
struct Running {
    // Invariant: set only while the process is not collected, so that the number is its own.
    group: Option<Pid>,
    is_cancelled: bool,
}

/// What a build tells while it runs.
#[derive(Debug)]
pub(crate) enum Told<'a> {
    /// What it is at, in cargo's words: `Compiling serde v1.0.228`.
    Step(&'a str),
    /// How much is done.
    Count(Count),
    /// What the compiler has just found.
    Found(&'a Diagnostic),
}

/// Hears what a build tells.
pub(crate) type Progress = Box<dyn Fn(Told<'_>) + Send + Sync>;

/// Hears of the folders that the app turns out to be made of.
pub(crate) type Discovery = Box<dyn Fn(Vec<PathBuf>) + Send + Sync>;

/// What a builder's thread works with.
pub(crate) struct Workshop {
    pub(crate) project: Arc<Project>,
    pub(crate) inputs: Arc<Inputs>,
    /// Let the compiler's words have colors.
    pub(crate) has_colors: bool,
    pub(crate) events: Sender<Event>,
    pub(crate) progress: Progress,
    pub(crate) discovery: Discovery,
}

impl Builder {
    /// A builder that waits for orders. It ends when dropped, and any build with it.
    pub(crate) fn start(workshop: Workshop) -> io::Result<Self> {
        let (orders, ordered) = mpsc::channel();
        let running = Arc::new(Mutex::new(Running::default()));
        let work = {
            let running = Arc::clone(&running);
            move || {
                for generation in ordered {
                    let event = workshop.build(generation, &running);
                    if workshop.events.send(event).is_err() {
                        break; // The supervisor has ended.
                    }
                }
            }
        };
        let thread = thread::Builder::new()
            .name("build".to_owned())
            .spawn(work)?;
        Ok(Self {
            orders: Some(orders),
            running,
            thread: Some(thread),
        })
    }

    /// Begins a build. The one before must have ended.
    pub(crate) fn build(&self, generation: Generation) {
        lock(&self.running).is_cancelled = false;
        if let Some(orders) = &self.orders {
            // Fails only where the thread has ended, which is when the supervisor does.
            let _ = orders.send(generation);
        }
    }

    /// Kills the build's whole process group. [`Event::BuildCancelled`] tells when it is gone:
    /// until then cargo holds locks the next build would wait for.
    pub(crate) fn cancel(&self) {
        let mut running = lock(&self.running);
        running.is_cancelled = true;
        if let Some(group) = running.group {
            // Fails only where it has ended already.
            let _ = rustix::process::kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        self.cancel();
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn lock(running: &Mutex<Running>) -> MutexGuard<'_, Running> {
    // Nothing that can panic runs under this lock.
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What cargo said.
#[derive(Debug, Default)]
struct Words {
    executable: Option<PathBuf>,
    diagnostics: Vec<Diagnostic>,
    is_good: bool,
    stderr: String,
}

impl Workshop {
    fn build(&self, generation: Generation, running: &Mutex<Running>) -> Event {
        let started = SystemTime::now();
        let clock = Instant::now();
        self.inputs.build_begins();
        let words = match self.run_cargo(running) {
            Ok(Some(words)) => words,
            Ok(None) => return Event::BuildCancelled(generation),
            Err(error) => Words {
                stderr: format!(
                    "cannot run {}: {error}",
                    Path::new(&cargo::program()).display()
                ),
                ..Words::default()
            },
        };
        let elapsed = clock.elapsed();
        match &words.executable {
            Some(executable) if words.is_good => {
                self.take_note(self.inputs.learn(&read_dep_info(executable), started));
                let executable = executable.as_path().into();
                let warnings = words
                    .diagnostics
                    .into_iter()
                    .map(|warning| warning.rendered);
                let built = Built {
                    executable,
                    elapsed,
                    warnings: warnings.collect(),
                };
                Event::Built { generation, built }
            }
            _ => {
                self.take_note(self.inputs.build_failed(started));
                let report = BuildFailed {
                    package: self.project.package.clone(),
                    target: self.project.program.name().to_owned(),
                    output: if has_errors(&words) {
                        String::new()
                    } else {
                        words.stderr
                    },
                    diagnostics: words.diagnostics,
                    elapsed,
                };
                Event::BuildFailed {
                    generation,
                    report: Arc::new(report),
                }
            }
        }
    }

    /// Passes on what the build taught, before its result is known: a build that is out of date
    /// already must not be served.
    fn take_note(&self, learned: Learned) {
        for change in learned.changes {
            // Fails only where the supervisor has ended.
            let _ = self.events.send(change);
        }
        (self.discovery)(learned.folders.into_iter().collect());
    }

    /// Runs cargo to its end; `None` where it was cancelled.
    fn run_cargo(&self, running: &Mutex<Running>) -> io::Result<Option<Words>> {
        let mut process = {
            // Under the lock, so that a cancellation comes before the start or finds the group.
            let mut running = lock(running);
            if running.is_cancelled {
                return Ok(None);
            }
            let process = self.command().spawn()?;
            running.group = Some(Pid::from_child(&process));
            process
        };
        let words = self.listen(&mut process);
        // Waits without collecting, then takes the number back, then collects: so that nobody
        // ever signals a number that has become another's.
        let pid = Pid::from_child(&process);
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(Errno::INTR) = rustix::process::waitid(WaitId::Pid(pid), options) {}
        let is_cancelled = {
            let mut running = lock(running);
            running.group = None;
            running.is_cancelled
        };
        let status = process.wait()?;
        let mut words = words?;
        words.is_good = status.success();
        Ok((!is_cancelled).then_some(words))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(cargo::program());
        cargo::forget_outer_package(&mut command);
        let format = match self.has_colors {
            true => "--message-format=json-diagnostic-rendered-ansi",
            false => "--message-format=json",
        };
        command
            .args([
                "build",
                "--color=never",
                format,
                "--package",
                &self.project.package,
            ])
            .args(self.project.program.flag())
            .args(self.project.is_release.then_some("--release"))
            .envs(progress::BAR)
            // Where the configuration of the package counts, wherever devserve was started.
            .current_dir(&self.project.package_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        sys::process::die_with_parent(&mut command);
        command
    }

    fn listen(&self, process: &mut Child) -> io::Result<Words> {
        let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
        let (stdout, stderr) = stdout
            .zip(stderr)
            .expect("the command above asks for both pipes");
        thread::scope(|scope| {
            let messages = scope.spawn(|| self.read_messages(stdout));
            let stderr = self.read_progress(stderr)?;
            let words = messages
                .join()
                .map_err(|_| io::Error::other("lost cargo's messages"))?;
            Ok(Words { stderr, ..words? })
        })
    }

    fn read_messages(&self, stdout: impl Read) -> io::Result<Words> {
        let mut words = Words::default();
        for message in Message::parse_stream(BufReader::new(stdout)) {
            match message? {
                Message::CompilerArtifact(artifact)
                    if self.project.program.is(&artifact.target) =>
                {
                    words.executable = artifact.executable.map(PathBuf::from);
                }
                Message::CompilerMessage(message) => {
                    if let Some(found) = diagnostics::from_cargo(&message.message) {
                        (self.progress)(Told::Found(&found));
                        words.diagnostics.push(found);
                    }
                }
                _ => {} // Other crates' artifacts, build scripts, words of rustc plug-ins.
            }
        }
        // What stops the build first, each kind in the compiler's order.
        words
            .diagnostics
            .sort_by_key(|diagnostic| diagnostic.level != Level::Error);
        Ok(words)
    }

    /// cargo's own words, without its lines of progress, which go to whoever waits.
    fn read_progress(&self, stderr: impl Read) -> io::Result<String> {
        let mut kept = String::new();
        let mut stderr = BufReader::new(stderr);
        let mut line = Vec::new();
        while progress::read_line(&mut stderr, &mut line)? {
            let line = String::from_utf8_lossy(&line);
            match progress::read(&line) {
                Said::Step("") => {}
                Said::Step(step) => (self.progress)(Told::Step(step)),
                Said::Bar(count) => (self.progress)(Told::Count(count)),
                Said::Words => {
                    kept.push_str(&line);
                    kept.push('\n');
                }
            }
        }
        Ok(kept)
    }
}

fn has_errors(words: &Words) -> bool {
    words
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.level == Level::Error)
}

/// What cargo wrote beside the program about its sources.
fn read_dep_info(executable: &Path) -> String {
    let path = executable.with_extension("d");
    fs::read_to_string(&path).unwrap_or_else(|error| {
        // Without it a save of a known source is still seen, once the build has failed or not.
        log::debug!("cannot read {}: {error}", path.display());
        String::new()
    })
}
