//! A client that never stops asking, through an afternoon of saves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::harness::{Answer, Devserve, PATIENCE, Project, processes_in, shop_source, wait_until};

/// What the project is at. States are numbered as they are saved, and each shows its number in
/// what it makes devserve answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Served,
    /// The compiler refuses it.
    Broken,
    /// It ends before it is ready.
    Dying,
}

/// What a request found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    State(usize),
    /// The app died while it had this request.
    Death,
}

impl Found {
    #[track_caller]
    fn read(answer: &Answer) -> Self {
        let number_after = |words: &str| -> Option<usize> {
            let (_, rest) = answer.text.split_once(words)?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        let found = match answer.status {
            200 => number_after("v").map(Self::State),
            500 if answer.text.contains("the shop is closed") => Some(Self::Death),
            500 => number_after("oops_")
                .or(number_after("dies_"))
                .map(Self::State),
            _ => None,
        };
        found.unwrap_or_else(|| panic!("{answer:?}"))
    }
}

/// The client, the project it asks, and what it has seen.
struct Afternoon {
    project: Project,
    devserve: Devserve,
    /// The newest state on disk.
    saved: AtomicUsize,
    /// Whether the app is about to die, and how often it has been.
    is_dying: AtomicBool,
    deaths: AtomicUsize,
    idle: Mutex<Vec<BufReader<TcpStream>>>,
    reused: AtomicUsize,
    answered: AtomicUsize,
    is_over: AtomicBool,
}

impl Afternoon {
    /// Saves the next state, sees it answered, and lets the client see it too.
    #[track_caller]
    fn save(&self, state: State) {
        let number = self.saved.load(Ordering::SeqCst) + 1;
        let source = match state {
            State::Served => shop_source(&format!("v{number}")),
            State::Broken => format!("fn main() {{ oops_{number} }}\n"),
            State::Dying => {
                format!("fn main() {{ eprintln!(\"dies_{number}\"); std::process::exit(7) }}\n")
            }
        };
        self.save_as(&source);
    }

    #[track_caller]
    fn save_as(&self, source: &str) {
        self.project.replace("src/main.rs", source);
        let number = self.saved.fetch_add(1, Ordering::SeqCst) + 1;
        self.sees(number);
    }

    #[track_caller]
    fn sees(&self, number: usize) {
        assert_eq!(Found::read(&self.devserve.get("/")), Found::State(number));
        let before = self.answered.load(Ordering::SeqCst);
        wait_until("the client is answered", || {
            self.answered.load(Ordering::SeqCst) > before + 10
        });
    }

    /// Has the app die while it serves.
    #[track_caller]
    fn die(&self) {
        self.deaths.fetch_add(1, Ordering::SeqCst);
        self.is_dying.store(true, Ordering::SeqCst);
        let answer = self.devserve.get("/die");
        assert_eq!(Found::read(&answer), Found::Death);
        let number = self.saved.load(Ordering::SeqCst);
        assert_eq!(Found::read(&self.devserve.get("/")), Found::State(number));
        self.is_dying.store(false, Ordering::SeqCst);
        self.sees(number);
    }

    /// Fifty requests a second, each of them on a thread, every other one on a connection that
    /// is kept.
    fn ask_on(self: &Arc<Self>) -> Vec<JoinHandle<()>> {
        let mut requests = Vec::new();
        while !self.is_over.load(Ordering::SeqCst) {
            let afternoon = Arc::clone(self);
            let is_kept = requests.len() % 2 == 0;
            requests.push(thread::spawn(move || afternoon.ask(is_kept)));
            thread::sleep(Duration::from_millis(20));
        }
        requests
    }

    fn ask(&self, is_kept: bool) {
        let at_least = self.saved.load(Ordering::SeqCst);
        let deaths = self.deaths.load(Ordering::SeqCst);
        let may_die = self.is_dying.load(Ordering::SeqCst);
        let answer = match is_kept {
            true => self.ask_and_keep(),
            false => self.devserve.get("/"),
        };
        match Found::read(&answer) {
            Found::State(number) => assert!(number >= at_least, "{number} after {at_least}"),
            Found::Death => assert!(
                may_die || deaths < self.deaths.load(Ordering::SeqCst),
                "{answer:?}"
            ),
        }
        self.answered.fetch_add(1, Ordering::SeqCst);
    }

