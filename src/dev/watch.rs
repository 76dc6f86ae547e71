use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::dev::event::Event;
use crate::dev::inotify::{self, Refusal};
use crate::dev::inputs::{Inputs, Outlook};
use crate::dev::notice::{Notice, Sink};
use crate::dev::poll::Poll;

/// How long a file may be missing or half written before it is taken as it is. Nobody waits for
/// it who closes a file after writing it, or renames another in its place.
const PATIENCE: Duration = Duration::from_millis(50);

/// Watches the folders the app is made of, and reports changes that matter.
///
/// Each folder is watched by itself, because a package's folder holds others that change all the
/// time and say nothing (`target`, `.git`), and the system's watches are few. Where the system
/// does not tell of all changes, or has no watches left, the folder is looked at every so often.
#[derive(Debug)]
pub(crate) struct Watch {
    orders: Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Order {
    /// The system saw something.
    Seen(notify::Result<notify::Event>),
    /// Watch these as well.
    Add(Vec<PathBuf>),
    End,
}

impl Watch {
    /// Watches `paths`: folders with all in them, as far as it is not ignored, and files by
    /// their folder, because a file that is saved by renaming is another file.
    pub(crate) fn start(
        paths: Vec<PathBuf>,
        inputs: Arc<Inputs>,
        events: Sender<Event>,
        sink: Sink,
    ) -> io::Result<Self> {
        Self::start_with(system, PATIENCE, paths, inputs, events, sink)
    }

    fn start_with(
        system: impl FnOnce(Sender<Order>) -> notify::Result<RecommendedWatcher>,
        patience: Duration,
        paths: Vec<PathBuf>,
        inputs: Arc<Inputs>,
        events: Sender<Event>,
        sink: Sink,
    ) -> io::Result<Self> {
        let (orders, ordered) = mpsc::channel();
        let mut eye = Eye {
            system: None,
            watched: HashSet::new(),
            poll: Poll::default(),
            unsettled: HashMap::new(),
            patience,
            said: HashSet::new(),
            inputs,
            events,
            sink,
        };
        match system(orders.clone()) {
            Ok(system) => eye.system = Some(system),
            Err(error) => eye.complain(inotify::refusal(&error)),
        }
        let thread = thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || eye.watch(&ordered, &paths))?;
        Ok(Self {
            orders,
            thread: Some(thread),
        })
    }

    /// A handle that adds folders: the first build tells which ones the app is made of.
    pub(crate) fn adder(&self) -> impl Fn(Vec<PathBuf>) + Send + Sync + use<> {
        let orders = self.orders.clone();
        // Fails only where there is no watcher.
        move |folders| drop(orders.send(Order::Add(folders)))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Fails only where the thread has ended.
        let _ = self.orders.send(Order::End);
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// The system's own watching.
fn system(seen: Sender<Order>) -> notify::Result<RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading changes nothing, and builds and apps read a lot.
        if !event.as_ref().is_ok_and(|event| is_reading(event.kind)) {
            // Fails only where our thread has ended, and then nobody cares.
            drop(seen.send(Order::Seen(event)));
        }
    })
}

/// The watching thread's own things.
struct Eye {
    system: Option<RecommendedWatcher>,
    watched: HashSet<PathBuf>,
    poll: Poll,
    // Files that somebody may not have ended with, and when they are taken as they are.
    unsettled: HashMap<PathBuf, Instant>,
    patience: Duration,
    // What people were told, each once.
    said: HashSet<String>,
    inputs: Arc<Inputs>,
    events: Sender<Event>,
    sink: Sink,
}

