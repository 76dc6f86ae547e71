use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::dev::generation::Generation;
use crate::dev::tail::Tail;
use crate::pages::{Count, Diagnostic, Overdue};

/// What is known of the life that is being made: how far its build is, what the compiler has
/// found so far, and what the app wrote while it starts. Waiting pages show it, and follow it.
///
/// A build begins it anew.
#[derive(Default)]
pub(crate) struct Bulletin {
    inner: Mutex<Inner>,
    moved: Condvar,
}

#[derive(Default)]
struct Inner {
    // Counts the builds and starts: what was told of an earlier one is void.
    edition: u64,
    // Counts all changes, so that each is told once.
    version: u64,
    news: News,
    // The app that was started last, and what it wrote so far.
    started: Option<Generation>,
    written: Tail,
    is_closed: bool,
}

/// What a bulletin says.
#[derive(Clone, Debug, Default)]
pub(crate) struct News {
    pub(crate) step: Option<String>,
    pub(crate) count: Option<Count>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) overdue: Option<Overdue>,
}

/// How far a reader has read; nothing at first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Read(Option<Mark>);

#[derive(Clone, Copy, Debug)]
struct Mark {
    edition: u64,
    version: u64,
    diagnostics: usize,
}

/// What a reader heard.
#[derive(Debug)]
pub(crate) enum Heard {
    /// All the news.
    News {
        news: News,
        /// How many of the diagnostics the reader knows; `None` where whatever was told before
        /// is of an earlier build.
        known: Option<usize>,
    },
    /// Nothing for as long as was asked.
    Silence,
    /// There will be no more.
    End,
}

impl Bulletin {
    /// A build begins.
    pub(crate) fn begin(&self) {
        self.change(|inner| {
            inner.edition += 1;
            inner.news = News::default();
        });
    }

    /// cargo is at something.
    pub(crate) fn step(&self, step: String) {
        self.change(|inner| inner.news.step = Some(step));
    }

    /// So much is done.
    pub(crate) fn count(&self, count: Count) {
        self.change(|inner| inner.news.count = Some(count));
    }

    /// The compiler found something.
    pub(crate) fn diagnose(&self, diagnostic: Diagnostic) {
        self.change(|inner| inner.news.diagnostics.push(diagnostic));
    }

    /// A build ends, and with it what was told of it, which is returned.
    pub(crate) fn end(&self) -> News {
        let mut news = News::default();
        self.change(|inner| {
            inner.edition += 1;
            news = std::mem::take(&mut inner.news);
        });
        news
    }

    /// An app is started: what it writes is kept from now on.
    pub(crate) fn start(&self, generation: Generation) {
        self.change(|inner| {
            inner.edition += 1;
            inner.news = News::default();
            inner.started = Some(generation);
            inner.written = Tail::default();
        });
    }

    /// An app writes to stderr. Only of the one that was started last it is news.
    pub(crate) fn write(&self, generation: Generation, bytes: &[u8]) {
        let mut inner = self.lock();
        if inner.started != Some(generation) {
            return;
        }
        inner.written.push(bytes);
        let lines = inner.written.lines();
        if let Some(overdue) = &mut inner.news.overdue {
            overdue.stderr = lines;
            inner.version += 1;
            self.moved.notify_all();
        }
    }

    /// The app should have been ready by now; `awaited` is what would have made it so.
    pub(crate) fn miss(&self, awaited: String) {
        self.change(|inner| {
            let stderr = inner.written.lines();
            inner.news.overdue = Some(Overdue { awaited, stderr });
        });
    }

    /// No reader is told anything from now on.
    pub(crate) fn close(&self) {
        self.change(|inner| inner.is_closed = true);
    }

    /// What is known now.
    pub(crate) fn news(&self) -> News {
        self.lock().news.clone()
    }

