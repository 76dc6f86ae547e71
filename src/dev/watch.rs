use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::dev::event::Event;
use crate::dev::inputs::{Inputs, Outlook};
use crate::dev::notice::{Notice, Sink};

/// Watches the folders the app is made of, and reports changes that matter.
///
/// Each folder is watched by itself, because a package's folder holds others that change all the
/// time and say nothing (`target`, `.git`), and the system's watches are few.
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
        let (orders, ordered) = mpsc::channel();
        let seen = orders.clone();
        // Fails only where our thread has ended, and then nobody cares.
        let hear = move |event| drop(seen.send(Order::Seen(event)));
        let mut watcher = match notify::recommended_watcher(hear) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                sink.tell(Notice::Unwatched {
                    reason: error.to_string(),
                });
                None
            }
        };
        let watching = move || {
            let mut eye = Eye {
                watched: HashSet::new(),
                is_whole: true,
                inputs,
                events,
                sink,
            };
            if let Some(watcher) = &mut watcher {
                eye.watch(watcher, ordered, &paths);
            }
        };
        let thread = thread::Builder::new()
            .name("watch".to_owned())
            .spawn(watching)?;
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

/// The watching thread's own things.
struct Eye {
    watched: HashSet<PathBuf>,
    // Whether every folder could be watched so far.
    is_whole: bool,
    inputs: Arc<Inputs>,
    events: Sender<Event>,
    sink: Sink,
}

impl Eye {
    fn watch(
        &mut self,
        watcher: &mut RecommendedWatcher,
        orders: Receiver<Order>,
        paths: &[PathBuf],
    ) {
        // What is there already is no news; what changes while we get here, the build's own check
        // of times finds.
        for path in paths {
            match path.parent() {
                Some(folder) if path.is_file() => self.add(watcher, folder),
                _ => self.add_tree(watcher, path, News::Old),
            }
        }
        for order in orders {
            match order {
                Order::Seen(Ok(event)) => self.see(watcher, &event),
                Order::Seen(Err(error)) => log::debug!("the watcher says: {error}"),
                Order::Add(folders) => {
                    for folder in folders {
                        self.add(watcher, &folder);
                    }
                    self.compare();
                }
                Order::End => return,
            }
        }
    }

    fn see(&mut self, watcher: &mut RecommendedWatcher, event: &notify::Event) {
        if event.need_rescan() {
            // The system lost count.
            self.compare();
            for folder in self.watched.clone() {
                self.list(watcher, &folder, News::New);
            }
            return;
        }
        if matches!(event.kind, EventKind::Access(_)) {
            return; // Reading changes nothing, and builds read a lot.
        }
        // A rename names both its ends, in one event or in two.
        for path in &event.paths {
            if path.is_dir() {
                self.add_tree(watcher, path, News::New);
            } else {
                self.watched.remove(path);
                self.judge(path);
            }
        }
    }

    /// Compares what the app was built from with what is on disk.
    fn compare(&self) {
        while let Outlook::Changed(change) = self.inputs.look_out() {
            self.report(change);
        }
    }

    /// Watches `folder` and those in it, each before it is listed: what was written before the
    /// watch was set makes no event.
    fn add_tree(&mut self, watcher: &mut RecommendedWatcher, folder: &Path, news: News) {
        if self.watched.contains(folder) || self.inputs.is_ignored(folder) {
            return;
        }
        self.add(watcher, folder);
        self.list(watcher, folder, news);
    }

    fn add(&mut self, watcher: &mut RecommendedWatcher, folder: &Path) {
        if self.watched.contains(folder) {
            return;
        }
        match watcher.watch(folder, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.watched.insert(folder.to_owned());
            }
            Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => {}
            Err(error) => {
                log::debug!("cannot watch {}: {error}", folder.display());
                if std::mem::replace(&mut self.is_whole, false) {
                    self.sink.tell(Notice::Unwatched {
                        reason: error.to_string(),
                    });
                }
            }
        }
    }

    fn list(&mut self, watcher: &mut RecommendedWatcher, folder: &Path, news: News) {
        // A folder that has gone again is listed empty.
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            // Not through links: they lead out of the package, or round in circles.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.add_tree(watcher, &path, news),
                Ok(kind) if kind.is_file() && news == News::New => self.judge(&path),
                _ => {} // Links, sockets, what has gone.
            }
        }
    }

    fn judge(&self, path: &Path) {
        if let Some(change) = self.inputs.judge(path) {
            self.report(change);
        }
    }

    fn report(&self, change: Event) {
        // Fails only where the supervisor has ended.
        let _ = self.events.send(change);
    }
}

/// Whether the files of a folder are news when it is first listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Old,
    New,
}
