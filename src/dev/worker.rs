use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::dev::build::Builder;
use crate::dev::bulletin::Bulletin;
use crate::dev::child::{Child, Kind, Launch};
use crate::dev::conventions::says_address_is_taken;
use crate::dev::event::{Built, Effect, Event, Maker};
use crate::dev::gate::Gate;
use crate::dev::generation::Generation;
use crate::dev::inputs::Inputs;
use crate::dev::last_words;
use crate::dev::notice::{Notice, Sink};
use crate::dev::reload::ReloadHub;
use crate::dev::state::{Action, Death, Doing, Job, State, step};
use crate::dev::target::Served;
use crate::dev::upstream::{Habit, Reached, Tenancy, Upstream};
use crate::pages::{AppDied, BuildFailed};

/// How long a retired generation may go on with answers that have no end of their own, and with
/// all others where somebody waits for its end.
const GRACE: Duration = Duration::from_secs(5);
/// How long it may go on with those that have an end, such as one stopped in a debugger.
const LONG_GRACE: Duration = Duration::from_secs(120);
/// How long a process may take to end when asked.
const LAST_GRACE: Duration = Duration::from_secs(2);
/// How long a start may take before it is mentioned.
const SLOW_START: Duration = Duration::from_secs(5);
/// What makes an app ready, for a page that explains why one is not.
const AWAITED_OF_OWN: &str = "devserve waits for READY=1 at NOTIFY_SOCKET, which devserve::run \
                              says when it accepts on the socket of LISTEN_FDS. Let main end in \
                              devserve::run, or do the same by hand. What main does before that \
                              takes its time.";
const AWAITED_OF_STRANGERS: &str = "devserve waits for the app to listen: on the socket of \
                                    LISTEN_FDS, at PORT, or anywhere else. What main does before \
                                    that takes its time.";