impl Eye {
    fn watch(mut self, orders: &Receiver<Order>, paths: &[PathBuf]) {
        // What is there already is no news; what changes while we get here, the build's own check
        // of times finds.
        for path in paths {
            match path.parent() {
                Some(folder) if path.is_file() => self.add(folder),
                _ => self.add_tree(path, News::Old),
            }
        }
        loop {
            match self.next_order(orders) {
                Ok(Order::Seen(Ok(event))) => self.see(&event),
                Ok(Order::Seen(Err(error))) => log::debug!("the watcher says: {error}"),
                Ok(Order::Add(folders)) => {
                    for folder in folders {
                        self.add(&folder);
                    }
                    self.compare();
                }
                Ok(Order::End) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.look_at_what_is_due();
        }
    }

    fn next_order(&self, orders: &Receiver<Order>) -> Result<Order, RecvTimeoutError> {
        let due = self.unsettled.values().copied().chain(self.poll.due());
        match due.min() {
            Some(due) => orders.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn look_at_what_is_due(&mut self) {
        let now = Instant::now();
        for (path, _) in self.unsettled.extract_if(|_, due| *due <= now) {
            judge(&self.inputs, &self.events, &path);
        }
        if self.poll.due().is_some_and(|due| due <= now) {
            for path in self.poll.look() {
                self.see_path(&path, Stage::Replaced);
            }
        }
    }

    fn see(&mut self, event: &notify::Event) {
        if event.need_rescan() {
            // The system lost count.
            self.compare();
            for folder in self.watched.clone() {
                self.list(&folder, News::New);
            }
            return;
        }
        if let Some(stage) = stage(event.kind) {
            for path in &event.paths {
                self.see_path(path, stage);
            }
        }
    }

    fn see_path(&mut self, path: &Path, stage: Stage) {
        let is_dir = fs::symlink_metadata(path).is_ok_and(|facts| facts.is_dir());
        // Another folder of the same name has no watch yet, and one that was moved away tells
        // nothing of the files that went with it.
        let has_lost_a_folder = (stage != Stage::Touched || !is_dir) && self.forget_tree(path);
        if is_dir {
            self.add_tree(path, News::New);
        } else if stage == Stage::Done {
            self.unsettled.remove(path);
            judge(&self.inputs, &self.events, path);
        } else {
            let due = Instant::now() + self.patience;
            self.unsettled.entry(path.to_owned()).or_insert(due);
        }
        if has_lost_a_folder {
            self.compare();
        }
    }

    /// Compares what the app was built from with what is on disk.
    fn compare(&self) {
        while let Outlook::Changed(change) = self.inputs.look_out() {
            report(&self.events, change);
        }
    }

    /// Watches `folder` and those in it, each before it is listed: what was written before the
    /// watch was set makes no event.
    fn add_tree(&mut self, folder: &Path, news: News) {
        if self.watched.contains(folder) || self.inputs.is_ignored(folder) {
            return;
        }
        self.add(folder);
        self.list(folder, news);
    }

    fn add(&mut self, folder: &Path) {
        if self.watched.contains(folder) {
            return;
        }
        let refusal = match &mut self.system {
            Some(system) => match system.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => None,
                Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => return,
                Err(error) => Some(Some(inotify::refusal(&error))),
            },
            None => Some(None), // That was said at the start.
        };
        self.watched.insert(folder.to_owned());
        match (refusal, inotify::foreign(folder)) {
            (Some(refusal), _) => {
                self.poll.add(folder);
                if let Some(refusal) = refusal {
                    self.complain(refusal);
                }
            }
            // Besides: what is written from here, the system tells at once.
            (None, Some(name)) => {
                self.poll.add(folder);
                self.tell_once(name, || Notice::Polling {
                    reason: format!("{} is on {name}, where others may write", folder.display()),
                    help: None,
                });
            }
            (None, None) => {}
        }
    }

    /// Forgets `folder` and those in it, which the system does by itself; whether there were any.
    fn forget_tree(&mut self, folder: &Path) -> bool {
        let was_watched = self.watched.contains(folder);
        if was_watched {
            self.watched.retain(|path| !path.starts_with(folder));
            self.poll.forget_tree(folder);
        }
        was_watched
    }

    fn list(&mut self, folder: &Path, news: News) {
        // A folder that has gone again is listed empty.
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            // Not through links: they lead out of the package, or round in circles.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.add_tree(&path, news),
                Ok(kind) if kind.is_file() && news == News::New => {
                    judge(&self.inputs, &self.events, &path);
                }
                _ => {} // Links, sockets, what has gone.
            }
        }
    }

    fn complain(&mut self, refusal: Refusal) {
        let Refusal { reason, help } = refusal;
        self.tell_once(&reason.clone(), || Notice::Polling { reason, help });
    }

    fn tell_once(&mut self, key: &str, notice: impl FnOnce() -> Notice) {
        if self.said.insert(key.to_owned()) {
            self.sink.tell(notice());
        }
    }
}

fn judge(inputs: &Inputs, events: &Sender<Event>, path: &Path) {
    if let Some(change) = inputs.judge(path) {
        report(events, change);
    }
}

fn report(events: &Sender<Event>, change: Event) {
    // Fails only where the supervisor has ended.
    let _ = events.send(change);
}

/// Whether the files of a folder are news when it is first listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Old,
    New,
}

/// How far somebody is with changing what is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Written to, or given other permissions; there may be more to come.
    Touched,
    /// Made, removed or moved away. Most editors put another in its place.
    Replaced,
    /// Closed after it was written to, or moved here.
    Done,
}

/// What an event says about its paths, if it says anything new.
fn stage(kind: EventKind) -> Option<Stage> {
    match kind {
        kind if is_reading(kind) => None,
        // Both ends of a rename have had their own events.
        EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => None,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => {
            Some(Stage::Done)
        }
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => {
            Some(Stage::Replaced)
        }
        EventKind::Any | EventKind::Modify(_) | EventKind::Other => Some(Stage::Touched),
    }
}

/// Whether the event tells of no change: all access but the end of writing.
fn is_reading(kind: EventKind) -> bool {
    let is_end_of_writing = kind == EventKind::Access(AccessKind::Close(AccessMode::Write));
    kind.is_access() && !is_end_of_writing
}

#[cfg(test)]
mod tests;
