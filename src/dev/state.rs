use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dev::conventions::says_address_is_taken;
use crate::dev::event::{Built, Effect, Event, Maker};
use crate::dev::generation::Generation;
use crate::dev::upstream::{Reached, Tenancy, Upstream};
use crate::pages::BuildFailed;

/// What the supervisor knows about the build, the app and those it replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    phase: Phase,
    // The number given last.
    newest: Generation,
    // Files whose change led to what is being built now, in the order they were seen.
    changed: Vec<PathBuf>,
    // Whether someone asked for it, too.
    is_asked: bool,
    // Every process of ours that has not ended yet, the current one included.
    alive: Vec<Generation>,
    // Those of them that may still answer what they had begun.
    retiring: Vec<Generation>,
    // Whether the newest generation that was ready leaves room for another.
    tenancy: Tenancy,
    // Whether one has met another at an address, so that both never run again side by side.
    has_clashed: bool,
    // What made the program that was built last.
    maker: Maker,
    thin_link: ThinLink,
}

/// Whether programs that were linked in our own way can be trusted to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ThinLink {
    /// None has died before it was ready.
    Trusted,
    /// One has, and cargo is to show whether it is the source's fault.
    Suspect,
    /// It was not.
    Guilty,
}

/// One build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) generation: Generation,
    /// Files whose change led to it.
    pub(crate) changed: Vec<PathBuf>,
    pub(crate) way: Way,
}

/// Which ways a build may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The fastest that is sure to be right.
    Any,
    /// Through cargo.
    Cargo,
}

/// Where the newest generation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// cargo runs.
    Building,
    /// cargo was told to end, because what it reads has changed; the next build waits for that.
    Cancelling,
    /// The app is built, and what it replaces has to end first: both want the same address.
    Vacating { executable: Arc<Path> },
    /// The app runs, and it is not known yet that it accepts requests.
    Starting { executable: Arc<Path> },
    /// The app serves.
    Live { executable: Arc<Path> },
    /// The build failed: nothing runs until a file changes.
    Broken,
    /// The app died: nothing runs until a file changes or a request comes.
    Fallen { executable: Arc<Path> },
    /// Everything ends; `is_building` while a build has yet to.
    Stopping { is_building: bool },
    /// Nothing is left.
    Done,
}

/// What the supervisor does next. Each is small, and none waits.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// Let requests wait.
    Hold(Doing),
    /// Begin a build.
    Build(Job),
    /// Use the time until the next build to prepare for it.
    Prime,
    /// End the running build and all its processes.
    CancelBuild,
    /// Start the app.
    Start {
        generation: Generation,
        executable: Arc<Path>,
    },
    /// Let requests pass to this generation, and tell browsers.
    Open {
        generation: Generation,
        upstream: Upstream,
        changed: Vec<PathBuf>,
    },
    /// Let them pass to another place of the generation that gets them.
    Reroute {
        generation: Generation,
        upstream: Upstream,
    },
    /// Tell browsers about a file that needs no build.
    Refresh { path: PathBuf, effect: Effect },
    /// Say that a build ended well.
    TellBuilt(Built),
    /// Say that the app takes its time to start.
    TellSlowStart,
    /// Say that each generation has to end before the next one begins, as they all listen here.
    TellSole(Upstream),
    /// Answer requests with the compiler's words.
    ExplainBuild(Arc<BuildFailed>),
    /// Answer requests with how the app died.
    ExplainDeath {
        generation: Generation,
        how: String,
        stderr: Vec<String>,
        when: Death,
    },
    /// Give this generation no more requests, and some time to finish those it has.
    Retire(Generation),
    /// Give it none for answers without an end: the next generation waits.
    Hurry(Generation),
    /// Ask the process to end; if it does not, make it.
    End(Generation),
    /// Take no more requests at all.
    Close,
    /// Kill whatever still runs.
    KillAll,
    /// Leave the loop.
    Finish,
}