/// How long the page about a death at the start stays before a request tries again: long enough
/// that a browser's second request (its icon) does not.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Carries events to [`step`], and out what it decides: the one place where both meet the world.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) served: Arc<Served>,
    pub(crate) inputs: Arc<Inputs>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) hub: Arc<ReloadHub>,
    /// What those who wait are told.
    pub(crate) bulletin: Arc<Bulletin>,
    /// What builds; none where there is nothing to be built.
    pub(crate) builder: Option<Builder>,
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
    Hurry(Generation),
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
            match &event {
                Event::Exited { generation, .. } => drop(self.children.remove(generation)),
                Event::Ready { reached, .. } => self.launch.habit = reached.habit,
                _ => {} // no business of a process
            }
            log::debug!("{event:?}");
            let is_news_of_inputs = event.asks_for_another_app();
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
                        Some(Alarm::Hurry(generation)) => self.gate.hurry(generation),
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
            Action::Build(job) => self.build(job),
            Action::Prime => self.prime(),
            Action::CancelBuild => self.cancel_build(),
            Action::Start {
                generation,
                executable,
            } => self.start(generation, &executable),
            Action::Open {
                generation,
                upstream,
                changed,
            } => {
                let since = self.gate.progress().map(|progress| progress.since);
                self.tell_where(&upstream);
                // In this order: a request that was held must not get a page that takes itself for
                // older than it is. Those who ask again at once are held for that long.
                let browsers = self.hub.reload();
                self.gate.open(generation, upstream);
                let changed = changed
                    .into_iter()
                    .map(|path| self.served.relative(&path))
                    .collect();
                let elapsed = since.map_or(Duration::ZERO, |since| since.elapsed());
                self.sink.tell(Notice::Live {
                    changed,
                    elapsed,
                    browsers,
                });
            }
            Action::Reroute {
                generation,
                upstream,
            } => {
                self.tell_where(&upstream);
                self.gate.open(generation, upstream);
                self.hub.reload();
            }
            Action::Refresh { path, effect } => self.refresh(&path, effect),
            Action::TellBuilt(built) => self.tell_built(built),
            Action::TellSlowStart => {
                self.bulletin.miss(self.awaited());
                self.sink.tell(Notice::SlowStart {
                    target: self.served.title(),
                    elapsed: SLOW_START,
                });
            }
            Action::TellSole(upstream) => self.sink.tell(Notice::Sole {
                target: self.served.title(),
                at: upstream.to_string(),
            }),
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
                self.set_alarm(GRACE, Alarm::Hurry(generation));
                self.set_alarm(LONG_GRACE, Alarm::Tell(Event::Overstayed(generation)));
            }
            Action::Hurry(generation) => {
                self.gate.hurry(generation);
                self.set_alarm(GRACE, Alarm::Tell(Event::Overstayed(generation)));
            }
            Action::End(generation) => match self.children.get(&generation) {
                Some(child) => {
                    child.terminate();
                    self.set_alarm(LAST_GRACE, Alarm::Kill(generation));
                }
                // What is elsewhere is not ours to end. For one that has not been started, or
                // has ended, this is no news.
                None => self.send(Event::Exited {
                    generation,
                    how: "left alone".to_owned(),
                    stderr: Vec::new(),
                }),
            },
            Action::Close => {
                self.sink.tell(Notice::Stopping);
                self.gate.close();
                self.hub.close();
                for generation in self.children.keys().copied().collect::<Vec<_>>() {
                    self.set_alarm(GRACE, Alarm::Tell(Event::Overstayed(generation)));
                }
            }
            Action::KillAll => {
                self.cancel_build();
                self.children.clear();
            }
            Action::Finish => return Next::Leave,
        }
        Next::Listen
    }

    fn build(&self, job: Job) {
        match &self.builder {
            Some(builder) => {
                self.sink.tell(Notice::Building {
                    target: self.served.title(),
                });
                self.bulletin.begin();
                builder.build(job);
            }
            // There is nothing to it; the rest of the story is the same.
            None => self.send(Event::Built {
                generation: job.generation,
                built: Built {
                    executable: Path::new("").into(),
                    maker: Maker::Cargo,
                    elapsed: Duration::ZERO,
                    warnings: Vec::new(),
                },
            }),
        }
    }

    fn prime(&self) {
        if let Some(builder) = &self.builder {
            builder.prime();
        }
    }

    fn cancel_build(&self) {
        if let Some(builder) = &self.builder {
            builder.cancel();
        }
    }

    fn tell_built(&self, built: Built) {
        if self.builder.is_none() {
            return;
        }
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
            target: self.served.title(),
            elapsed: built.elapsed,
            warnings: built.warnings,
        });
    }

    /// What makes the app ready, in words.
    fn awaited(&self) -> String {
        match self.launch.kind {
            Kind::Own => AWAITED_OF_OWN,
            Kind::Stranger | Kind::Command(_) => AWAITED_OF_STRANGERS,
        }
        .to_owned()
    }

    fn tell_where(&self, upstream: &Upstream) {
        if !matches!(upstream, Upstream::Own(_)) {
            self.sink.tell(Notice::Listening {
                target: self.served.title(),
                at: upstream.to_string(),
            });
        }
    }

    fn send(&self, event: Event) {
        // Not while we hold the other end ourselves.
        let _ = self.events.send(event);
    }

    fn hold(&self, doing: Doing) {
        let verb = match doing {
            Doing::Building if self.builder.is_some() => "building",
            Doing::Building | Doing::Starting | Doing::StartingAgain => "starting",
        };
        self.gate.hold(format!("{verb} {}", self.served.title()));
        if doing == Doing::StartingAgain {
            self.sink.tell(Notice::Restarting {
                target: self.served.title(),
            });
        }
    }

    fn start(&mut self, generation: Generation, executable: &Path) {
        if let Served::Elsewhere { server, .. } = &*self.served {
            let upstream = Upstream::Elsewhere(Arc::clone(server));
            let reached = Reached {
                upstream,
                tenancy: Tenancy::Shared,
                habit: Habit::Unknown,
            };
            return self.send(Event::Ready {
                generation,
                reached,
            });
        }
        self.bulletin.start(generation);
        match Child::start(&self.launch, generation, executable, self.events.clone()) {
            Ok(child) => {
                self.children.insert(generation, child);
                self.set_alarm(SLOW_START, Alarm::Tell(Event::Unready(generation)));
            }
            Err(error) => {
                let is_ours = |error: &io::Error| error.get_ref().is_some();
                let how = match is_ours(&error) {
                    true => format!("not started: {error}"), // It names a file itself.
                    false => format!("not started: {}: {error}", executable.display()),
                };
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
            Effect::Refresh | Effect::Restart | Effect::Build => self.hub.reload(),
        };
        self.sink.tell(Notice::Refreshed {
            changed: vec![self.served.relative(path)],
            browsers,
        });
    }

    fn explain_build(&self, report: &BuildFailed) {
        let page = Arc::new(report.page());
        self.gate.explain(Arc::clone(&page));
        self.hub
            .broken(format!("Build failed: {}", summary(report)), page);
        let known = self.bulletin.end().diagnostics;
        for found in &report.diagnostics {
            // Not all that builds tells what it finds before it ends.
            if !known.iter().any(|known| known.rendered == found.rendered) {
                self.sink.tell(Notice::found(found));
            }
        }
        let failed = Notice::build_failed(self.served.title(), report);
        self.sink.tell(failed);
    }

    fn explain_death(&self, generation: Generation, how: String, stderr: Vec<String>, when: Death) {
        let (when_ready, pause) = match when {
            Death::AtStart => (false, RETRY_PAUSE),
            Death::WhileLive => (true, Duration::ZERO),
        };
        let target = self.served.title();
        let met_another = !when_ready && says_address_is_taken(stderr.iter().map(String::as_str));
        let report = AppDied {
            target: target.clone(),
            how: how.clone(),
            meaning: last_words::meaning(&how).map(str::to_owned),
            panic: last_words::panic_in(&stderr, self.served.root()),
            stderr,
            when_ready,
        };
        let page = Arc::new(report.page());
        self.gate.bury(generation, Arc::clone(&page), pause);
        if when == Death::AtStart {
            let summary = format!("{target} ended before it was ready: {how}");
            self.hub.broken(summary, page);
        }
        self.sink.tell(Notice::Died {
            target,
            how,
            when_ready,
        });
        if met_another {
            self.sink.tell(Notice::AddressTaken);
        }
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
