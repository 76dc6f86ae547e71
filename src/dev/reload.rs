use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::pages::Page;

/// The script that listens in the browser, for `/__devserve__/reload.js`.
///
/// The front loads it with `?v=` and the hub's [version](ReloadHub::version), asked before the
/// page's request is passed on: so a page that was overtaken while it loaded reloads too.
pub(crate) const SCRIPT: &str = include_str!("../../templates/reload.js");

/// Our own corner of an app's address space: the script, and the stream it listens to.
pub(crate) const OWN_PATHS: &[u8] = b"/__devserve__/";

/// Between two signs of life on an event stream. Without them a browser that has gone is only
/// noticed at the next reload.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

/// How many pages are spoken to at once. Each holds a worker of the engine's 256, also a while
/// after its browser has gone, and none may be left for the pages themselves.
const MOST_BROWSERS: usize = 64;

/// Where open pages listen and the supervisor speaks.
#[derive(Debug)]
pub(crate) struct ReloadHub {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    version: u64,
    // How many problems there were, and the one there is.
    problems: u64,
    problem: Option<Problem>,
    // The one that listens longest comes first.
    browsers: VecDeque<Sender<Signal>>,
    is_closed: bool,
}

/// Why there is no newer page than those that are open.
#[derive(Debug, Clone)]
struct Problem {
    summary: String,
    page: Arc<Page>,
}

/// What an open page is told. `Display` writes it as one server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The first word to every page: the version it would get if it asked now.
    Hello(u64),
    /// Ask again for the page: what you show is older than this version.
    Reload(u64),
    /// One stylesheet or picture changed, and with that the page came to this version; its file
    /// name. A page that uses it stays and fetches it; another asks again as a whole.
    Style(u64, String),
    /// There is no newer page: the problem's number, and a line that says why, which the page
    /// shows. One that explains an earlier failed build makes room for the newer one.
    Broken(u64, String),
}

/// One open page's ear. Dropping it is leaving.
#[derive(Debug)]
pub(crate) struct Subscription(Receiver<Signal>);

/// What a [`Subscription`] heard.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// A signal, to be written at once.
    Signal(Signal),
    /// Nothing for as long as was asked: time for a heartbeat.
    Silence,
    /// devserve ends, and the stream with it.
    End,
}

impl ReloadHub {
    /// A hub nobody listens to yet. `version` should differ from any earlier run's, or a page
    /// left open over a restart of devserve would take itself for new.
    pub(crate) fn new(version: u64) -> Self {
        let inner = Inner {
            version,
            problems: 0,
            problem: None,
            browsers: VecDeque::new(),
            is_closed: false,
        };
        Self {
            inner: Mutex::new(inner),
        }
    }

    /// A hub whose version is greater than any earlier run's.
    pub(crate) fn of_this_run() -> Self {
        let since = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Self::new(u64::try_from(since.as_millis()).unwrap_or_default())
    }

    /// The version of what a page gets if it asks now; grows with each [`reload`](Self::reload)
    /// and each [`restyle`](Self::restyle).
    pub(crate) fn version(&self) -> u64 {
        self.lock().version
    }

    /// Where a page that explains a problem finds the script. Ask before the page is chosen: one
    /// that knows less than it shows asks once more, one that knew too much would stay for ever.
    pub(crate) fn script_of_problem(&self) -> String {
        let inner = self.lock();
        let (version, problems) = (inner.version, inner.problems);
        format!("/__devserve__/reload.js?v={version}&p={problems}")
    }

    /// The page about the problem there is, to be shown over pages that are open.
    pub(crate) fn problem(&self) -> Option<Arc<Page>> {
        let inner = self.lock();
        inner
            .problem
            .as_ref()
            .map(|problem| Arc::clone(&problem.page))
    }

