use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::*;
use crate::dev::editor::Editor;
use crate::dev::event::Event;
use crate::dev::generation::Generation;
use crate::dev::inputs::Outlook;
use crate::dev::lookout::Lookout;
use crate::pages::{Diagnostic, Level};

const SOON: Duration = Duration::from_secs(10);

/// A front, the socket of the app behind it, and what the supervisor hears.
struct Stage {
    front: Front,
    gate: Arc<Gate>,
    bulletin: Arc<Bulletin>,
    token: String,
    upstream: UnixListener,
    events: Receiver<Event>,
    notices: Receiver<Notice>,
    folder: tempfile::TempDir,
}

impl Stage {
    fn set() -> Self {
        let (sender, events) = mpsc::channel();
        let gate = Gate::new("building".into(), sender, Lookout::new(|| Outlook::Calm));
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("app.sock");
        let upstream = UnixListener::bind(&socket).unwrap();
        gate.open(Generation::FIRST, Upstream::Own(socket.into()));
        let (sender, notices) = mpsc::channel();
        let bulletin = Arc::new(Bulletin::default());
        let folder_path = folder.path().to_owned();
        // `true` does nothing with what it is given.
        let editor = Editor::choose(|_| Some("true {path}".to_owned()));
        let opener = Opener::new(editor, folder_path.clone(), vec![folder_path]).unwrap();
        let token = opener.token().to_owned();
        let front = Front::start(
            Listener::bind(&Address::tcp("127.0.0.1", 0)).unwrap(),
            Arc::clone(&gate),
            Arc::new(ReloadHub::new(7)),
            Sink::new(move |notice| drop(sender.send(notice))),
            LiveReload::On,
            Arc::clone(&bulletin),
            opener,
        )
        .unwrap();
        Self {
            front,
            gate,
            bulletin,
            token,
            upstream,
            events,
            notices,
            folder,
        }
    }

    fn client(&self) -> Client {
        let stream = TcpStream::connect(self.front.address().to_string()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        Client(stream)
    }

    /// The front's next connection to the app.
    fn app(&self) -> App {
        let (stream, _) = self.upstream.accept().unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        App(stream)
    }

    /// Sends `request`, has the app say `answer` to it and close, and returns what the app got
    /// and what the client got.
    fn exchange(&self, request: &str, answer: &str) -> (String, String) {
        let mut client = self.client();
        client.send(request);
        let mut app = self.app();
        let passed = app.until("\r\n\r\n");
        app.send(answer);
        drop(app);
        client.0.shutdown(std::net::Shutdown::Write).unwrap();
        (passed, client.rest())
    }

    /// Asserts that no request is under way any more, as a swap of generations needs.
    #[track_caller]
    fn drains(&self) {
        self.gate.retire(Generation::FIRST);
        let event = self.events.recv_timeout(SOON).unwrap();
        assert!(matches!(event, Event::Drained(_)), "{event:?}");
    }
}

struct Client(TcpStream);
struct App(UnixStream);

/// What both ends of the front do.
trait End {
    fn stream(&mut self) -> &mut dyn ReadWrite;

    fn send(&mut self, text: &str) {
        self.stream().write_all(text.as_bytes()).unwrap();
    }

    fn until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        let mut byte = [0];
        while !read.ends_with(end.as_bytes()) {
            self.stream().read_exact(&mut byte).unwrap_or_else(|error| {
                panic!("{error} after {:?}", String::from_utf8_lossy(&read))
            });
            read.push(byte[0]);
        }
        String::from_utf8(read).unwrap()
    }