    /// What is new to a reader, who waits for it at most `patience`.
    pub(crate) fn next(&self, read: &mut Read, patience: Duration) -> Heard {
        let deadline = Instant::now() + patience;
        let mut inner = self.lock();
        loop {
            if inner.is_closed {
                return Heard::End;
            }
            if read.0.is_none_or(|mark| mark.version != inner.version) {
                return inner.tell(read);
            }
            let patience = deadline.saturating_duration_since(Instant::now());
            if patience.is_zero() {
                return Heard::Silence;
            }
            inner = self
                .moved
                .wait_timeout(inner, patience)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(inner, _)| inner);
        }
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = self.lock();
        change(&mut inner);
        inner.version += 1;
        self.moved.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that can panic runs under this lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn tell(&self, read: &mut Read) -> Heard {
        let known = read.0.filter(|mark| mark.edition == self.edition);
        *read = Read(Some(Mark {
            edition: self.edition,
            version: self.version,
            diagnostics: self.news.diagnostics.len(),
        }));
        Heard::News {
            news: self.news.clone(),
            known: known.map(|mark| mark.diagnostics),
        }
    }
}

impl fmt::Debug for Bulletin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bulletin")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::Level;

    const AT_ONCE: Duration = Duration::ZERO;

    fn diagnostic(message: &str) -> Diagnostic {
        Diagnostic {
            level: Level::Error,
            message: message.to_owned(),
            code: None,
            spans: Vec::new(),
            children: Vec::new(),
            rendered: String::new(),
        }
    }

    /// What a reader is told next: whether it is anew, the step, the new messages.
    #[track_caller]
    fn check(bulletin: &Bulletin, read: &mut Read, want: Option<(bool, &str, &[&str])>) {
        let heard = match bulletin.next(read, AT_ONCE) {
            Heard::News { news, known } => {
                let messages = news.diagnostics.iter().skip(known.unwrap_or(0));
                let messages = messages.map(|found| found.message.clone());
                let step = news.step.clone().unwrap_or_default();
                Some((known.is_none(), step, messages.collect::<Vec<_>>()))
            }
            Heard::Silence => None,
            Heard::End => panic!("it is open"),
        };
        let want = want.map(|(is_anew, step, messages)| {
            let messages = messages.iter().map(|&message| message.to_owned());
            (is_anew, step.to_owned(), messages.collect::<Vec<_>>())
        });
        assert_eq!(heard, want);
    }

    #[test]
    fn a_reader_is_told_each_thing_once() {
        let bulletin = Bulletin::default();
        bulletin.begin();
        bulletin.step("Compiling a".to_owned());
        bulletin.diagnose(diagnostic("one"));
        let (mut early, mut late) = (Read::default(), Read::default());
        check(&bulletin, &mut early, Some((true, "Compiling a", &["one"])));
        check(&bulletin, &mut early, None);
        bulletin.diagnose(diagnostic("two"));
        check(
            &bulletin,
            &mut early,
            Some((false, "Compiling a", &["two"])),
        );
        check(
            &bulletin,
            &mut late,
            Some((true, "Compiling a", &["one", "two"])),
        );
        check(&bulletin, &mut late, None);
    }

    #[test]
    fn a_new_build_makes_the_old_ones_news_void() {
        let bulletin = Bulletin::default();
        let mut read = Read::default();
        bulletin.begin();
        bulletin.diagnose(diagnostic("old"));
        check(&bulletin, &mut read, Some((true, "", &["old"])));
        bulletin.begin();
        bulletin.diagnose(diagnostic("new"));
        check(&bulletin, &mut read, Some((true, "", &["new"])));
        assert_eq!(bulletin.end().diagnostics.len(), 1);
        check(&bulletin, &mut read, Some((true, "", &[])));
    }

    #[test]
    fn what_an_app_writes_is_told_once_it_is_late() {
        let bulletin = Bulletin::default();
        bulletin.start(Generation::FIRST);
        bulletin.write(Generation::FIRST, b"waiting for");
        assert!(bulletin.news().overdue.is_none());
        bulletin.miss("READY=1".to_owned());
        bulletin.write(Generation::FIRST, b" the database\n");
        bulletin.write(Generation::FIRST.next(), b"somebody else\n");
        let overdue = bulletin.news().overdue.unwrap();
        assert_eq!(overdue.stderr, ["waiting for the database"]);
        bulletin.start(Generation::FIRST.next());
        assert!(bulletin.news().overdue.is_none());
    }

    #[test]
    fn a_closed_one_tells_nothing() {
        let bulletin = Bulletin::default();
        bulletin.close();
        let heard = bulletin.next(&mut Read::default(), Duration::from_secs(60));
        assert!(matches!(heard, Heard::End));
    }
}
