use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime};

use cargo_metadata::{Artifact, Message, PackageId};

use crate::dev::build_script::BuildScripts;
use crate::dev::cargo;
use crate::dev::dep_info::DepInfo;
use crate::dev::diagnostics;
use crate::dev::event::{Built, Event, Maker};
use crate::dev::fast::{FastPath, Link, Outcome, Unit};
use crate::dev::generation::Generation;
use crate::dev::group::Group;
use crate::dev::guard::Guard;
use crate::dev::inputs::{Inputs, Learned};
use crate::dev::progress::{self, Said};
use crate::dev::project::Project;
use crate::dev::state::{Job, Way};
use crate::pages::{BuildFailed, Count, Diagnostic, Level};

/// Runs cargo, or what it would run, one build at a time, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Builder {
    orders: Option<Sender<Order>>,
    group: Arc<Group>,
    thread: Option<JoinHandle<()>>,
}

/// What a builder is asked to do.
#[derive(Debug)]
enum Order {
    Build(Job),
    /// Prepare for the edits to come.
    Prime,
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
    /// The way that passes cargo by, if there is one.
    pub(crate) fast: Option<FastPath>,
    /// Let the compiler's words have colors.
    pub(crate) has_colors: bool,
    pub(crate) events: Sender<Event>,
    pub(crate) progress: Progress,
    pub(crate) discovery: Discovery,
    pub(crate) guard: Arc<Guard>,
}

impl Builder {
    /// A builder that waits for orders. It ends when dropped, and any build with it.
    pub(crate) fn start(mut workshop: Workshop) -> io::Result<Self> {
        let (orders, ordered) = mpsc::channel();
        let group = Arc::new(Group::new(Arc::clone(&workshop.guard)));
        let work = {
            let group = Arc::clone(&group);
            move || {
                for order in ordered {
                    let event = match order {
                        Order::Build(job) => workshop.build(&job, &group),
                        Order::Prime => {
                            workshop.prime();
                            continue;
                        }
                    };
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
            group,
            thread: Some(thread),
        })
    }

    /// Begins a build. The one before must have ended.
    pub(crate) fn build(&self, job: Job) {
        self.group.renew();
        self.order(Order::Build(job));
    }

    /// Uses the time between builds. The next build does not wait for it.
    pub(crate) fn prime(&self) {
        self.order(Order::Prime);
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // Fails only where the thread has ended, which is when the supervisor does.
            let _ = orders.send(order);
        }
    }