    fn ask_and_keep(&self) -> Answer {
        let idle = self.idle.lock().unwrap().pop();
        let mut stream = match idle {
            Some(stream) => {
                self.reused.fetch_add(1, Ordering::SeqCst);
                stream
            }
            None => {
                let stream = TcpStream::connect(("127.0.0.1", self.devserve.port)).unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                BufReader::new(stream)
            }
        };
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
        stream.get_mut().write_all(request).unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_until(b'\n', &mut bytes).unwrap(), 0, "cut");
        }
        let head = String::from_utf8_lossy(&bytes).to_lowercase();
        assert!(!head.contains("connection: close"), "{head}");
        let (_, len) = head.split_once("content-length: ").unwrap();
        let len: usize = len.split_once('\r').unwrap().0.parse().unwrap();
        let start = bytes.len();
        bytes.resize(start + len, 0);
        stream.read_exact(&mut bytes[start..]).unwrap();
        self.idle.lock().unwrap().push(stream);
        Answer::read(&bytes)
    }
}

#[test]
fn fifty_requests_a_second_meet_no_refusal_and_no_old_answer() {
    let project = Project::shop("v0");
    for number in 0..200 {
        project.write(&format!("src/m{number}.rs"), "// of the first branch\n");
    }
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "v0");
    let afternoon = Arc::new(Afternoon {
        project,
        devserve,
        saved: AtomicUsize::new(0),
        is_dying: AtomicBool::new(false),
        deaths: AtomicUsize::new(0),
        idle: Mutex::default(),
        reused: AtomicUsize::new(0),
        answered: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
    });
    let client = thread::spawn({
        let afternoon = Arc::clone(&afternoon);
        move || afternoon.ask_on()
    });
    for edit in 0..20 {
        afternoon.save(State::Served);
        match edit {
            3 | 9 | 15 => afternoon.save(State::Broken),
            6 => afternoon.save(State::Dying),
            12 => afternoon.die(),
            17 => {
                // Another branch: two hundred files, and the one that names them last.
                let mut source = String::new();
                for number in 0..200 {
                    let text = format!("// of the second branch\npub const _N: u32 = {number};\n");
                    let path = format!("src/m{number}.rs");
                    afternoon.project.replace(&path, &text);
                    source += &format!("mod m{number};\n");
                }
                let number = afternoon.saved.load(Ordering::SeqCst) + 1;
                afternoon.save_as(&(shop_source(&format!("v{number}")) + &source));
            }
            _ => {} // an edit among others
        }
    }
    afternoon.is_over.store(true, Ordering::SeqCst);
    let requests = client.join().unwrap();
    let sent = requests.len();
    let bad = requests
        .into_iter()
        .filter_map(|request| request.join().err());
    assert_eq!(bad.count(), 0, "of {sent} requests");
    let reused = afternoon.reused.load(Ordering::SeqCst);
    assert!(reused > sent / 4, "{reused} of {sent} on a kept connection");
    println!("{sent} requests, {reused} of them on a kept connection");
}

#[test]
fn open_streams_and_slow_requests_keep_their_process_until_it_drains() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    let mut events = BufReader::new(devserve.send("/events", "text/event-stream"));
    let mut next_event = || -> Option<String> {
        let mut line = String::new();
        while !line.starts_with("data: ") {
            line.clear();
            if events.read_line(&mut line).unwrap() == 0 {
                return None;
            }
        }
        Some(line)
    };
    assert_eq!(next_event().as_deref(), Some("data: one\n"));
    let socket = TcpStream::connect(("127.0.0.1", devserve.port)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut socket = BufReader::new(socket);
    let upgrade = b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    socket.get_mut().write_all(upgrade).unwrap();
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        assert_ne!(socket.read_line(&mut line).unwrap(), 0);
    }
    let mut echo = |letter: &str| {
        socket.get_mut().write_all(letter.as_bytes()).unwrap();
        let mut line = String::new();
        socket.read_line(&mut line).unwrap();
        line
    };
    assert_eq!(echo("a"), "one a\n");
    let mut long = devserve.send("/long", "*/*");
    devserve.wait_for("the shop is thinking");

    project.write_shop("two");
    devserve.get("/").check(200, "two");
    assert_eq!(processes_in(&project.root()).len(), 2);
    assert_eq!(echo("b"), "one b\n");
    let event = next_event();
    assert_eq!(event.as_deref(), Some("data: one\n"));
    // Longer than streams are waited for.
    let mut bytes = Vec::new();
    long.read_to_end(&mut bytes).unwrap();
    Answer::read(&bytes).check(200, "one");
    // Then nothing is left that has an end.
    while let Some(event) = next_event() {
        assert_eq!(event, "data: one\n");
    }
    wait_until("the old process has ended", || {
        processes_in(&project.root()).len() == 1
    });
    devserve.get("/").check(200, "two");
}
