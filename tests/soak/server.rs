//! The server, in a process of its own: what it costs is then nobody else's.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::panic;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use devserve::net::{Address, Identity};
use devserve::server::{Failure, Server, Serving, Settings};
use devserve::wsgi;
use rustix::process::{Signal, set_parent_process_death_signal};
use tempfile::TempDir;

use crate::app::{self, FILE_BYTES, FILE_SEED, ON_PURPOSE};
use crate::dice::bytes;

/// Tells a copy of this program that it is the server, and where its folder is.
const ROLE: &str = "DEVSERVE_SOAK_FOLDER";
const FILE: &str = "file";

/// Has glibc keep little of what is given back, and in one place: what is resident is then nearly
/// what is in use, and growth is no accident of which thread came to use which arena.
const PLAIN_MEMORY: [(&str, &str); 3] = [
    ("MALLOC_ARENA_MAX", "1"),
    ("MALLOC_MMAP_THRESHOLD_", "65536"),
    ("MALLOC_TRIM_THRESHOLD_", "65536"),
];

/// How long the server waits for who is slow: not long, so that much of it fits into a run, and
/// longer than a decent client is held up on a busy machine.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(2);
const BODY_TIMEOUT: Duration = Duration::from_secs(3);
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// Of the small server; on the others an idle connection lasts as long as the run.
pub(crate) const SMALL_KEEP_ALIVE: Duration = Duration::from_secs(1);
/// Requests that the small server runs and lets wait, and its connections.
pub(crate) const SMALL_WORKERS: usize = 4;
pub(crate) const SMALL_QUEUE: usize = 4;
pub(crate) const SMALL_CONNECTIONS: usize = 128;
/// Servers in the process.
pub(crate) const SERVERS: usize = 3;

/// A running server process, which ends with this.
pub(crate) struct ServerProcess {
    process: Child,
    said: BufReader<std::process::ChildStdout>,
    /// With room for all that comes.
    pub(crate) plain: SocketAddr,
    /// The same by TLS.
    pub(crate) secure: SocketAddr,
    /// With so little room that it has to turn clients away.
    pub(crate) small: SocketAddr,
    folder: TempDir,
}

impl ServerProcess {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), bytes(FILE_SEED, FILE_BYTES)).unwrap();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "serve", "--ignored", "--nocapture"])
            .env(ROLE, folder.path())
            .envs(PLAIN_MEMORY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let addresses = heard(&mut said, "serving ");
        let mut addresses = addresses.split(' ').map(|address| address.parse().unwrap());
        let mut next = || addresses.next().unwrap();
        Self {
            plain: next(),
            secure: next(),
            small: next(),
            process,
            said,
            folder,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The certificate that vouches for it.
    pub(crate) fn authority(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("development-ca.pem")).unwrap()
    }

    /// Asks it to stop; returns what it says of itself at the end.
    pub(crate) fn stop(mut self) -> String {
        let mut stdin = self.process.stdin.take().unwrap();
        stdin.write_all(b"stop\n").unwrap();
        let summary = heard(&mut self.said, "served ");
        drop(stdin);
        assert!(self.process.wait().unwrap().success());
        summary
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Also where a test has failed.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// What follows `words` on the first line that begins with them.
fn heard(said: &mut impl BufRead, words: &str) -> String {
    let mut lines = said.lines().map(Result::unwrap);
    let found = lines.find_map(|line| Some(line.split_once(words)?.1.to_owned()));
    found.unwrap_or_else(|| panic!("the server never said {words:?}"))
}

/// The life of the server process. In any other it returns at once.
pub(crate) fn run() {
    let Some(folder) = std::env::var_os(ROLE) else {
        return;
    };
    // Even if the parent is killed, nobody is left behind: it ends with the thread that started
    // it, or, if that was faster, with its standard input.
    set_parent_process_death_signal(Some(Signal::KILL)).unwrap();
    let counts = Arc::new(Counts::default());
    watch_panics(&counts);
    watch_log(&counts);
    let servings = start(Path::new(&folder), &counts);
    let addresses = servings
        .each_ref()
        .map(|serving| serving.address().to_string());
    say(&format!("serving {}", addresses.join(" ")));
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    if line.is_empty() {
        return;
    }
    let cut: usize = servings
        .iter()
        .map(|serving| serving.stop(WRITE_TIMEOUT).cut)
        .sum();
    let alarms = counts.alarms.load(Ordering::Relaxed);
    let counts = counts.text();
    say(&format!(
        "served {counts}; cut at the stop: {cut}, alarms: {alarms}"
    ));
}

fn start(folder: &Path, counts: &Arc<Counts>) -> [Serving; SERVERS] {
    let settings = Settings {
        head_timeout: HEAD_TIMEOUT,
        body_timeout: BODY_TIMEOUT,
        write_timeout: WRITE_TIMEOUT,
        keep_alive: Duration::from_secs(24 * 60 * 60),
        linger: Duration::from_secs(1),
        ..Settings::default()
    };
    let small = Settings {
        workers: SMALL_WORKERS,
        queue: SMALL_QUEUE,
        connections: SMALL_CONNECTIONS,
        keep_alive: SMALL_KEEP_ALIVE,
        ..settings.clone()
    };
    let server = |settings| {
        let file = folder.join(FILE);
        let counts = Arc::clone(counts);
        Server::new(wsgi::app_fn(move |environ| app::answer(environ, &file)))
            .settings(settings)
            .records(move |record| counts.add(record.failure.as_ref()))
    };
    let identity = Identity::adhoc_in(folder, "127.0.0.1").unwrap();
    let any = Address::tcp("127.0.0.1", 0);
    [
        server(settings.clone()).bind(&any).unwrap(),
        server(settings).tls(identity).bind(&any).unwrap(),
        server(small).bind(&any).unwrap(),
    ]
}

/// A line for the parent. Not by `print!`, which the test harness may keep.
fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "\n{line}").unwrap();
    stdout.flush().unwrap();
}

