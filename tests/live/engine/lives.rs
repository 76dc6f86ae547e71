//! A server that answers once, and one of several processes.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use devserve::net::{Address, Listener};
use devserve::server::{Server, Settings};
use devserve::wsgi;
use rustix::process::{Pid, Signal, kill_process};

use super::{PATIENCE, check, echo, get, read_until, talk_to};

#[test]
fn handle_request_answers_one_and_stops() {
    let listener = Listener::bind(&Address::tcp("127.0.0.1", 0)).unwrap();
    let address = listener.address().to_string();
    let served = std::thread::spawn(|| Server::new(wsgi::app_fn(echo)).handle_request(listener));
    let answer = talk_to(&address, get("/one").as_bytes());
    check(&answer, "200 OK", &["GET /one"]);
    assert_eq!(served.join().unwrap().unwrap().cut, 0);
    assert!(std::net::TcpStream::connect(&address).is_err());
}

#[test]
fn handle_request_ends_though_its_sink_of_records_panics() {
    let listener = Listener::bind(&Address::tcp("127.0.0.1", 0)).unwrap();
    let address = listener.address().to_string();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let server = Server::new(wsgi::app_fn(echo)).records(|_| panic!("no room for a record"));
        tell.send(server.handle_request(listener).is_ok()).unwrap();
    });
    check(&talk_to(&address, get("/").as_bytes()), "200 OK", &[]);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(true));
}

#[test]
fn no_time_is_too_long_for_it() {
    let settings = Settings {
        head_timeout: Duration::MAX,
        body_timeout: Duration::MAX,
        write_timeout: Duration::MAX,
        keep_alive: Duration::MAX,
        linger: Duration::MAX,
        ..Settings::default()
    };
    let serving = Server::new(wsgi::app_fn(echo))
        .settings(settings)
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    let address = serving.address().to_string();
    let mut idle = TcpStream::connect(&address).unwrap();
    let posted = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n";
    write!(idle, "{posted}").unwrap();
    std::thread::sleep(Duration::from_millis(20)); // it waits for the body
    write!(idle, "tea").unwrap();
    idle.set_read_timeout(Some(PATIENCE)).unwrap();
    check(&read_until(&mut idle, "tea\n"), "200 OK", &[]);
    let malformed = talk_to(&address, b"GET / HTTP/2.0\r\n\r\n");
    check(&malformed, "505 HTTP Version Not Supported", &[]);
    assert_eq!(serving.stop(Duration::MAX).cut, 0);
}

#[test]
fn after_a_graceful_stop_nothing_holds_the_app() {
    let held = Arc::new(());
    let app = {
        let held = Arc::clone(&held);
        wsgi::app_fn(move |environ| {
            let _held = &held;
            echo(environ)
        })
    };
    let serving = Server::new(app)
        .bind(&Address::tcp("127.0.0.1", 0))
        .unwrap();
    for _ in 0..3 {
        talk_to(&serving.address().to_string(), get("/").as_bytes());
    }
    assert_eq!(serving.stop(PATIENCE).cut, 0);
    drop(serving);
    assert_eq!(Arc::strong_count(&held), 1);
}

/// The examples are built with the features of the tests.
#[cfg(not(feature = "tiny-http"))]
#[test]
fn an_engine_that_was_not_compiled_in_is_named_with_the_way_to_have_it() {
    let output = Command::new(example("hello"))
        .envs([("DEVSERVE_ENGINE", "tiny-http"), ("PORT", "0")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("this program was built without it"), "{said}");
    assert!(said.contains("Cargo.toml"), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

/// The example `processes`, ended with the test.
struct Processes {
    first: Child,
    address: String,
}

impl Processes {
    fn start() -> Self {
        let mut first = Command::new(example("processes"))
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(first.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        Self { first, address }
    }

    /// The id of the process that answers.
    fn ask(&self) -> u32 {
        let answer = talk_to(&self.address, get("/").as_bytes());
        check(&answer, "200 OK", &["one of several: true"]);
        let id = answer.split_once("process ").unwrap().1;
        id.split_once(',').unwrap().0.parse().unwrap()
    }

    fn wait_for(&self, wanted: impl Fn(&[u32]) -> bool) -> Vec<u32> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let workers = self.workers();
            if wanted(&workers) {
                return workers;
            }
            assert!(Instant::now() < deadline, "{workers:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn workers(&self) -> Vec<u32> {
        let first = self.first.id().to_string();
        let processes = std::fs::read_dir("/proc").unwrap();
        let ids = processes.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
        ids.filter(|id| parent_of(*id).is_some_and(|parent| parent == first))
            .collect()
    }
}

/// The parent's id, from the fields behind the program's name, which may hold blanks.
fn parent_of(id: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(1).map(str::to_owned)
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.first.kill().ok();
        self.first.wait().ok();
    }
}

#[test]
fn a_process_that_dies_is_replaced_and_none_outlives_the_first() {
    let mut processes = Processes::start();
    let before = processes.wait_for(|workers| workers.len() == 3);
    assert!(before.contains(&processes.ask()));
    talk_to(&processes.address, get("/die").as_bytes());
    let is_old = |id: &&u32| before.contains(id);
    let workers = processes
        .wait_for(|workers| workers.len() == 3 && workers.iter().filter(is_old).count() == 2);
    processes.ask();
    let first = Pid::from_raw(processes.first.id().try_into().unwrap()).unwrap();
    kill_process(first, Signal::TERM).unwrap();
    assert!(processes.first.wait().unwrap().success());
    for worker in workers {
        assert!(
            !Path::new(&format!("/proc/{worker}")).exists(),
            "{worker} lives on"
        );
    }
}

#[test]
fn processes_that_do_not_end_do_so_at_the_second_signal() {
    let mut processes = Processes::start();
    processes.ask();
    let workers = processes.wait_for(|workers| workers.len() == 3);
    let process = |id: u32| Pid::from_raw(id.try_into().unwrap()).unwrap();
    kill_process(process(workers[0]), Signal::STOP).unwrap(); // it hears nothing
    let first = process(processes.first.id());
    kill_process(first, Signal::TERM).unwrap();
    processes.wait_for(|left| left == [workers[0]]);
    assert!(processes.first.try_wait().unwrap().is_none());
    kill_process(first, Signal::TERM).unwrap();
    assert!(processes.first.wait().unwrap().success());
    assert!(!Path::new(&format!("/proc/{}", workers[0])).exists());
}

/// The program of an example, which `cargo test` builds too.
pub(super) fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests
        .ancestors()
        .nth(2)
        .unwrap()
        .join("examples")
        .join(name);
    assert!(
        program.exists(),
        "cargo build --example {name} first; plain cargo test does"
    );
    program
}
