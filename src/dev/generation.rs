use std::fmt;

/// One life of the app: counted from 1, in the order builds and restarts were begun.
///
/// Not every number is served: a cancelled build keeps the one it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Generation(u64);

impl Generation {
    /// The generation of the first build.
    pub(crate) const FIRST: Self = Self(1);

    /// The generation after this one.
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