/// Panics that belong to the mix are not told; all others are, and are one too many.
fn watch_panics(counts: &Arc<Counts>) {
    let counts = Arc::clone(counts);
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        if panicked.payload_as_str() != Some(ON_PURPOSE) {
            counts.alarms.fetch_add(1, Ordering::Relaxed);
            tell(panicked);
        }
    }));
}

/// What the engine logs as a warning, or worse, is told: nothing here should bring it to that.
fn watch_log(counts: &Arc<Counts>) {
    struct Watch(Arc<Counts>);
    impl log::Log for Watch {
        fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
            metadata.level() <= log::Level::Warn
        }

        fn log(&self, record: &log::Record<'_>) {
            if self.enabled(record.metadata()) {
                self.0.alarms.fetch_add(1, Ordering::Relaxed);
                // Straight to where it is read, past the test harness.
                let mut stderr = io::stderr().lock();
                writeln!(stderr, "{}: {}", record.level(), record.args()).ok();
            }
        }

        fn flush(&self) {}
    }
    log::set_logger(Box::leak(Box::new(Watch(Arc::clone(counts))))).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
}

/// What came of the requests, as the server sees it.
#[derive(Default)]
struct Counts {
    fine: AtomicUsize,
    malformed: AtomicUsize,
    client_gone: AtomicUsize,
    app: AtomicUsize,
    panic: AtomicUsize,
    answer: AtomicUsize,
    busy: AtomicUsize,
    /// Panics nobody planned, warnings of the engine, failures this does not know.
    alarms: AtomicUsize,
}

impl Counts {
    fn add(&self, failure: Option<&Failure>) {
        let count = match failure {
            None => &self.fine,
            Some(Failure::Malformed(_)) => &self.malformed,
            Some(Failure::ClientGone(_)) => &self.client_gone,
            Some(Failure::App(_)) => &self.app,
            Some(Failure::Panic(_)) => &self.panic,
            Some(Failure::Answer(_)) => &self.answer,
            Some(Failure::Busy) => &self.busy,
            Some(_) => &self.alarms, // what later versions add
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn text(&self) -> String {
        let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        format!(
            "{} requests; refused as malformed: {}, client gone: {}, app failed: {}, \
             panicked: {}, answer broke a rule: {}, busy: {}",
            of(&self.fine),
            of(&self.malformed),
            of(&self.client_gone),
            of(&self.app),
            of(&self.panic),
            of(&self.answer),
            of(&self.busy)
        )
    }
}
