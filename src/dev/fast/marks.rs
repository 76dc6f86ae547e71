use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Files as they were at a moment, by what the file system says of them without reading them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marks(BTreeMap<PathBuf, Option<Mark>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Mark {
    inode: u64,
    len: u64,
    modified: (i64, i64),
}

impl Marks {
    /// Looks at these files now. One that is not there may come, which is a change too.
    pub(crate) fn of(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(
            paths
                .into_iter()
                .map(|path| {
                    let mark = Mark::of(&path);
                    (path, mark)
                })
                .collect(),
        )
    }

    /// Both sets of files; where both have one, as `later` saw it.
    pub(crate) fn and(mut self, later: Self) -> Self {
        self.0.extend(later.0);
        self
    }

    /// A file that is not what it was.
    pub(crate) fn difference(&self) -> Option<&Path> {
        self.0
            .iter()
            .find(|(path, mark)| Mark::of(path) != **mark)
            .map(|(path, _)| path.as_path())
    }

    /// The facts in one number, for a name that changes with them.
    pub(crate) fn hash(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};

        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }
}

impl Mark {
    fn of(path: &Path) -> Option<Self> {
        let facts = fs::metadata(path).ok()?; // Not there: also something to compare.
        Some(Self {
            inode: facts.ino(),
            len: facts.len(),
            modified: (facts.mtime(), facts.mtime_nsec()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_comes_goes_or_changes_is_a_difference() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        fs::write(&a, "1").unwrap();
        let marks = Marks::of([a.clone(), b.clone()]);
        assert_eq!(marks.difference(), None);
        assert_eq!(marks.hash(), Marks::of([b.clone(), a.clone()]).hash());
        fs::write(&b, "").unwrap();
        assert_eq!(marks.difference(), Some(b.as_path()));
        fs::remove_file(&b).unwrap();
        fs::write(&a, "12").unwrap();
        assert_eq!(marks.difference(), Some(a.as_path()));
        assert_ne!(marks.hash(), Marks::of([a.clone(), b]).hash());
        let later = marks.and(Marks::of([a]));
        assert_eq!(later.difference(), None);
    }
}
