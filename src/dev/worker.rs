use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::dev::build::Builder;
use crate::dev::bulletin::Bulletin;
use crate::dev::child::{Child, Launch};
use crate::dev::event::{Built, Effect, Event};
use crate::dev::gate::Gate;
use crate::dev::generation::Generation;
use crate::dev::inputs::Inputs;
use crate::dev::last_words;
use crate::dev::notice::{Notice, Sink};
use crate::dev::project::Project;
use crate::dev::reload::ReloadHub;
use crate::dev::state::{Action, Death, Doing, State, step};
use crate::pages::{AppDied, BuildFailed};

/// How long a retired generation may go on answering what it had begun.
const GRACE: Duration = Duration::from_secs(5);
/// How long a process may take to end when asked.
const LAST_GRACE: Duration = Duration::from_secs(2);
/// How long a start may take before it is mentioned.
const SLOW_START: Duration = Duration::from_secs(5);
/// What makes an app ready, for a page that explains why one is not.
const AWAITED: &str = "devserve waits for READY=1 at NOTIFY_SOCKET, which devserve::run says when \
                       it accepts on the socket of LISTEN_FDS. Let main end in devserve::run, or \
                       do the same by hand. What main does before that takes its time.";
/// How long the page about a death at the start stays before a request tries again: long enough
/// that a browser's second request (its icon) does not.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Carries events to [`step`], and out what it decides: the one place where both meet the world.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) project: Arc<Project>,
    pub(crate) inputs: Arc<Inputs>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) hub: Arc<ReloadHub>,
    /// What those who wait are told.
    pub(crate) bulletin: Arc<Bulletin>,
    pub(crate) builder: Builder,
    pub(crate) launch: Launch,
    /// Where the app's processes and its own alarms send what happens.
    pub(crate) events: Sender<Event>,
    pub(crate) sink: Sink,
    /// The processes that have not ended; none at first.
    pub(crate) children: HashMap<Generation, Child>,
    /// What is due, in no order; nothing at first.
    pub(crate) alarms: Vec<(Instant, Alarm)>,
}

/// What is due at a time.
#[derive(Debug)]
pub(crate) enum Alarm {
    Tell(Event),
    Kill(Generation),
}

/// Whether the loop goes on.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Listen,
    Leave,
}

impl Worker {
    /// Works until it is told to stop and everything has ended. Every process is started on the
    /// thread that calls this, and none outlives it.
    pub(crate) fn run(mut self, heard: &Receiver<Event>) {
        let (mut state, actions) = State::begin();
        let mut next = self.perform_all(actions);
        while next == Next::Listen {
            let event = self.next_event(heard);
            if let Event::Exited { generation, .. } = &event {
                self.children.remove(generation);
            }
            log::debug!("{event:?}");
            let is_news_of_inputs = event.asks_for_a_build();
            let actions;
            (state, actions) = step(state, event);
            next = self.perform_all(actions);
            if is_news_of_inputs {
                // The gate is held by now: requests need not look out for this change any more.
                self.inputs.heard();
            }
        }
    }

