use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Longer than any file system's clock takes to tick, those that count seconds aside.
const TICK: Duration = Duration::from_millis(20);

/// When a file was last written to, and when anything of it changed: its name, say, or the other
/// time, which copying tools set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    modified: Option<SystemTime>,
    changed: SystemTime,
}

impl Times {
    fn of(facts: &Metadata) -> Self {
        let seconds = Duration::from_secs(facts.ctime().unsigned_abs());
        let rest = Duration::from_nanos(facts.ctime_nsec().unsigned_abs());
        Self {
            modified: facts.modified().ok(),
            changed: SystemTime::UNIX_EPOCH + seconds + rest,
        }
    }

    fn latest(&self) -> SystemTime {
        self.changed.max(self.modified.unwrap_or(self.changed))
    }
}

/// What a file was when it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// Not there, or not to be read.
    Missing,
    /// A build script asked about all that is in it.
    Folder,
    /// A file, with this content.
    Present {
        times: Times,
        // Whether a later write would have another time: clocks of files tick in milliseconds.
        is_settled: bool,
        len: u64,
        hash: u64,
    },
}

impl Stamp {
    /// Looks at `path` now.
    pub(crate) fn of(path: &Path) -> Self {
        Self::read(path).unwrap_or(Self::Missing)
    }

    fn read(path: &Path) -> io::Result<Self> {
        // The facts first: a write in between leaves them older than the content, and the next
        // look finds that out. The other way round it would be missed.
        let facts = fs::metadata(path)?;
        if facts.is_dir() {
            return Ok(Self::Folder);
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(&fs::read(path)?);
        let times = Times::of(&facts);
        Ok(Self::Present {
            times,
            is_settled: times.latest().elapsed().is_ok_and(|age| age > TICK),
            len: facts.len(),
            hash: hasher.finish(),
        })
    }

    /// Whether the content has to be read to know. It is cheap to ask, and asked often.
    pub(crate) fn may_be_outdated(&self, path: &Path) -> bool {
        match (fs::metadata(path), self) {
            (Err(_), Self::Missing) => false,
            (Ok(facts), Self::Folder) => !facts.is_dir(),
            (Ok(_), Self::Missing) | (Err(_), Self::Folder) => true,
            (
                Ok(facts),
                Self::Present {
                    times,
                    is_settled,
                    len,
                    ..
                },
            ) => !is_settled || Times::of(&facts) != *times || facts.len() != *len,
            (Err(_), Self::Present { .. }) => true,
        }
    }

    /// Whether both were the same content, whenever it was written.
    pub(crate) fn is_same_content(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Present { hash, .. }, Self::Present { hash: other, .. }) => hash == other,
            (a, b) => a == b,
        }
    }

    /// Whether it was written after `moment`, as far as times of files tell.
    pub(crate) fn is_after(&self, moment: SystemTime) -> bool {
        match self {
            Self::Present { times, .. } => times.latest() > moment,
            Self::Missing | Self::Folder => false,
        }
    }
}