    fn rest(&mut self) -> String {
        let mut read = Vec::new();
        self.stream().read_to_end(&mut read).unwrap();
        String::from_utf8(read).unwrap()
    }
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

impl End for Client {
    fn stream(&mut self) -> &mut dyn ReadWrite {
        &mut self.0
    }
}

impl End for App {
    fn stream(&mut self) -> &mut dyn ReadWrite {
        &mut self.0
    }
}

/// An answer without `Date` and `Server`: the front adds nothing to what the app said.
#[track_caller]
fn check(request: &str, answer: &str, want: &str) {
    let (_, got) = Stage::set().exchange(request, answer);
    assert_eq!(got, want, "{answer:?}");
}

const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn an_answer_is_framed_anew_and_otherwise_as_the_app_said() {
    check(
        GET,
        "HTTP/1.1 200 Fine\r\nX-A: 1\r\nContent-Length: 3\r\nConnection: close, x-once\r\nX-Once: 1\r\nKeep-Alive: 5\r\n\r\ntea",
        "HTTP/1.1 200 Fine\r\nX-A: 1\r\nContent-Length: 3\r\n\r\ntea",
    );
    check(
        GET,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\r\n",
    );
    check(
        GET,
        "HTTP/1.0 200 OK\r\n\r\ntea",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\r\n",
    );
    check(
        GET,
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    );
}

#[test]
fn answers_without_a_body_have_none() {
    check(
        "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    );
    for fields in ["", "Content-Length: 9\r\n"] {
        check(
            GET,
            &format!("HTTP/1.1 204 No Content\r\n{fields}\r\n"),
            "HTTP/1.1 204 No Content\r\n\r\n",
        );
        check(
            GET,
            &format!("HTTP/1.1 304 Not Modified\r\n{fields}\r\n"),
            &format!("HTTP/1.1 304 Not Modified\r\n{}\r\n", fields),
        );
    }
}

#[test]
fn an_http_1_0_client_gets_chunks_as_a_body_to_the_end() {
    check(
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ntea",
    );
}

#[test]
fn the_app_learns_the_peer_from_the_front_alone() {
    let stage = Stage::set();
    let request = "GET /a?b HTTP/1.1\r\nHost: x\r\nDevserve-Peer: 1.2.3.4:5\r\nConnection: x-once\r\nX-Once: 1\r\nUpgrade: h2c\r\n\r\n";
    let (passed, _) = stage.exchange(request, "HTTP/1.1 204 No Content\r\n\r\n");
    assert!(
        passed.starts_with("GET /a?b HTTP/1.1\r\nHost: x\r\nDevserve-Peer: 127.0.0.1:"),
        "{passed}"
    );
    assert_eq!(passed.matches("Devserve-Peer").count(), 1, "{passed}");
    assert!(
        !passed.contains("once") && !passed.contains("upgrade"),
        "{passed}"
    );
}

#[test]
fn bodies_pass_by_length_and_in_chunks_as_they_come() {
    let stage = Stage::set();
    let mut client = stage.client();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\ntea");
    let mut app = stage.app();
    assert!(app.until("\r\n\r\n").contains("Content-Length: 6\r\n"));
    assert_eq!(app.until("tea"), "tea");
    client.send("pot");
    assert_eq!(app.until("pot"), "pot");
    app.send("HTTP/1.1 204 No Content\r\n\r\n");
    client.until("\r\n\r\n");
    client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n");
    let mut app = stage.app();
    assert!(
        app.until("\r\n\r\n")
            .contains("Transfer-Encoding: chunked\r\n")
    );
    assert_eq!(app.until("tea\r\n"), "3\r\ntea\r\n");
    client.send("0\r\n\r\n");
    assert_eq!(app.until("\r\n\r\n"), "0\r\n\r\n");
    app.send("HTTP/1.1 204 No Content\r\n\r\n");
    client.until("\r\n\r\n");
    stage.drains();
}

#[test]
fn go_on_is_the_app_s_to_say() {
    let stage = Stage::set();
    let mut client = stage.client();
    let request = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    client.send(request);
    let mut app = stage.app();
    app.until("\r\n\r\n");
    app.send("HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("tea");
    assert_eq!(app.until("tea"), "tea");
    app.send("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(client.until("\r\n\r\n"), "HTTP/1.1 204 No Content\r\n\r\n");
    // Without it the body never comes, so that the connection cannot go on.
    client.send(request);
    let mut app = stage.app();
    app.until("\r\n\r\n");
    app.send("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n");
    assert!(client.rest().ends_with("Connection: close\r\n\r\n"));
    stage.drains();
}

#[test]
fn an_early_answer_to_a_large_upload_arrives() {
    let stage = Stage::set();
    let mut client = stage.client();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n");
    let mut upload = client.0.try_clone().unwrap();
    let uploading = thread::spawn(move || upload.write_all(&vec![b'x'; 8_000_000]));
    let mut app = stage.app();
    app.until("xxx");
    app.send("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 8\r\n\r\ntoo much");
    let answer = client.until("too much");
    assert!(answer.contains("Connection: close\r\n"), "{answer}");
    uploading.join().unwrap().unwrap();
    assert_eq!(client.rest(), "");
    drop(app);
    stage.drains();
}

#[test]
fn an_app_that_ends_without_an_answer_is_said_so_at_once() {
    for (request, passed) in [
        (GET, "\r\n\r\n"),
        // The rest of this body never comes.
        (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\ntea",
            "tea",
        ),
    ] {
        let stage = Stage::set();
        let mut client = stage.client();
        client.send(request);
        let mut app = stage.app();
        app.until(passed);
        drop(app);
        let answer = client.until("answer\n");
        assert!(
            answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"),
            "{answer}"
        );
        stage.drains();
        stage.upstream.set_nonblocking(true).unwrap();
        assert!(stage.upstream.accept().is_err(), "it was tried again");
    }
}

#[test]
fn an_app_that_ends_within_its_answer_cuts_it() {
    let stage = Stage::set();
    for (answer, want) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntea", "tea"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n",
            "3\r\ntea\r\n",
        ),
    ] {
        let (_, got) = stage.exchange(GET, answer);
        assert!(got.ends_with(&format!("\r\n\r\n{want}")), "{got}");
        assert_eq!(got.matches("HTTP/1.1").count(), 1, "{got}");
    }
    stage.drains();
}

#[test]
fn what_is_no_http_is_said_to_be_so_without_waiting_for_a_death() {
    let began = Instant::now();
    let (_, got) = Stage::set().exchange(GET, "HELO\r\n\r\n");
    assert!(got.starts_with("HTTP/1.1 502 "), "{got}");
    assert!(began.elapsed() < OBITUARY_PATIENCE);
}

#[test]
fn an_upload_that_breaks_off_is_no_whole_one_to_the_app() {
    let stage = Stage::set();
    for head in [
        "Content-Length: 9\r\n\r\ntea",
        "Transfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n",
    ] {
        let mut client = stage.client();
        client.send(&format!("POST / HTTP/1.1\r\nHost: x\r\n{head}"));
        let mut app = stage.app();
        app.until("tea");
        client.0.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(!app.rest().contains("0\r\n\r\n"));
        app.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        let answer = client.rest();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    stage.drains();
}

#[test]
fn events_pass_at_once_and_a_client_that_left_frees_its_lease() {
    let stage = Stage::set();
    let mut client = stage.client();
    client.send(GET);
    let mut app = stage.app();
    app.until("\r\n\r\n");
    app.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    client.until("data: 1\n\n\r\n");
    app.send("data: 2\n\n");
    client.until("data: 2\n\n\r\n");
    drop(client);
    // The app goes on until it hears of it: some writes after the client has gone.
    while app.0.write_all(b"data: 3\n\n").is_ok() {
        thread::yield_now();
    }
    stage.drains();
}

#[test]
fn a_page_gets_the_script_and_the_length_that_goes_with_it() {
    let tag = inject::tag(7, None);
    let page = "<!doctype html><title>Tea</title>";
    let stage = Stage::set();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
    let len = page.len();
    let (_, got) = stage.exchange(GET, &format!("{head}Content-Length: {len}\r\n\r\n{page}"));
    let want = format!("Content-Length: {}\r\n\r\n{page}{tag}", len + tag.len());
    assert!(got.ends_with(&want), "{got}");
    let (_, got) = stage.exchange(GET, &format!("{head}\r\n{page}"));
    let chunks = format!("{len:x}\r\n{page}\r\n{:x}\r\n{tag}\r\n0\r\n\r\n", tag.len());
    assert!(got.ends_with(&chunks), "{got}");
    let (_, got) = stage.exchange(GET, &format!("{head}Content-Length: 3\r\n\r\ntea"));
    assert!(got.ends_with("Content-Length: 3\r\n\r\ntea"), "{got}");
}

const LOAD: &str =
    "GET / HTTP/1.1\r\nHost: x\r\nSec-Fetch-Dest: document\r\nAccept-Encoding: gzip, br\r\n";

#[test]
fn a_page_is_asked_for_as_it_is_and_anything_else_as_the_client_asks() {
    let stage = Stage::set();
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>A";
    let (asked, got) = stage.exchange(&format!("{LOAD}\r\n"), answer);
    assert!(asked.contains("Accept-Encoding: identity\r\n"), "{asked}");
    assert!(!asked.contains("gzip"), "{asked}");
    assert!(got.contains("<p>A<script src="), "{got}");
    let fetch = LOAD.replace("document", "empty");
    let (asked, got) = stage.exchange(&format!("{fetch}\r\n"), answer);
    assert!(asked.contains("Accept-Encoding: gzip, br\r\n"), "{asked}");
    assert!(got.ends_with("\r\n\r\n<p>A"), "{got}");
}

#[test]
fn an_app_that_compresses_all_the_same_is_passed_on_and_named_once() {
    let stage = Stage::set();
    let packed = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br\r\n\
                  Content-Length: 3\r\n\r\nbr!";
    for _ in 0..2 {
        let (_, got) = stage.exchange(&format!("{LOAD}\r\n"), packed);
        assert!(got.ends_with("Content-Length: 3\r\n\r\nbr!"), "{got}");
    }
    let is_named = |notice: &Notice| {
        let why = NoScript::Compressed;
        matches!(notice, Notice::NoLiveReload { why: said, .. } if *said == why)
    };
    assert_eq!(stage.notices.try_iter().filter(is_named).count(), 1);
}

#[test]
fn a_page_with_the_script_has_a_tag_of_its_own() {
    let stage = Stage::set();
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: W/\"a\"\r\n\
                  Accept-Ranges: bytes\r\nContent-Length: 3\r\n\r\ntea";
    let (_, got) = stage.exchange(&format!("{LOAD}\r\n"), answer);
    assert!(got.contains("ETag: W/\"a-live-7\"\r\n"), "{got}");
    assert!(!got.contains("accept-ranges"), "{got}");
    // Asked about as it was sent, it is what the app knows, and comes back under its own name.
    let asks = |tag: &str| format!("{LOAD}If-None-Match: {tag}\r\n\r\n");
    let same = "HTTP/1.1 304 Not Modified\r\nETag: W/\"a\"\r\n\r\n";
    let (asked, got) = stage.exchange(&asks("W/\"a-live-7\""), same);
    assert!(asked.contains("If-None-Match: W/\"a\"\r\n"), "{asked}");
    assert!(
        got.starts_with("HTTP/1.1 304 ") && got.contains("W/\"a-live-7\""),
        "{got}"
    );
    // One with the script of another version must come anew: it would reload for ever.
    let (asked, _) = stage.exchange(&asks("W/\"a-live-6\""), answer);
    assert!(!asked.contains("if-none-match"), "{asked}");
}

#[test]
fn the_head_of_a_page_promises_no_length_that_the_script_changes() {
    let stage = Stage::set();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n";
    let (_, got) = stage.exchange("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", head);
    assert!(!got.contains("content-length"), "{got}");
}

#[test]
fn the_problem_there_is_may_be_framed_by_pages_of_the_same_origin() {
    let stage = Stage::set();
    let ask = "GET /__devserve__/problem?1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let asked = || {
        let mut client = stage.client();
        client.send(ask);
        client.rest()
    };
    assert!(asked().starts_with("HTTP/1.1 404 "));
    let died = crate::pages::AppDied {
        target: "shop".to_owned(),
        how: "exit code 7".to_owned(),
        ..Default::default()
    };
    stage
        .front
        .hub
        .broken("it died".to_owned(), Arc::new(died.page()));
    let got = asked();
    assert!(got.starts_with("HTTP/1.1 200 "), "{got}");
    assert!(got.contains("frame-ancestors 'self'"), "{got}");
    assert!(
        got.contains("exit code 7") && !got.contains("reload.js"),
        "{got}"
    );
}

#[test]
fn each_answer_leaves_one_line_in_the_log() {
    let stage = Stage::set();
    stage.exchange(
        GET,
        "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\ntea",
    );
    let notice = stage.notices.recv_timeout(SOON).unwrap();
    let Notice::Access(record) = notice else {
        panic!("{notice:?}");
    };
    assert_eq!((record.status, record.body_bytes), (404, 3));
    let mut client = stage.client();
    client.send("BAD\r\n\r\n");
    assert!(client.rest().starts_with("HTTP/1.1 400 "));
    let notice = stage.notices.recv_timeout(SOON).unwrap();
    assert!(
        matches!(notice, Notice::Refused { status: 400, .. }),
        "{notice:?}"
    );
}

#[test]
fn a_connection_that_leaves_http_passes_raw_both_ways() {
    let stage = Stage::set();
    let mut client = stage.client();
    client.send("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly");
    let mut app = stage.app();
    let asked = app.until("\r\n\r\n");
    assert!(
        asked.contains("Connection: upgrade\r\nUpgrade: echo\r\n"),
        "{asked}"
    );
    app.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhi");
    let told = client.until("\r\n\r\nhi");
    assert!(told.starts_with("HTTP/1.1 101 "), "{told}");
    assert!(
        told.contains("Connection: upgrade\r\n") && told.contains("Upgrade: echo\r\n"),
        "{told}"
    );
    app.until("early");
    client.send("more");
    app.until("more");
    app.send("\0\r\n");
    client.until("\0\r\n");
    drop(app);
    assert_eq!(client.rest(), "");
    stage.drains();
}

#[test]
fn a_waiting_page_hears_how_far_it_is() {
    let stage = Stage::set();
    stage.gate.hold("building shop".to_owned());
    stage.bulletin.begin();
    let mut client = stage.client();
    client.send("GET /__devserve__/progress HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let head = client.until("\r\n\r\n").to_lowercase();
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    let first = client.until("\n\n");
    assert!(first.contains(r#""title":"building shop""#), "{first}");
    assert!(first.contains(r#""isAnew":true"#), "{first}");
    stage.bulletin.step("Compiling serde".to_owned());
    let step = client.until("\n\n");
    assert!(step.contains(r#""now":"Compiling serde""#), "{step}");
    stage.bulletin.diagnose(Diagnostic {
        level: Level::Error,
        message: "no <b>".to_owned(),
        code: None,
        spans: Vec::new(),
        children: Vec::new(),
        rendered: String::new(),
    });
    let error = client.until("\n\n");
    assert!(error.contains("no &lt;b&gt;"), "{error}");
    assert!(error.contains(r#""tally":"1 error""#), "{error}");
}

#[test]
fn an_editor_is_opened_for_our_own_pages_alone() {
    let stage = Stage::set();
    std::fs::write(stage.folder.path().join("a.rs"), "").unwrap();
    let ask = |token: &str, place: &str| {
        let mut client = stage.client();
        client.send(&format!(
            "POST /__devserve__/open HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
             Connection: close\r\nDevserve-Token: {token}\r\nDevserve-Place: {place}\r\n\r\n"
        ));
        let answer = client.rest();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(ask(&stage.token, "a.rs:1:1"), "200");
    assert_eq!(ask(&stage.token, "b.rs:1:1"), "404");
    assert_eq!(ask("guessed", "a.rs:1:1"), "403");
}

/// More than all buffers between two ends hold.
const MUCH: usize = 64 << 20;

/// A writer of [`MUCH`] on a thread of its own, and how far it is.
struct Flood {
    sent: Arc<AtomicUsize>,
    thread: thread::JoinHandle<()>,
}

impl Flood {
    fn start(mut to: impl Write + Send + 'static) -> Self {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let thread = thread::spawn(move || {
            while counted.load(Ordering::SeqCst) < MUCH {
                to.write_all(&[b'x'; 1 << 16]).unwrap();
                counted.fetch_add(1 << 16, Ordering::SeqCst);
            }
        });
        Self { sent, thread }
    }

    /// Waits until nothing has moved for a while, which is before all is sent.
    #[track_caller]
    fn stalls(&self) {
        let mut before = 0;
        loop {
            thread::sleep(Duration::from_millis(300));
            let sent = self.sent.load(Ordering::SeqCst);
            assert!(sent < MUCH / 2, "all of it was taken");
            if sent == before && sent > 0 {
                return;
            }
            before = sent;
        }
    }

    /// Everything arrives at `end`.
    #[track_caller]
    fn passes(self, end: &mut impl Read) {
        let mut taken = end.take(MUCH as u64);
        assert_eq!(io::copy(&mut taken, &mut io::sink()).unwrap(), MUCH as u64);
        self.thread.join().unwrap();
    }
}

#[test]
fn an_answer_comes_no_faster_than_the_client_takes_it() {
    let stage = Stage::set();
    let mut client = stage.client();
    client.send(GET);
    let mut app = stage.app();
    app.until("\r\n\r\n");
    app.send(&format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {MUCH}\r\n\r\n"
    ));
    let flood = Flood::start(app.0.try_clone().unwrap());
    flood.stalls();
    client.until("\r\n\r\n");
    flood.passes(&mut client.0);
    drop(app);
    stage.drains();
}

#[test]
fn an_upload_goes_no_faster_than_the_app_takes_it() {
    let stage = Stage::set();
    let mut client = stage.client();
    client.send(&format!(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {MUCH}\r\n\r\n"
    ));
    let flood = Flood::start(client.0.try_clone().unwrap());
    let mut app = stage.app();
    flood.stalls();
    app.until("\r\n\r\n");
    flood.passes(&mut app.0);
    app.send("HTTP/1.1 204 No Content\r\n\r\n");
    client.until("\r\n\r\n");
    stage.drains();
}

#[test]
fn what_leaves_http_goes_no_faster_than_it_is_taken() {
    let stage = Stage::set();
    let mut client = stage.client();
    client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    let mut app = stage.app();
    app.until("\r\n\r\n");
    app.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    client.until("\r\n\r\n");
    let down = Flood::start(app.0.try_clone().unwrap());
    let up = Flood::start(client.0.try_clone().unwrap());
    down.stalls();
    up.stalls();
    down.passes(&mut client.0);
    up.passes(&mut app.0);
    drop(app);
    stage.drains();
}

#[test]
fn the_body_of_a_held_request_stays_with_the_client() {
    let stage = Stage::set();
    stage.gate.hold("building".into());
    let mut client = stage.client();
    client.send(&format!(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {MUCH}\r\n\r\n"
    ));
    let flood = Flood::start(client.0.try_clone().unwrap());
    flood.stalls();
    stage.upstream.set_nonblocking(true).unwrap();
    assert!(stage.upstream.accept().is_err(), "it was let through");
    stage.upstream.set_nonblocking(false).unwrap();
    let socket = stage.folder.path().join("app.sock");
    stage
        .gate
        .open(Generation::FIRST, Upstream::Own(socket.into()));
    let mut app = stage.app();
    app.until("\r\n\r\n");
    flood.passes(&mut app.0);
    app.send("HTTP/1.1 204 No Content\r\n\r\n");
    client.until("\r\n\r\n");
    stage.drains();
}

#[test]
fn a_connection_outlives_the_generation_it_began_with() {
    let stage = Stage::set();
    let mut client = stage.client();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
    client.send(GET);
    let mut app = stage.app();
    app.until("\r\n\r\n");
    app.send(&format!("{answer}one"));
    client.until("one");
    drop(app);
    let next = stage.folder.path().join("next.sock");
    let listener = UnixListener::bind(&next).unwrap();
    let second = Generation::FIRST.next();
    stage.gate.open(second, Upstream::Own(next.into()));
    client.send(GET);
    let (stream, _) = listener.accept().unwrap();
    let mut app = App(stream);
    app.until("\r\n\r\n");
    app.send(&format!("{answer}two"));
    assert!(client.until("two").starts_with("HTTP/1.1 200 "));
    stage.drains();
}

#[test]
fn requests_that_read_go_one_after_the_other_through_one_connection() {
    let stage = Stage::set();
    let mut client = stage.client();
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntea";
    client.send(GET);
    let mut app = stage.app();
    for request in [GET, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", GET] {
        app.until("\r\n\r\n");
        app.send("HTTP/1.1 304 Not Modified\r\n\r\n");
        client.until("\r\n\r\n");
        client.send(request);
    }
    app.until("\r\n\r\n");
    app.send(answer);
    client.until("tea");
    // One that may have effects has a connection of its own, which ends with it.
    client.send("DELETE / HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut own = stage.app();
    own.until("\r\n\r\n");
    own.send(answer);
    client.until("tea");
    assert_eq!(own.rest(), "");
    // One that the app has closed is not used.
    drop(app);
    client.send(GET);
    let mut second = stage.app();
    second.until("\r\n\r\n");
    second.send(answer);
    client.until("tea");
    // Nor does any outlive its generation.
    stage.drains();
    assert_eq!(second.rest(), "");
}