/// What held requests wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Building,
    Starting,
    /// Starting what has died before.
    StartingAgain,
}

/// When an app died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    AtStart,
    WhileLive,
}

impl State {
    /// The state in which the first build runs, and what to do to get there.
    pub(crate) fn begin() -> (Self, Vec<Action>) {
        let state = Self {
            phase: Phase::Building,
            newest: Generation::FIRST,
            changed: Vec::new(),
            is_asked: false,
            alive: Vec::new(),
            retiring: Vec::new(),
            tenancy: Tenancy::Shared,
            has_clashed: false,
            maker: Maker::Cargo,
            thin_link: ThinLink::Trusted,
        };
        let job = state.job();
        (state, vec![Action::Build(job)])
    }

    fn step(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Changed {
                path,
                effect: Effect::Build,
            } => self.rebuild(Some(path)),
            Event::Changed {
                path,
                effect: Effect::Restart,
            } => self.restart(path),
            Event::Changed { path, effect } => match self.phase {
                Phase::Live { .. } => vec![Action::Refresh { path, effect }],
                // Whatever comes next makes browsers reload anyway.
                _ => Vec::new(),
            },
            Event::Built { generation, .. }
            | Event::BuildFailed { generation, .. }
            | Event::BuildCancelled(generation)
            | Event::Ready { generation, .. }
            | Event::Unready(generation)
                if generation != self.newest =>
            {
                Vec::new()
            }
            Event::Built { built, .. } => self.built(built),
            Event::BuildFailed { report, .. } => self.build_failed(report),
            Event::BuildCancelled(_) => self.build_gone(),
            Event::Ready { reached, .. } => self.ready(reached),
            Event::Unready(_) => match self.phase {
                Phase::Starting { .. } => vec![Action::TellSlowStart],
                _ => Vec::new(), // It was ready, or died, in the meantime.
            },
            Event::Exited {
                generation,
                how,
                stderr,
            } => self.exited(generation, how, stderr),
            Event::Drained(generation) | Event::Overstayed(generation) => self.end(generation),
            Event::Asked => {
                self.is_asked = true;
                self.rebuild(None)
            }
            Event::Wanted => self.wanted(),
            Event::Stop => self.stop(),
        }
    }

    /// Builds anew, because of `path` or because someone asks for it.
    fn rebuild(&mut self, path: Option<PathBuf>) -> Vec<Action> {
        if matches!(self.phase, Phase::Stopping { .. } | Phase::Done) {
            return Vec::new();
        }
        if let Some(path) = path {
            self.note(path);
        }
        if self.thin_link == ThinLink::Suspect {
            // What comes is another program: it cannot tell about the one that died.
            self.thin_link = ThinLink::Trusted;
        }
        match self.phase {
            Phase::Cancelling => Vec::new(),
            Phase::Building => {
                self.phase = Phase::Cancelling;
                vec![Action::CancelBuild]
            }
            Phase::Starting { .. } | Phase::Live { .. } => {
                let mut actions = vec![Action::Hold(Doing::Building)];
                actions.extend(self.retire());
                actions.push(self.build());
                actions
            }
            Phase::Broken | Phase::Vacating { .. } | Phase::Fallen { .. } => {
                vec![Action::Hold(Doing::Building), self.build()]
            }
            Phase::Stopping { .. } | Phase::Done => unreachable!("returned above"),
        }
    }

    /// Starts anew what is built, because it reads `path` when it starts.
    fn restart(&mut self, path: PathBuf) -> Vec<Action> {
        let executable = match &self.phase {
            Phase::Starting { executable }
            | Phase::Live { executable }
            | Phase::Fallen { executable } => Arc::clone(executable),
            // Whatever keeps the build from succeeding may be in that file, too.
            Phase::Broken => return self.rebuild(Some(path)),
            // What is being built, or waits for its turn, will read it.
            Phase::Building | Phase::Cancelling | Phase::Vacating { .. } => {
                self.note(path);
                return Vec::new();
            }
            Phase::Stopping { .. } | Phase::Done => return Vec::new(),
        };
        self.note(path);
        // Held before the old one retires: no request is between them.
        let retire = self.retire();
        self.newest = self.newest.next();
        let mut actions = self.start(executable, Doing::Starting);
        actions.splice(1..1, retire);
        actions
    }

    fn note(&mut self, changed: PathBuf) {
        if !self.changed.contains(&changed) {
            self.changed.push(changed);
        }
    }

    fn build(&mut self) -> Action {
        self.newest = self.newest.next();
        self.phase = Phase::Building;
        Action::Build(self.job())
    }

    fn job(&self) -> Job {
        Job {
            generation: self.newest,
            changed: self.changed.clone(),
            way: match self.thin_link {
                // Who asks without having changed anything doubts what was built.
                ThinLink::Trusted if self.is_asked => Way::Cargo,
                ThinLink::Trusted => Way::Any,
                ThinLink::Suspect | ThinLink::Guilty => Way::Cargo,
            },
        }
    }

    fn built(&mut self, built: Built) -> Vec<Action> {
        match self.phase {
            Phase::Building => {
                let executable = Arc::clone(&built.executable);
                self.maker = built.maker;
                let mut actions = vec![Action::TellBuilt(built)];
                actions.extend(self.start(executable, Doing::Starting));
                actions
            }
            _ => self.build_gone(),
        }
    }

    fn build_failed(&mut self, report: Arc<BuildFailed>) -> Vec<Action> {
        match self.phase {
            Phase::Building => {
                self.phase = Phase::Broken;
                self.changed.clear();
                self.is_asked = false;
                vec![Action::ExplainBuild(report)]
            }
            _ => self.build_gone(),
        }
    }

    /// The running build ended, and its result no longer matters.
    fn build_gone(&mut self) -> Vec<Action> {
        match self.phase {
            Phase::Cancelling => vec![self.build()],
            Phase::Stopping { .. } => {
                self.phase = Phase::Stopping { is_building: false };
                self.finish_if_alone()
            }
            _ => Vec::new(), // No build was running.
        }
    }

    /// Starts a new generation, or has the old ones end so that it can be.
    fn start(&mut self, executable: Arc<Path>, doing: Doing) -> Vec<Action> {
        let is_sole = self.has_clashed || self.tenancy == Tenancy::Sole;
        if is_sole && !self.alive.is_empty() {
            self.phase = Phase::Vacating { executable };
            let hurry = self.retiring.iter().map(|old| Action::Hurry(*old));
            return [Action::Hold(doing)].into_iter().chain(hurry).collect();
        }
        self.phase = Phase::Starting {
            executable: Arc::clone(&executable),
        };
        self.alive.push(self.newest);
        vec![
            Action::Hold(doing),
            Action::Start {
                generation: self.newest,
                executable,
            },
        ]
    }

    fn ready(&mut self, reached: Reached) -> Vec<Action> {
        let Reached {
            upstream, tenancy, ..
        } = reached;
        let generation = self.newest;
        let is_first = matches!(self.phase, Phase::Starting { .. });
        let mut actions = match &self.phase {
            Phase::Starting { executable } => {
                self.phase = Phase::Live {
                    executable: Arc::clone(executable),
                };
                vec![Action::Open {
                    generation,
                    upstream: upstream.clone(),
                    changed: std::mem::take(&mut self.changed),
                }]
            }
            Phase::Live { .. } => vec![Action::Reroute {
                generation,
                upstream: upstream.clone(),
            }],
            _ => return Vec::new(), // It is on its way out, or has died.
        };
        self.is_asked = false;
        if self.thin_link == ThinLink::Suspect {
            self.thin_link = ThinLink::Guilty;
        }
        let had = std::mem::replace(&mut self.tenancy, tenancy);
        if had == Tenancy::Shared && tenancy == Tenancy::Sole {
            actions.push(Action::TellSole(upstream));
        }
        if is_first && self.maker != Maker::ThinLink {
            actions.push(Action::Prime);
        }
        actions
    }

    fn exited(&mut self, generation: Generation, how: String, stderr: Vec<String>) -> Vec<Action> {
        self.alive.retain(|alive| *alive != generation);
        self.retiring.retain(|retiring| *retiring != generation);
        let (executable, when) = match &self.phase {
            Phase::Starting { executable } => (executable, Death::AtStart),
            Phase::Live { executable } => (executable, Death::WhileLive),
            Phase::Vacating { executable } if self.alive.is_empty() => {
                let executable = Arc::clone(executable);
                return self.start(executable, Doing::Starting);
            }
            Phase::Stopping { .. } => return self.finish_if_alone(),
            _ => return Vec::new(), // It was asked to.
        };
        if generation != self.newest {
            return Vec::new();
        }
        let says_taken = || says_address_is_taken(stderr.iter().map(String::as_str));
        if !self.alive.is_empty() && says_taken() {
            // By one of those that are still there.
            let executable = Arc::clone(executable);
            self.has_clashed = true;
            self.newest = self.newest.next();
            return self.start(executable, Doing::Starting);
        }
        if when == Death::AtStart && self.maker == Maker::ThinLink {
            self.thin_link = ThinLink::Suspect;
            return vec![Action::Hold(Doing::Building), self.build()];
        }
        if self.thin_link == ThinLink::Suspect {
            // cargo's program has died as well.
            self.thin_link = ThinLink::Trusted;
        }
        self.phase = Phase::Fallen {
            executable: Arc::clone(executable),
        };
        self.changed.clear();
        vec![Action::ExplainDeath {
            generation,
            how,
            stderr,
            when,
        }]
    }

    /// Starts what died. Only a request does that, so an app that always dies is started as
    /// often as somebody asks for it, and no more.
    fn wanted(&mut self) -> Vec<Action> {
        let Phase::Fallen { executable } = &self.phase else {
            return Vec::new();
        };
        let executable = Arc::clone(executable);
        self.newest = self.newest.next();
        self.start(executable, Doing::StartingAgain)
    }

    /// Sends the current process on its way out.
    fn retire(&mut self) -> Option<Action> {
        let generation = self.newest;
        match self.phase {
            Phase::Live { .. } => {
                self.retiring.push(generation);
                Some(Action::Retire(generation))
            }
            // It has been given no request.
            Phase::Starting { .. } => Some(Action::End(generation)),
            _ => None, // Nothing runs.
        }
    }

    fn end(&mut self, generation: Generation) -> Vec<Action> {
        let Some(at) = self
            .retiring
            .iter()
            .position(|retiring| *retiring == generation)
        else {
            return Vec::new();
        };
        self.retiring.remove(at);
        vec![Action::End(generation)]
    }

    fn stop(&mut self) -> Vec<Action> {
        if let Phase::Stopping { .. } = self.phase {
            self.phase = Phase::Done;
            return vec![Action::KillAll, Action::Finish];
        }
        let is_building = matches!(self.phase, Phase::Building | Phase::Cancelling);
        let mut actions = vec![Action::Close];
        if self.phase == Phase::Building {
            actions.push(Action::CancelBuild);
        }
        actions.extend(self.retire());
        self.phase = Phase::Stopping { is_building };
        actions.extend(self.finish_if_alone());
        actions
    }

    fn finish_if_alone(&mut self) -> Vec<Action> {
        if self.phase == (Phase::Stopping { is_building: false }) && self.alive.is_empty() {
            self.phase = Phase::Done;
            return vec![Action::Finish];
        }
        Vec::new()
    }
}

/// What follows from an event: the whole policy of `devserve run`, without a clock, a process
/// or a file.
pub(crate) fn step(mut state: State, event: Event) -> (State, Vec<Action>) {
    let actions = state.step(event);
    (state, actions)
}

#[cfg(test)]
mod tests;