    /// Starts to listen: the first thing heard is [`Signal::Hello`], the second the problem there
    /// is.
    ///
    /// With too many pages the stream of the first one ends; where its browser is still there, it
    /// connects again.
    pub(crate) fn subscribe(&self) -> Subscription {
        let (sender, receiver) = mpsc::channel();
        let mut inner = self.lock();
        if !inner.is_closed {
            sender
                .send(Signal::Hello(inner.version))
                .expect("its receiver is in our hand");
            if let Some(problem) = &inner.problem {
                let broken = Signal::Broken(inner.problems, problem.summary.clone());
                sender.send(broken).expect("its receiver is in our hand");
            }
            if inner.browsers.len() == MOST_BROWSERS {
                inner.browsers.pop_front();
            }
            inner.browsers.push_back(sender);
        }
        Subscription(receiver)
    }

    /// Tells every page to ask again; how many heard it.
    pub(crate) fn reload(&self) -> usize {
        let mut inner = self.lock();
        inner.version += 1;
        inner.problem = None;
        let version = inner.version;
        inner.broadcast(&Signal::Reload(version))
    }

    /// Tells every page that the stylesheet or picture `name` changed; how many heard it.
    pub(crate) fn restyle(&self, name: String) -> usize {
        let mut inner = self.lock();
        inner.version += 1;
        let version = inner.version;
        inner.broadcast(&Signal::Style(version, name))
    }

    /// Tells every page, in a line, why there is no newer one, and keeps the page that says all
    /// of it; how many heard it.
    pub(crate) fn broken(&self, summary: String, page: Arc<Page>) -> usize {
        let mut inner = self.lock();
        inner.problems += 1;
        let signal = Signal::Broken(inner.problems, summary.clone());
        inner.problem = Some(Problem { summary, page });
        inner.broadcast(&signal)
    }

    /// Ends every stream, and those of pages that come later.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.is_closed = true;
        inner.browsers.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that can panic runs under this lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn broadcast(&mut self, signal: &Signal) -> usize {
        self.browsers
            .retain(|browser| browser.send(signal.clone()).is_ok());
        self.browsers.len()
    }
}

impl Subscription {
    /// Waits for what goes out next on an event stream: a signal, or a comment as a sign of life;
    /// `None` at the end.
    pub(crate) fn next_event(&self) -> Option<String> {
        match self.next(HEARTBEAT) {
            Heard::Signal(signal) => Some(signal.to_string()),
            Heard::Silence => Some(":\n\n".to_owned()),
            Heard::End => None,
        }
    }

    /// Waits for the next signal, at most `patience`.
    fn next(&self, patience: Duration) -> Heard {
        match self.0.recv_timeout(patience) {
            Ok(signal) => Heard::Signal(signal),
            Err(RecvTimeoutError::Timeout) => Heard::Silence,
            Err(RecvTimeoutError::Disconnected) => Heard::End,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, data) = match self {
            Self::Hello(version) => ("hello", version.to_string()),
            Self::Reload(version) => ("reload", version.to_string()),
            Self::Style(version, name) => ("style", format!("{version} {}", one_line(name))),
            Self::Broken(number, summary) => ("broken", format!("{number} {}", one_line(summary))),
        };
        if let Self::Hello(_) = self {
            // How soon a browser that lost us asks again, in milliseconds.
            f.write_str("retry: 500\n")?;
        }
        write!(f, "event: {name}\ndata: {data}\n\n")
    }
}

/// The name of a file that pages can fetch anew and stay where they are: a stylesheet or a
/// picture. `None` for any other.
pub(crate) fn in_place(path: &Path) -> Option<String> {
    const EXTENSIONS: [&str; 9] = [
        "css", "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "ico",
    ];
    let extension = path.extension()?.to_str()?;
    let is_known = |known: &str| known.eq_ignore_ascii_case(extension);
    let name = path.file_name()?.to_str()?;
    EXTENSIONS
        .into_iter()
        .any(is_known)
        .then(|| name.to_owned())
}

