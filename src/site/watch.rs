use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ::ignore::gitignore::Gitignore;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::dev::ignore;
use crate::dev::inotify::{self, Refusal};
use crate::dev::reload::{self, ReloadHub};
use crate::dev::{Notice, Sink};
use crate::security::{path_of_bytes, plain_path};
use crate::site::files::is_hidden;

/// How long it has to be quiet until pages are told: a save is several events, and a build writes
/// many files.
const QUIET: Duration = Duration::from_millis(50);
/// How long they wait at most.
const PATIENCE: Duration = Duration::from_millis(500);

/// Watches the folders that pages came from, and tells pages what changes there.
///
/// A folder is watched from the first request for something in it on. So nothing is walked at the
/// start, however much there is, and no watch is spent on what nobody looks at.
#[derive(Debug)]
pub(super) struct Watch {
    root: PathBuf,
    // `None` where the system has no watcher to give, and after the end.
    watcher: Mutex<Option<RecommendedWatcher>>,
    // Whether it was said that a folder cannot be watched.
    failure_said: AtomicBool,
    watched: Arc<Mutex<HashSet<PathBuf>>>,
    sink: Sink,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// A watch on nothing yet. `root` is absolute, without links; `sees_hidden` says whether
    /// names with a dot before them are served, and so matter.
    pub(super) fn start(
        root: &Path,
        sees_hidden: bool,
        hub: Arc<ReloadHub>,
        sink: Sink,
    ) -> io::Result<Self> {
        let (seen, events) = mpsc::channel();
        // Fails only where our thread has ended, and then nobody cares.
        let watcher = notify::recommended_watcher(move |event| drop(seen.send(event)));
        let watcher = watcher
            .inspect_err(|error| sink.tell(unwatched(error)))
            .ok();
        let watched = Arc::default();
        let filter = Filter {
            root: root.to_owned(),
            sees_hidden,
            editors: ignore::never(root, &[]).map_err(io::Error::other)?,
        };
        let mut teller = Teller {
            filter,
            watched: Arc::clone(&watched),
            hub,
            sink: sink.clone(),
        };
        let thread = thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || teller.run(&events))?;
        Ok(Self {
            root: root.to_owned(),
            watcher: Mutex::new(watcher),
            failure_said: AtomicBool::new(false),
            watched,
            sink,
            thread: Some(thread),
        })
    }

    /// Watches, from now on, the folders from the root to what `path` asks for, as far as they
    /// are there. What is not there may come.
    pub(super) fn attend(&self, path: &[u8]) {
        // The folder that the root is in: there one sees the root come again after it was gone.
        let above = self.root.parent();
        above.into_iter().for_each(|folder| self.add(folder));
        let path = path.strip_prefix(b"/").unwrap_or(path);
        let asked = plain_path(path).and_then(|path| Some(self.root.join(path_of_bytes(&path)?)));
        let Some(asked) = asked else {
            return;
        };
        self.add_all(&asked);
        // Behind a link, the file is in another folder; or will be, if it is not there yet.
        let real = asked.ancestors().find_map(|path| path.canonicalize().ok());
        if let Some(real) = real.filter(|real| *real != asked) {
            self.add_all(&real);
        }
    }

    /// Watches what are folders on the way to `path`, down to the first link: that may lead out
    /// of the root, or round in a circle, where every path is a folder.
    fn add_all(&self, path: &Path) {
        let inside = |folder: &&Path| folder.starts_with(&self.root);
        let folders: Vec<&Path> = path.ancestors().take_while(inside).collect();
        for folder in folders.into_iter().rev() {
            if !folder.symlink_metadata().is_ok_and(|facts| facts.is_dir()) {
                return;
            }
            self.add(folder);
        }
    }

    fn add(&self, folder: &Path) {
        if !lock(&self.watched).insert(folder.to_owned()) {
            return;
        }
        // Not under the lock on `watched`: our thread wants that while the watcher works.
        let added = match &mut *lock(&self.watcher) {
            Some(watcher) => watcher.watch(folder, RecursiveMode::NonRecursive),
            None => return,
        };
        match added {
            Ok(()) => {}
            Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => {
                lock(&self.watched).remove(folder);
            }
            // It stays in the set, and is not tried at each request.
            Err(error) => {
                log::debug!("cannot watch {}: {error}", folder.display());
                if !self.failure_said.swap(true, Ordering::Relaxed) {
                    self.sink.tell(unwatched(&error));
                }
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Its end is the end of the events.
        drop(lock(&self.watcher).take());
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn unwatched(error: &notify::Error) -> Notice {
    let Refusal { reason, help } = inotify::refusal(error);
    Notice::Unwatched { reason, help }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The watching thread's own things.
struct Teller {
    filter: Filter,
    watched: Arc<Mutex<HashSet<PathBuf>>>,
    hub: Arc<ReloadHub>,
    sink: Sink,
}

impl Teller {
    fn run(&mut self, events: &Receiver<notify::Result<notify::Event>>) {
        while let Ok(event) = events.recv() {
            let mut changes = Changes::default();
            self.see(event, &mut changes);
            // What belongs to no change waits for none.
            let deadline = Instant::now() + PATIENCE;
            while !changes.is_empty() {
                let left = deadline.saturating_duration_since(Instant::now());
                match events.recv_timeout(QUIET.min(left)) {
                    Ok(event) => self.see(event, &mut changes),
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            self.tell(&changes);
        }
    }

    fn see(&self, event: notify::Result<notify::Event>, changes: &mut Changes) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                log::debug!("the watcher says: {error}");
                return;
            }
        };
        if event.need_rescan() {
            // The system lost count.
            changes.add(PathBuf::new());
        }
        if matches!(event.kind, EventKind::Access(_)) {
            return; // We read what we serve.
        }
        for path in event.paths {
            // A folder that comes or goes is not the one that is watched; the next request sees.
            if !matches!(
                event.kind,
                EventKind::Modify(notify::event::ModifyKind::Metadata(_))
            ) {
                lock(&self.watched).remove(&path);
            }
            if let Some(path) = self.filter.matters(&path) {
                changes.add(path);
            }
        }
    }

    fn tell(&self, changes: &Changes) {
        if changes.is_empty() {
            return;
        }
        let browsers = match changes.in_place() {
            Some(names) => {
                let told = names.into_iter().map(|name| self.hub.restyle(name));
                told.max().unwrap_or_default()
            }
            None => self.hub.reload(),
        };
        self.sink.tell(Notice::Refreshed {
            changed: changes.0.clone(),
            browsers,
        });
    }
}

/// Which files matter to pages.
struct Filter {
    root: PathBuf,
    sees_hidden: bool,
    editors: Gitignore,
}

impl Filter {
    /// The path below the root, if what is there can be part of a page.
    fn matters(&self, path: &Path) -> Option<PathBuf> {
        let inside = path.strip_prefix(&self.root).ok()?;
        if !self.sees_hidden && is_hidden(&inside.to_string_lossy()) {
            return None;
        }
        let is_editors = self.editors.matched_path_or_any_parents(path, false);
        (!is_editors.is_ignore()).then(|| inside.to_owned())
    }
}

/// What changed since pages were last told, each file once, in the order seen.
#[derive(Debug, Default)]
struct Changes(Vec<PathBuf>);

impl Changes {
    fn add(&mut self, path: PathBuf) {
        if !self.0.contains(&path) {
            self.0.push(path);
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of what changed, if pages can fetch all of it and stay.
    fn in_place(&self) -> Option<Vec<String>> {
        self.0.iter().map(|path| reload::in_place(path)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[track_caller]
    fn check(path: &str, sees_hidden: bool, want: Option<&str>) {
        let root = Path::new("/srv/site");
        let filter = Filter {
            root: root.to_owned(),
            sees_hidden,
            editors: ignore::never(root, &[]).unwrap(),
        };
        let found = filter.matters(Path::new(path));
        assert_eq!(found.as_deref(), want.map(Path::new), "{path}");
    }

    #[test]
    fn what_is_served_matters_and_what_editors_leave_does_not() {
        check("/srv/site/a/index.html", false, Some("a/index.html"));
        check("/srv/site", false, Some(""));
        check("/srv/other/index.html", false, None);
        check("/srv/site/index.html~", false, None);
        check("/srv/site/4913", false, None);
        check("/srv/site/.env", false, None);
        check("/srv/site/.env", true, Some(".env"));
        check("/srv/site/.git/index", true, None);
        check("/srv/site/.index.html.swp", true, None);
    }

    #[test]
    fn a_link_is_watched_where_it_leads_to_and_only_inside() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let above = folder.path().canonicalize().unwrap();
        let root = above.join("site");
        fs::create_dir_all(root.join("real/deep")).unwrap();
        fs::create_dir_all(above.join("other/deep")).unwrap();
        symlink(".", root.join("circle")).unwrap();
        symlink("real", root.join("link")).unwrap();
        symlink(above.join("other"), root.join("out")).unwrap();
        let hub = Arc::new(ReloadHub::new(1));
        let watch = Watch::start(&root, false, hub, Sink::new(drop)).unwrap();
        for path in ["circle/circle/circle/x", "out/deep/x", "link/deep/x"] {
            watch.attend(path.as_bytes());
        }
        let mut watched: Vec<_> = lock(&watch.watched).iter().cloned().collect();
        watched.sort();
        let want = ["", "site", "site/real", "site/real/deep"];
        assert_eq!(watched, want.map(|path| above.join(path)));
    }

    #[test]
    fn what_is_fetched_in_place_leaves_pages_where_they_are() {
        let changes = |paths: &[&str]| Changes(paths.iter().map(PathBuf::from).collect());
        assert_eq!(
            changes(&["a/site.css", "logo.png"]).in_place(),
            Some(vec!["site.css".to_owned(), "logo.png".to_owned()])
        );
        assert_eq!(changes(&["site.css", "index.html"]).in_place(), None);
        assert_eq!(changes(&["site.css.br"]).in_place(), None);
    }
}
