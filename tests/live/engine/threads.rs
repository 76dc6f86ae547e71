//! A process that gets no more threads: in a child, because the limit is the process's.

use std::fs;
use std::io::Write;
use std::process::Command;
use std::sync::{Barrier, Mutex, mpsc};

use devserve::wsgi::{self, Reply};
use log::{LevelFilter, Log, Metadata, Record};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{PATIENCE, check, connect, get, read_until, serve};

const CHILD: &str = "DEVSERVE_TEST_FEW_THREADS";
/// A thread's stack: so large that address space for one more can be denied while there is
/// enough for all else.
const STACK_BYTES: u64 = 256 << 20;

#[test]
fn a_server_without_threads_serves_with_those_it_has() {
    if std::env::var_os(CHILD).is_some() {
        return serve_with_few_threads();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "engine::threads::a_server_without_threads_serves_with_those_it_has",
        ])
        .env(CHILD, "1")
        .env("RUST_MIN_STACK", STACK_BYTES.to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

fn serve_with_few_threads() {
    const AT_ONCE: usize = 6;
    log::set_logger(&SAID).unwrap();
    log::set_max_level(LevelFilter::Warn);
    let (entered, started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let together = Barrier::new(AT_ONCE);
    let serving = serve(wsgi::app_fn(move |environ| {
        match &*environ.path() {
            "/held" => {
                entered.send(())?;
                held.lock().unwrap().recv().ok();
            }
            "/together" => {
                together.wait();
            }
            _ => {} // at once
        }
        Ok(Reply::new(environ.path().into_owned().into()))
    }));
    let ask = |path: &str| {
        let mut stream = connect(&serving);
        stream.write_all(get(path).as_bytes()).unwrap();
        stream
    };
    let answered = |mut stream, path: &str| {
        let answer = read_until(&mut stream, &format!("\r\n\r\n{path}"));
        check(&answer, "200 OK", &[]);
    };
    answered(ask("/warm"), "/warm");

    let before = getrlimit(Resource::As);
    let current = Some(address_space() + STACK_BYTES / 2);
    setrlimit(Resource::As, Rlimit { current, ..before }).unwrap();
    assert!(std::thread::Builder::new().spawn(|| ()).is_err());
    // Until the last worker is alone, and so in want of another; there are a few at most.
    let mut held = Vec::new();
    loop {
        answered(ask("/few"), "/few");
        if SAID.says("cannot start another worker thread") {
            break;
        }
        assert!(held.len() < 10, "nothing was said");
        held.push(ask("/held"));
        started.recv_timeout(PATIENCE).unwrap();
    }
    let streams: Vec<_> = (0..20).map(|_| ask("/few")).collect();
    for stream in streams {
        answered(stream, "/few");
    }

    // With the very last one held up, nobody is left to ask for more: the server has to.
    while held.len() < workers() {
        held.push(ask("/held"));
        started.recv_timeout(PATIENCE).unwrap();
    }
    let waits = ask("/few");
    setrlimit(Resource::As, before).unwrap();
    answered(waits, "/few");
    // None is answered before as many workers run.
    let streams: Vec<_> = (0..AT_ONCE).map(|_| ask("/together")).collect();
    for stream in streams {
        answered(stream, "/together");
    }
    drop(release);
    for stream in held {
        answered(stream, "/held");
    }
}

/// The workers of this process.
fn workers() -> usize {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let names = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("comm")));
    // A thread's name is cut there after 15 characters.
    names
        .filter(|name| name.as_ref().unwrap().starts_with("devserve-worke"))
        .count()
}

/// What this process has of it, in bytes.
fn address_space() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let (_, size) = status.split_once("VmSize:").unwrap();
    let kibibytes: u64 = size.split_whitespace().next().unwrap().parse().unwrap();
    kibibytes << 10
}

/// The warnings of this process.
static SAID: Said = Said(Mutex::new(Vec::new()));

struct Said(Mutex<Vec<String>>);

impl Said {
    fn says(&self, words: &str) -> bool {
        let said = self.0.lock().unwrap();
        said.iter().any(|line| line.contains(words))
    }
}

impl Log for Said {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.0.lock().unwrap().push(record.args().to_string());
    }

    fn flush(&self) {}
}