/// `text` without line ends, which would end the field or the event (HTML §9.2.5).
fn one_line(text: &str) -> String {
    text.split(['\r', '\n']).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::AppDied;

    const AT_ONCE: Duration = Duration::ZERO;

    #[test]
    fn a_page_hears_the_version_first_and_then_what_comes() {
        let hub = ReloadHub::new(7);
        let page = hub.subscribe();
        assert_eq!(page.next(AT_ONCE), Heard::Signal(Signal::Hello(7)));
        assert_eq!(page.next(AT_ONCE), Heard::Silence);
        assert_eq!(hub.reload(), 1);
        assert_eq!(page.next(AT_ONCE), Heard::Signal(Signal::Reload(8)));
        assert_eq!(hub.version(), 8);
    }

    #[test]
    fn pages_that_left_are_not_counted() {
        let hub = ReloadHub::new(1);
        let (stays, leaves) = (hub.subscribe(), hub.subscribe());
        drop(leaves);
        assert_eq!(hub.restyle("shop.css".to_owned()), 1);
        drop(stays);
        assert_eq!(hub.reload(), 0);
    }

    #[test]
    fn one_page_too_many_ends_the_stream_of_the_first() {
        let hub = ReloadHub::new(1);
        let pages: Vec<_> = (0..=MOST_BROWSERS).map(|_| hub.subscribe()).collect();
        let heard = pages.iter().map(|page| {
            assert_eq!(page.next(AT_ONCE), Heard::Signal(Signal::Hello(1)));
            page.next(AT_ONCE)
        });
        let mut heard = heard.collect::<Vec<_>>().into_iter();
        assert_eq!(heard.next(), Some(Heard::End));
        assert!(heard.all(|heard| heard == Heard::Silence));
        assert_eq!(hub.reload(), MOST_BROWSERS);
    }

    #[test]
    fn closing_ends_the_streams_of_now_and_later() {
        let hub = ReloadHub::new(1);
        let page = hub.subscribe();
        hub.close();
        assert_eq!(page.next(AT_ONCE), Heard::Signal(Signal::Hello(1)));
        assert_eq!(page.next(AT_ONCE), Heard::End);
        assert_eq!(hub.subscribe().next(AT_ONCE), Heard::End);
    }

    #[test]
    fn a_page_that_comes_late_hears_of_the_problem_until_it_is_solved() {
        let hub = ReloadHub::new(1);
        let died = AppDied {
            target: "shop".to_owned(),
            how: "exit code 1".to_owned(),
            ..AppDied::default()
        };
        assert_eq!(hub.script_of_problem(), "/__devserve__/reload.js?v=1&p=0");
        hub.broken("no database".to_owned(), Arc::new(died.page()));
        assert_eq!(hub.script_of_problem(), "/__devserve__/reload.js?v=1&p=1");
        assert!(hub.problem().unwrap().text().contains("exit code 1"));
        let page = hub.subscribe();
        assert_eq!(page.next(AT_ONCE), Heard::Signal(Signal::Hello(1)));
        let broken = Signal::Broken(1, "no database".to_owned());
        assert_eq!(page.next(AT_ONCE), Heard::Signal(broken));
        hub.reload();
        assert!(hub.problem().is_none());
        let page = hub.subscribe();
        assert_eq!(page.next(AT_ONCE), Heard::Signal(Signal::Hello(2)));
        assert_eq!(page.next(AT_ONCE), Heard::Silence);
    }

    #[test]
    fn stylesheets_and_pictures_are_fetched_in_place() {
        for (path, want) in [
            ("static/site.css", Some("site.css")),
            ("static/Logo.PNG", Some("Logo.PNG")),
            ("static/app.js", None),
            ("static/css", None),
            ("templates/list.html", None),
        ] {
            assert_eq!(in_place(Path::new(path)).as_deref(), want, "{path}");
        }
    }

    #[track_caller]
    fn check(signal: Signal, want: &str) {
        assert_eq!(signal.to_string(), want);
    }

    #[test]
    fn a_signal_is_one_server_sent_event() {
        check(Signal::Hello(3), "retry: 500\nevent: hello\ndata: 3\n\n");
        check(
            Signal::Style(4, "a b.css".to_owned()),
            "event: style\ndata: 4 a b.css\n\n",
        );
        let summary = "expected `;`\r\nsrc/main.rs:3\n\ndata: 9".to_owned();
        check(
            Signal::Broken(1, summary),
            "event: broken\ndata: 1 expected `;`  src/main.rs:3  data: 9\n\n",
        );
    }
}
