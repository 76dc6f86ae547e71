use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often folders are looked at, if that costs little.
const PERIOD: Duration = Duration::from_millis(500);
/// The part of its time that looking may take: one of so many.
const SHARE: u32 = 20;

/// The folders whose changes the system does not tell, and what was in them.
///
/// It costs one look at each file twice a second, but never more than a twentieth of a core:
/// the more there is to look at, the less often it is done.
#[derive(Debug, Default)]
pub(crate) struct Poll {
    folders: HashMap<PathBuf, Listing>,
    // Set while there are folders.
    due: Option<Instant>,
}

/// What is in a folder, by name.
type Listing = HashMap<OsString, Facts>;

/// What differs when an entry is another or was written to. The time of its change
/// counts besides that of its content, which tools set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Facts {
    inode: u64,
    len: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Poll {
    /// Looks at `folder` from now on; what is in it already is no news.
    pub(crate) fn add(&mut self, folder: &Path) {
        self.folders.insert(folder.to_owned(), list(folder));
        self.due.get_or_insert_with(|| Instant::now() + PERIOD);
    }

    /// Looks no more at `folder` and those in it.
    pub(crate) fn forget_tree(&mut self, folder: &Path) {
        self.folders.retain(|path, _| !path.starts_with(folder));
        if self.folders.is_empty() {
            self.due = None;
        }
    }

    /// When to look next; never where the system tells all.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Looks at all folders: the entries that came, went or changed since the last look.
    pub(crate) fn look(&mut self) -> Vec<PathBuf> {
        let began = Instant::now();
        let mut changed = Vec::new();
        for (folder, before) in &mut self.folders {
            let now = list(folder);
            let differs = |name: &&OsString| before.get(*name) != now.get(*name);
            let gone = before.keys().filter(|name| !now.contains_key(*name));
            let names = now.keys().filter(differs).chain(gone);
            changed.extend(names.map(|name| folder.join(name)));
            *before = now;
        }
        let ended = Instant::now();
        self.due = Some(ended + pause_after(ended - began));
        changed
    }
}

/// How long to rest after a look that took `effort`.
fn pause_after(effort: Duration) -> Duration {
    PERIOD.max(effort * (SHARE - 1))
}

fn list(folder: &Path) -> Listing {
    // A folder that has gone is empty, and so is one that may not be read.
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            // Through links, to what is read through them.
            let facts = fs::metadata(entry.path()).or_else(|_| entry.metadata());
            Some((entry.file_name(), Facts::of(&facts.ok()?)))
        })
        .collect()
}

impl Facts {
    fn of(entry: &Metadata) -> Self {
        // A folder is another whenever something comes or goes in it, which is its own listing's
        // news.
        let is_file = !entry.is_dir();
        let only = |time: (i64, i64)| if is_file { time } else { (0, 0) };
        Self {
            inode: entry.ino(),
            len: if is_file { entry.len() } else { 0 },
            modified: only((entry.mtime(), entry.mtime_nsec())),
            changed: only((entry.ctime(), entry.ctime_nsec())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_in_a_folder_is_found_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("a.rs"), "a").unwrap();
        fs::create_dir(path("words")).unwrap();
        let mut poll = Poll::default();
        assert_eq!(poll.due(), None);
        poll.add(dir.path());
        assert!(poll.due().is_some());
        let mut check = |want: &[&str]| {
            let mut found = poll.look();
            found.sort();
            let want: Vec<PathBuf> = want.iter().map(|name| path(name)).collect();
            assert_eq!(found, want);
            assert_eq!(poll.look(), [] as [PathBuf; 0]);
        };
        check(&[]);
        fs::write(path("a.rs"), "another").unwrap();
        fs::write(path("b.rs"), "new").unwrap();
        check(&["a.rs", "b.rs"]);
        fs::write(path("words/mod.rs"), "in a folder of its own").unwrap();
        check(&[]);
        fs::remove_file(path("a.rs")).unwrap();
        fs::rename(path("b.rs"), path("c.rs")).unwrap();
        check(&["a.rs", "b.rs", "c.rs"]);
        // The same length and time: only its identity tells.
        fs::write(path("c.new"), "old").unwrap();
        fs::rename(path("c.new"), path("c.rs")).unwrap();
        check(&["c.rs"]);
        fs::remove_dir_all(path("words")).unwrap();
        check(&["words"]);
    }

    #[test]
    fn no_folders_no_looks() {
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().join("inside");
        fs::create_dir(&inside).unwrap();
        let mut poll = Poll::default();
        poll.add(dir.path());
        poll.add(&inside);
        poll.forget_tree(&inside);
        assert!(poll.due().is_some());
        poll.forget_tree(dir.path());
        assert_eq!(poll.due(), None);
    }

    #[test]
    fn the_more_a_look_costs_the_longer_is_the_pause() {
        assert_eq!(pause_after(Duration::from_micros(800)), PERIOD);
        assert_eq!(
            pause_after(Duration::from_millis(100)),
            Duration::from_millis(1900)
        );
    }
}
