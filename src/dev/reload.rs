use std::fmt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

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

/// Where open pages listen and the supervisor speaks.
#[derive(Debug)]
pub(crate) struct ReloadHub {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    version: u64,
    browsers: Vec<Sender<Signal>>,
    is_closed: bool,
}

/// What an open page is told. `Display` writes it as one server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The first word to every page: the version it would get if it asked now.
    Hello(u64),
    /// Ask again for the page: what you show is older than this version.
    Reload(u64),
    /// One stylesheet changed; its file name. The page stays.
    Style(String),
    /// There is no newer page: a line that says why, which the page shows. One that explains an
    /// earlier failed build makes room for the newer one.
    Broken(String),
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
            browsers: Vec::new(),
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

    /// The version of what a page gets if it asks now; grows with each [`reload`](Self::reload).
    pub(crate) fn version(&self) -> u64 {
        self.lock().version
    }

    /// Starts to listen: the first thing heard is [`Signal::Hello`].
    pub(crate) fn subscribe(&self) -> Subscription {
        let (sender, receiver) = mpsc::channel();
        let mut inner = self.lock();
        if !inner.is_closed {
            sender
                .send(Signal::Hello(inner.version))
                .expect("its receiver is in our hand");
            inner.browsers.push(sender);
        }
        Subscription(receiver)
    }

    /// Tells every page to ask again; how many heard it.
    pub(crate) fn reload(&self) -> usize {
        let mut inner = self.lock();
        inner.version += 1;
        let version = inner.version;
        inner.broadcast(&Signal::Reload(version))
    }

    /// Tells every page that the stylesheet `name` changed; how many heard it.
    pub(crate) fn restyle(&self, name: String) -> usize {
        self.lock().broadcast(&Signal::Style(name))
    }

    /// Tells every page, in a line, why there is no newer one; how many heard it.
    pub(crate) fn broken(&self, summary: String) -> usize {
        self.lock().broadcast(&Signal::Broken(summary))
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
            Self::Style(name) => ("style", one_line(name)),
            Self::Broken(summary) => ("broken", one_line(summary)),
        };
        write!(f, "event: {name}\ndata: {data}\n\n")
    }
}

/// `text` without line ends, which would end the field or the event (HTML §9.2.5).
fn one_line(text: &str) -> String {
    text.split(['\r', '\n']).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn closing_ends_the_streams_of_now_and_later() {
        let hub = ReloadHub::new(1);
        let page = hub.subscribe();
        hub.close();
        assert_eq!(page.next(AT_ONCE), Heard::Signal(Signal::Hello(1)));
        assert_eq!(page.next(AT_ONCE), Heard::End);
        assert_eq!(hub.subscribe().next(AT_ONCE), Heard::End);
    }

    #[track_caller]
    fn check(signal: Signal, want: &str) {
        assert_eq!(signal.to_string(), want);
    }

    #[test]
    fn a_signal_is_one_server_sent_event() {
        check(Signal::Hello(3), "event: hello\ndata: 3\n\n");
        check(
            Signal::Style("a.css".to_owned()),
            "event: style\ndata: a.css\n\n",
        );
        let summary = "expected `;`\r\nsrc/main.rs:3\n\ndata: 9".to_owned();
        check(
            Signal::Broken(summary),
            "event: broken\ndata: expected `;`  src/main.rs:3  data: 9\n\n",
        );
    }
}