    /// Kills the build's whole process group. [`Event::BuildCancelled`] tells when it is gone:
    /// until then cargo holds locks the next build would wait for.
    pub(crate) fn cancel(&self) {
        self.group.cancel();
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

/// What cargo or the compiler said.
#[derive(Debug, Default)]
struct Words {
    executable: Option<PathBuf>,
    diagnostics: Vec<Diagnostic>,
    scripts: BuildScripts,
    units: Vec<Unit>,
    is_good: bool,
    stderr: String,
}

/// A build that is under way.
#[derive(Debug, Clone, Copy)]
struct Beginning {
    generation: Generation,
    started: SystemTime,
    clock: Instant,
}

impl Workshop {
    fn build(&mut self, job: &Job, group: &Group) -> Event {
        let beginning = Beginning {
            generation: job.generation,
            started: SystemTime::now(),
            clock: Instant::now(),
        };
        self.inputs.build_begins();
        if let Some(fast) = &mut self.fast {
            fast.note_changes(&job.changed);
        }
        if job.way == Way::Any
            && let Some(event) = self.build_without_cargo(beginning, group)
        {
            return event;
        }
        let words = match self.run_cargo(group) {
            Ok(Some(words)) => words,
            Ok(None) => return Event::BuildCancelled(job.generation),
            Err(error) => Words {
                stderr: format!(
                    "cannot run {}: {error}",
                    Path::new(&cargo::program()).display()
                ),
                ..Words::default()
            },
        };
        match &words.executable {
            Some(executable) if words.is_good => {
                let executable = executable.clone();
                let inputs = read_inputs(&executable);
                if let Some(fast) = &mut self.fast {
                    fast.learn(Outcome {
                        executable: &executable,
                        units: &words.units,
                        inputs: &inputs,
                    });
                }
                self.inputs
                    .scripts_are_silent(words.scripts.silent_packages());
                self.take_note(self.inputs.learn(inputs, beginning.started));
                built(beginning, &executable, words.diagnostics, Maker::Cargo)
            }
            _ => self.failed(beginning, words),
        }
    }

    /// The same with the compiler alone; `None` where it is for cargo to do.
    fn build_without_cargo(&mut self, beginning: Beginning, group: &Group) -> Option<Event> {
        let fast = self.fast.as_mut()?;
        let link = fast
            .choose()
            .inspect_err(|doubt| log::debug!("by cargo: {doubt}"))
            .ok()?;
        let made = Self::run_compiler(fast, link, self.has_colors, group);
        let event = match made {
            Ok(None) => Some(Event::BuildCancelled(beginning.generation)),
            Ok(Some(words)) if words.is_good => match fast.finish() {
                Ok(made) => {
                    self.take_note(self.inputs.learn(made.inputs, beginning.started));
                    let maker = match link {
                        Link::Thin => Maker::ThinLink,
                        Link::Whole => Maker::Compiler,
                    };
                    log::debug!("without cargo ({maker:?}): {}", made.executable.display());
                    Some(built(beginning, &made.executable, words.diagnostics, maker))
                }
                Err(error) => {
                    log::debug!("by cargo after all: {error}");
                    None
                }
            },
            // The compiler's own words about the source. A linker's have no place in it.
            Ok(Some(words)) if blames_the_source(&words) => Some(self.failed(beginning, words)),
            Ok(Some(words)) => {
                log::debug!("by cargo after all: {words:?}");
                None
            }
            Err(error) => {
                log::debug!("by cargo after all: {error}");
                None
            }
        };
        if let Some(fast) = &self.fast {
            fast.tidy();
        }
        event
    }

    fn prime(&self) {
        if let Some(fast) = &self.fast {
            fast.prime();
        }
    }

    fn failed(&self, beginning: Beginning, words: Words) -> Event {
        self.take_note(self.inputs.build_failed(beginning.started));
        let report = BuildFailed {
            package: self.project.package.clone(),
            target: self.project.program.name().to_owned(),
            output: if has_errors(&words) {
                String::new()
            } else {
                words.stderr
            },
            diagnostics: words.diagnostics,
            elapsed: beginning.clock.elapsed(),
        };
        Event::BuildFailed {
            generation: beginning.generation,
            report: Arc::new(report),
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
    fn run_cargo(&mut self, group: &Group) -> io::Result<Option<Words>> {
        let mut command = self.command();
        if let Some(fast) = &mut self.fast {
            fast.watch_cargo(&mut command);
        }
        let done = group.run(&mut command, |process| self.listen(process))?;
        Ok(done.map(|(words, status)| Words {
            is_good: status.success(),
            ..words
        }))
    }

    /// Runs the compiler to its end; `None` where it was cancelled.
    fn run_compiler(
        fast: &FastPath,
        link: Link,
        has_colors: bool,
        group: &Group,
    ) -> io::Result<Option<Words>> {
        let mut command = fast.command(link, has_colors)?;
        command.stderr(Stdio::piped());
        let done = group.run(&mut command, |process| {
            let stderr = process.stderr.take();
            read_compiler(stderr.expect("the command above asks for it"))
        })?;
        Ok(done.map(|(words, status)| Words {
            is_good: status.success(),
            ..words
        }))
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
            .args(self.project.flags())
            .envs(progress::BAR)
            // Where the configuration of the package counts, wherever devserve was started.
            .current_dir(&self.project.package_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
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
        let mut package_dirs: HashMap<PackageId, PathBuf> = HashMap::new();
        for message in Message::parse_stream(BufReader::new(stdout)) {
            match message? {
                Message::CompilerArtifact(artifact)
                    if self.project.program.is(&artifact.target) =>
                {
                    words.executable = artifact.executable.map(PathBuf::from);
                }
                Message::CompilerArtifact(artifact) if is_local(&artifact.package_id) => {
                    words.scripts.compiled(&artifact);
                    let package_dir = package_dir(&artifact);
                    package_dirs.insert(artifact.package_id, package_dir.clone());
                    words.units.push(Unit::Crate {
                        files: artifact.filenames.into_iter().map(PathBuf::from).collect(),
                        package_dir,
                    });
                }
                Message::BuildScriptExecuted(script) if is_local(&script.package_id) => {
                    words.scripts.executed(&script);
                    // Its program was named before.
                    let package_dir = package_dirs.get(&script.package_id);
                    words.units.push(Unit::Script {
                        out_dir: script.out_dir.into(),
                        package_dir: package_dir.cloned().unwrap_or_default(),
                    });
                }
                Message::CompilerMessage(message) => {
                    if let Some(found) = diagnostics::from_cargo(&message.message) {
                        (self.progress)(Told::Found(&found));
                        words.diagnostics.push(found);
                    }
                }
                _ => {} // What comes of other people's crates, words of rustc plug-ins.
            }
        }
        put_errors_first(&mut words.diagnostics);
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

/// Whether the compiler refuses something that stands in a file.
fn blames_the_source(words: &Words) -> bool {
    words
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.level == Level::Error && !diagnostic.spans.is_empty())
}

/// What stops the build first, each kind in the compiler's order.
fn put_errors_first(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_key(|diagnostic| diagnostic.level != Level::Error);
}

fn built(
    beginning: Beginning,
    executable: &Path,
    diagnostics: Vec<Diagnostic>,
    maker: Maker,
) -> Event {
    let warnings = diagnostics.into_iter().map(|warning| warning.rendered);
    Event::Built {
        generation: beginning.generation,
        built: Built {
            executable: executable.into(),
            elapsed: beginning.clock.elapsed(),
            warnings: warnings.collect(),
            maker,
        },
    }
}

/// What the compiler says without cargo: one message to a line, as JSON.
fn read_compiler(stderr: impl Read) -> io::Result<Words> {
    let mut words = Words::default();
    for line in BufReader::new(stderr).split(b'\n') {
        let line = line?;
        match serde_json::from_slice(&line) {
            Ok(message) => words.diagnostics.extend(diagnostics::from_cargo(&message)),
            // News of files it has written, and words of who knows whom.
            Err(_) => {
                words.stderr.push_str(&String::from_utf8_lossy(&line));
                words.stderr.push('\n');
            }
        }
    }
    put_errors_first(&mut words.diagnostics);
    Ok(words)
}

/// Whether the package's source may be edited: it is no download.
fn is_local(package: &PackageId) -> bool {
    package.repr.contains("path+file:")
}

fn package_dir(artifact: &Artifact) -> PathBuf {
    let manifest: &Path = artifact.manifest_path.as_ref();
    manifest.parent().map(Path::to_owned).unwrap_or_default()
}

/// What cargo says the program is made of.
fn read_inputs(executable: &Path) -> HashSet<PathBuf> {
    let path = executable.with_extension("d");
    let read = DepInfo::read(&path, Path::new("/"));
    let info = read.unwrap_or_else(|error| {
        // Without it a save of a known source is still seen, once the build has failed or not.
        log::debug!("cannot read {}: {error}", path.display());
        DepInfo::default()
    });
    info.inputs.into_iter().collect()
}