    /// The next event: one that was sent, or one that is due.
    fn next_event(&mut self, heard: &Receiver<Event>) -> Event {
        loop {
            let due = self.alarms.iter().map(|(due, _)| *due).min();
            let waited = match due {
                Some(due) => heard.recv_timeout(due.saturating_duration_since(Instant::now())),
                None => heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match waited {
                Ok(event) => return event,
                Err(RecvTimeoutError::Timeout) => {
                    let alarm = self.alarms.iter().position(|(at, _)| Some(*at) == due);
                    match alarm.map(|at| self.alarms.swap_remove(at).1) {
                        Some(Alarm::Tell(event)) => return event,
                        Some(Alarm::Kill(generation)) => {
                            if let Some(child) = self.children.get(&generation) {
                                child.kill();
                            }
                        }
                        None => {}
                    }
                }
                // Not while we hold a sender ourselves.
                Err(RecvTimeoutError::Disconnected) => return Event::Stop,
            }
        }
    }

    fn perform_all(&mut self, actions: Vec<Action>) -> Next {
        for action in actions {
            log::debug!("{action:?}");
            if self.perform(action) == Next::Leave {
                return Next::Leave;
            }
        }
        Next::Listen
    }

    fn perform(&mut self, action: Action) -> Next {
        match action {
            Action::Hold(doing) => self.hold(doing),
            Action::Build(generation) => {
                self.sink.tell(Notice::Building {
                    target: self.project.title(),
                });
                self.bulletin.begin();
                self.builder.build(generation);
            }
            Action::CancelBuild => self.builder.cancel(),
            Action::Start {
                generation,
                executable,
            } => self.start(generation, &executable),
            Action::Open {
                generation,
                changed,
            } => {
                let Some(child) = self.children.get(&generation) else {
                    return Next::Listen;
                };
                let since = self.gate.progress().map(|progress| progress.since);
                self.gate.open(generation, child.socket());
                let browsers = self.hub.reload();
                let changed = changed
                    .into_iter()
                    .map(|path| self.project.relative(&path))
                    .collect();
                let elapsed = since.map_or(Duration::ZERO, |since| since.elapsed());
                self.sink.tell(Notice::Live {
                    changed,
                    elapsed,
                    browsers,
                });
            }
            Action::Refresh { path, effect } => self.refresh(&path, effect),
            Action::TellBuilt(built) => self.tell_built(built),
            Action::TellSlowStart => {
                self.bulletin.miss(AWAITED.to_owned());
                self.sink.tell(Notice::SlowStart {
                    target: self.project.title(),
                    elapsed: SLOW_START,
                });
            }
            Action::ExplainBuild(report) => self.explain_build(&report),
            Action::ExplainDeath {
                generation,
                how,
                stderr,
                when,
            } => {
                self.explain_death(generation, how, stderr, when);
            }
            Action::Retire(generation) => {
                self.gate.retire(generation);
                self.set_alarm(GRACE, Alarm::Tell(Event::Overstayed(generation)));
            }
            Action::End(generation) => {
                if let Some(child) = self.children.get(&generation) {
                    child.terminate();
                    self.set_alarm(LAST_GRACE, Alarm::Kill(generation));
                }
            }
            Action::Close => {
                self.sink.tell(Notice::Stopping);
                self.gate.close();
                self.hub.close();
            }
            Action::KillAll => {
                self.builder.cancel();
                self.children.clear();
            }
            Action::Finish => return Next::Leave,
        }
        Next::Listen
    }

    fn hold(&self, doing: Doing) {
        let verb = match doing {
            Doing::Building => "building",
            Doing::Starting | Doing::StartingAgain => "starting",
        };
        self.gate.hold(format!("{verb} {}", self.project.program));
        if doing == Doing::StartingAgain {
            self.sink.tell(Notice::Restarting {
                target: self.project.title(),
            });
        }
    }

    fn tell_built(&self, built: Built) {
        let known = self.bulletin.end().diagnostics;
        for warning in &built.warnings {
            if !known.iter().any(|known| known.rendered == *warning) {
                self.sink.tell(Notice::Found {
                    is_error: false,
                    rendered: warning.clone(),
                });
            }
        }
        self.sink.tell(Notice::Built {
            target: self.project.title(),
            elapsed: built.elapsed,
            warnings: built.warnings,
        });
    }

    fn start(&mut self, generation: Generation, executable: &Path) {
        self.bulletin.start(generation);
        match Child::start(&self.launch, generation, executable, self.events.clone()) {
            Ok(child) => {
                self.children.insert(generation, child);
                self.set_alarm(SLOW_START, Alarm::Tell(Event::Unready(generation)));
            }
            Err(error) => {
                let how = format!("not started: {}: {error}", executable.display());
                let exited = Event::Exited {
                    generation,
                    how,
                    stderr: Vec::new(),
                };
                self.set_alarm(Duration::ZERO, Alarm::Tell(exited));
            }
        }
    }

    fn refresh(&self, path: &Path, effect: Effect) {
        let browsers = match effect {
            Effect::Restyle(name) => self.hub.restyle(name),
            Effect::Refresh | Effect::Build => self.hub.reload(),
        };
        self.sink.tell(Notice::Refreshed {
            changed: vec![self.project.relative(path)],
            browsers,
        });
    }

    fn explain_build(&self, report: &BuildFailed) {
        self.gate.explain(Arc::new(report.page()));
        self.hub
            .broken(format!("Build failed: {}", summary(report)));
        let known = self.bulletin.end().diagnostics;
        for found in &report.diagnostics {
            // Not all that builds tells what it finds before it ends.
            if !known.iter().any(|known| known.rendered == found.rendered) {
                self.sink.tell(Notice::found(found));
            }
        }
        let errors = report.diagnostics.iter().filter(|found| found.is_error());
        self.sink.tell(Notice::BuildFailed {
            target: self.project.title(),
            errors: errors.count(),
            rendered: report.output.clone(),
        });
    }

    fn explain_death(&self, generation: Generation, how: String, stderr: Vec<String>, when: Death) {
        let (when_ready, pause) = match when {
            Death::AtStart => (false, RETRY_PAUSE),
            Death::WhileLive => (true, Duration::ZERO),
        };
        let target = self.project.title();
        let report = AppDied {
            target: target.clone(),
            how: how.clone(),
            meaning: last_words::meaning(&how).map(str::to_owned),
            panic: last_words::panic_in(&stderr, &self.project.workspace_root),
            stderr,
            when_ready,
        };
        self.gate.bury(generation, Arc::new(report.page()), pause);
        if when == Death::AtStart {
            let summary = format!("{target} ended before it was ready: {how}");
            self.hub.broken(summary);
        }
        self.sink.tell(Notice::Died {
            target,
            how,
            when_ready,
        });
    }

    fn set_alarm(&mut self, after: Duration, alarm: Alarm) {
        self.alarms.push((Instant::now() + after, alarm));
    }
}

/// The first error in one line, for a page that stays open.
fn summary(report: &BuildFailed) -> String {
    let first = report
        .diagnostics
        .iter()
        .find(|diagnostic| diagnostic.is_error());
    match first {
        Some(error) => match error.spans.iter().find(|span| span.is_primary) {
            Some(span) => format!("{}:{}: {}", span.file, span.line_start, error.message),
            None => error.message.clone(),
        },
        None => report
            .output
            .lines()
            .next()
            .unwrap_or("cargo gave up")
            .to_owned(),
    }
}
