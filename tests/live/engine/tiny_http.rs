//! The same table against `tiny_http`: every test of the engine runs in a child that serves with
//! it, but for the rows it cannot meet, which are all named here.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::IntoRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use devserve::gateways::tiny_http::TinyHttp;
use devserve::net::{Address, BindError, Listener};
use devserve::server::Serving;
use devserve::wsgi::{self, App, Body, Reply};
use rustix::process::{Resource, getrlimit, setrlimit};

use super::{PATIENCE, Server, check, connect, echo, get, read_until};

const CHILD: &str = "DEVSERVE_TEST_TINY_HTTP";
const FEW: &str = "DEVSERVE_TEST_TINY_HTTP_DESCRIPTORS";

/// The tests it fails, and why. Besides, what follows a request that was refused is answered:
/// its connections cannot be closed.
const TESTS: &[(&str, &[&str])] = &[
    (
        "its connections cannot be closed",
        &[
            "answers::a_body_never_leaves_the_length_it_declared",
            "answers::a_file_goes_out_whole_from_where_it_stands_and_its_loss_is_noticed",
            "answers::a_stream_to_http_1_0_ends_with_the_connection",
            "answers::an_error_before_the_first_byte_is_a_500_and_a_later_one_cuts",
            "connections::a_handler_that_never_ends_does_not_hold_up_a_stop",
            "connections::a_stop_lets_running_requests_end_and_cuts_what_does_not",
            "connections::dropping_a_server_ends_it_at_once",
            "faults::who_asks_for_ever_and_never_listens_is_cut",
            "faults::who_stops_reading_is_cut_and_frees_the_worker",
            "leaks::many_faults_leave_nothing_behind",
            "rules::an_app_may_end_the_connection_and_may_not_break_it",
        ],
    ),
    (
        "it serves for ever, in one process",
        &[
            "lives::a_process_that_dies_is_replaced_and_none_outlives_the_first",
            "lives::handle_request_answers_one_and_stops",
            "lives::handle_request_ends_though_its_sink_of_records_panics",
            "lives::processes_that_do_not_end_do_so_at_the_second_signal",
        ],
    ),
    (
        "its connections are not bounded, in number or time",
        &[
            "connections::a_body_that_drips_does_not_hold_its_worker",
            "connections::a_body_that_never_comes_does_not_hold_its_worker",
            "connections::a_body_that_stalls_does_not_hold_its_worker",
            "connections::a_connection_that_stays_idle_is_closed",
            "connections::a_head_begun_in_a_pipeline_has_no_more_time_than_any_other",
            "connections::a_sink_that_panics_does_not_stop_the_clock",
            "connections::a_slow_head_is_told_so_and_holds_no_worker",
            "connections::beyond_the_cap_of_busy_connections_newcomers_are_told_so",
            "connections::an_idle_connection_makes_room_and_not_the_newest",
            "connections::beyond_the_cap_idle_connections_make_room",
            "connections::beyond_the_queue_a_request_is_told_that_nobody_is_free",
            "connections::what_is_sent_ahead_waits_in_the_sockets",
            "connections::who_asks_much_at_once_is_served_in_turn_with_others",
            "connections::who_waits_for_a_worker_is_served_before_a_stop_is_over",
            "connections::who_waits_for_a_worker_makes_no_room_for_newcomers",
            "shortage::a_server_out_of_descriptors_goes_on",
        ],
    ),
    (
        "of many connections at once, some may wait until others close",
        &[
            "connections::a_hundred_connections_opened_at_once_are_all_answered",
            "connections::requests_that_wait_for_each_other_all_run",
            "connections::with_every_worker_busy_newcomers_wait_their_turn",
        ],
    ),
    (
        "the way back is there only once the body was read",
        &[
            "connections::an_early_answer_to_a_large_upload_arrives",
            "requests::an_app_may_answer_while_another_thread_reads_its_input",
        ],
    ),
    (
        "a small body is read before its app is called",
        &[
            "faults::a_reset_at_any_byte_of_a_request_is_not_its_end",
            "faults::what_never_ends_leaves_others_alone_until_a_stop_cuts_it",
        ],
    ),
    (
        "it says nothing of threads that it lacks",
        &["threads::a_server_without_threads_serves_with_those_it_has"],
    ),
    (
        "it hands out a connection in one piece only",
        &[
            "faults::a_panic_after_leaving_http_costs_its_connection",
            "upgrade::a_handler_may_take_the_connection_as_two_halves",
            "websocket::a_client_that_vanishes_takes_its_handler_with_it",
            "websocket::each_half_goes_on_while_the_other_is_held_up",
            "websocket::messages_of_each_kind_come_back_and_the_end_is_agreed_on",
        ],
    ),
    (
        "it says 100 Continue itself, with fields",
        &[
            "requests::go_on_is_said_when_the_app_reads_and_only_then",
            "rules::nobody_is_asked_to_send_a_body_that_is_too_long",
        ],
    ),
    (
        "it undoes chunks itself: no trailers, and a cut looks like the end",
        &[
            "requests::a_broken_body_is_an_error_to_the_app_and_ends_the_connection",
            "requests::bodies_come_in_by_length_and_in_chunks",
        ],
    ),
    (
        "it refuses empty lines, and what it refuses leaves no record",
        &[
            "answers::every_request_leaves_one_record",
            "requests::a_stray_line_end_after_a_body_is_no_request",
        ],
    ),
];

/// Parts of the cases it fails in tests that it passes otherwise, and why; `$` is the end of a case.
const CASES: &[(&str, &[&str])] = &[
    (
        "it drops what is not ASCII, without an answer",
        &[r"caf\xc3\xa9", r"caf\xe9"],
    ),
    (
        "it does not see what is wrong",
        &[
            "GET / HTTP/1.1 more",
            r"GET / HTTP/1.1\r\n X: a",
            r"X: a\r\n\tfolded: b",
        ],
    ),
    (
        "it refuses by itself, with a bare 400 or 417",
        &[
            "GARBAGE",
            r"\r\n\r\n\r\n",
            "Expect: tea",
            "GET /aaaa",
            "GET / HTTP/1.2",
        ],
    ),
    (
        "it waits for ever, or drops the connection",
        &[
            "HTTP/2.0",
            r"GET / HTTP/1.1\nHost",
            r"GET / HTTP/1.1\r\nHost",
        ],
    ),
    (
        "it undoes chunks itself: no trailers, any size and extension, and a cut looks like the end",
        &[
            r"chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum",
            r"chunked\r\n\r\n+5",
            r"chunked\r\n\r\n5;=",
            r"chunked\r\n\r\n5;x=",
            r"chunked\r\n\r\n8000000000000000",
            r"chunked\r\n\r\nfffffffffffffffe",
            r"5\r\nhel$",
            r"0\r\nX: 1\r\nX: 1",
        ],
    ),
    (
        "where the body ends is not known, and the connection cannot be closed",
        &[
            r"chunked\r\n\r\nzz\r\nGET /hidden",
            r"Expect: 100-continue\r\n\r\nGET /hidden",
        ],
    ),
];

#[test]
fn tiny_http_keeps_every_other_row() {
    let this = std::env::current_exe().unwrap();
    let list = Command::new(&this)
        .args(["--list", "engine::"])
        .output()
        .unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let unmet: Vec<String> = TESTS
        .iter()
        .flat_map(|(_, names)| names.iter().map(|name| format!("engine::{name}")))
        .collect();
    for name in &unmet {
        assert!(
            list.contains(&format!("{name}: test\n")),
            "there is no {name}"
        );
    }
    let mut child = Command::new(&this);
    child
        .args(["engine::", "--skip", "engine::tiny_http::"])
        .env(CHILD, "1");
    for name in &unmet {
        child.args(["--skip", name]);
    }
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

#[test]
fn what_fails_under_way_ends_in_a_chunk_that_is_none() {
    let serving = serve_tiny(wsgi::app_fn(|environ| match &*environ.path() {
        "/err" => Err("no rows".into()),
        "/panic" => panic!("no rows"),
        _ => Ok(Reply::new(Body::chunks([
            Ok("some"),
            Err("no rows".into()),
        ]))),
    }));
    for path in ["/err", "/panic"] {
        let mut stream = connect(&serving);
        stream.write_all(get(path).as_bytes()).unwrap();
        let answer = read_until(&mut stream, "Error\n");
        check(&answer, "500 Internal Server Error", &[]);
    }
    let mut stream = connect(&serving);
    stream.write_all(get("/late").as_bytes()).unwrap();
    let answer = read_until(&mut stream, "broken off\r\n");
    check(&answer, "200 OK", &["\r\n\r\n4\r\nsome\r\nbroken off"]);
}

#[test]
fn a_client_that_waits_for_go_on_is_never_left_waiting() {
    let serving = serve_tiny(wsgi::app_fn(echo));
    let mut stream = connect(&serving);
    let fields = "Host: x\r\nContent-Length: 2\r\nExpect: 100-continue";
    write!(stream, "POST /unread HTTP/1.1\r\n{fields}\r\n\r\n").unwrap();
    check(&read_until(&mut stream, "\r\n\r\n"), "100 Continue", &[]);
    write!(stream, "ok{}", get("/next")).unwrap();
    check(&read_until(&mut stream, "POST /unread \n"), "200 OK", &[]);
    check(&read_until(&mut stream, "GET /next \n"), "200 OK", &[]);
}

#[test]
fn a_stream_to_a_connection_that_stays_open_has_an_end() {
    let serving = serve_tiny(wsgi::app_fn(|_| {
        Ok(Reply::new(Body::chunks(["a", "b"].map(Ok))))
    }));
    let mut stream = connect(&serving);
    let sent = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    stream.write_all(sent).unwrap();
    let answer = read_until(&mut stream, "\r\n\r\nab");
    let says = ["Content-Length: 2\r\n", "Connection: keep-alive\r\n"];
    check(&answer, "200 OK", &says);
}

#[test]
fn a_length_beyond_all_memory_ends_no_process() {
    let serving = serve_tiny(wsgi::app_fn(echo));
    let huge = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4611686018427387904\r\n\r\n";
    connect(&serving).write_all(huge.as_bytes()).unwrap();
    let mut stream = connect(&serving);
    stream.write_all(get("/ok").as_bytes()).unwrap();
    check(&read_until(&mut stream, "GET /ok \n"), "200 OK", &[]);
}

#[test]
fn a_unix_socket_that_was_handed_over_outlives_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let address = Address::Fd(listener.into_raw_fd());
    let serving = bind(Server::new(wsgi::app_fn(echo)), &address).unwrap();
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /u HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    check(&answer, "200 OK", &["Connection: close\r\n", "GET /u \n"]);
    serving.stop(Duration::ZERO);
    drop(serving);
    assert!(path.exists());
}

#[test]
fn a_stop_lets_running_requests_end_and_frees_the_port() {
    let (entered, started) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let gate = Mutex::new((entered, held));
    let serving = Arc::new(serve_tiny(wsgi::app_fn(move |_| {
        let gate = gate.lock().unwrap();
        gate.0.send(())?;
        gate.1.recv_timeout(PATIENCE)?;
        Ok(Reply::new("done".into()))
    })));
    let mut running = connect(&serving);
    running.write_all(get("/").as_bytes()).unwrap();
    started.recv_timeout(PATIENCE).unwrap();
    assert_eq!(serving.stop(Duration::from_millis(20)).cut, 1);
    let stopper = std::thread::spawn({
        let serving = Arc::clone(&serving);
        move || serving.stop(PATIENCE)
    });
    release.send(()).unwrap();
    read_until(&mut running, "done");
    assert_eq!(stopper.join().unwrap().cut, 0);
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(serving.address().to_string()).is_ok() {
        assert!(Instant::now() < deadline, "it still accepts");
    }
}

/// Its acceptor ends without a word if it got the first of a connection's two descriptors and not
/// the second, which hangs on whether the number left is odd. So not each try is survived.
#[test]
fn a_refused_accept_is_got_over() {
    if let Some(limit) = std::env::var_os(FEW) {
        return serve_with_few_descriptors(limit.to_str().unwrap().parse().unwrap());
    }
    let mut limits = ["24", "25"].into_iter().cycle().take(10);
    assert!(limits.any(is_refused_accept_got_over));
}

fn is_refused_accept_got_over(limit: &str) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "engine::tiny_http::a_refused_accept_is_got_over"])
        .arg("--nocapture")
        .env(FEW, limit)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = said
        .find_map(|line| Some(line.unwrap().split_once("serving on ")?.1.to_owned()))
        .unwrap();
    let connect = || TcpStream::connect(&address).unwrap();
    let idle: Vec<_> = (0..16).map(|_| connect()).collect();
    let mut later = connect();
    later.write_all(get("/later").as_bytes()).unwrap();
    let mut is_answered_within = |patience| {
        later.set_read_timeout(Some(patience)).unwrap();
        later.read(&mut [0]).is_ok_and(|read| read > 0)
    };
    assert!(
        !is_answered_within(Duration::from_millis(200)),
        "it has enough"
    );
    drop(idle);
    let is_answered = is_answered_within(Duration::from_secs(1));
    drop(child.stdin.take());
    said.for_each(drop); // the test says how it went, and must find somebody to say it to
    assert!(child.wait().unwrap().success());
    is_answered
}

fn serve_with_few_descriptors(most: u64) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(most);
    setrlimit(Resource::Nofile, limit).unwrap();
    let serving = serve_tiny(wsgi::app_fn(echo));
    #[expect(clippy::print_stdout, reason = "the parent waits for it")]
    {
        println!("serving on {}", serving.address());
    }
    // Until the parent has had enough, or is no more.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// In a child, because the limit is the process's.
#[test]
fn where_it_cannot_start_the_address_is_free_again() {
    if std::env::var_os(FEW).is_some() {
        return start_without_descriptors();
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "engine::tiny_http::where_it_cannot_start_the_address_is_free_again",
        ])
        .env(FEW, "")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{said}");
}

fn start_without_descriptors() {
    let listener = Listener::bind(&Address::tcp("127.0.0.1", 0)).unwrap();
    let address = listener.address().clone();
    let before = getrlimit(Resource::Nofile);
    let mut limit = before;
    limit.current = Some(0); // those that are open stay so
    setrlimit(Resource::Nofile, limit).unwrap();
    let started = TinyHttp::new(wsgi::app_fn(echo)).serve(listener);
    setrlimit(Resource::Nofile, before).unwrap();
    assert!(started.is_err());
    Listener::bind(&address).unwrap();
}

fn serve_tiny(app: impl App) -> Serving {
    bind(Server::new(app), &Address::tcp("127.0.0.1", 0)).unwrap()
}

/// Whether this process tests `tiny_http`.
pub(super) fn is_under_test() -> bool {
    std::env::var_os(CHILD).is_some()
}

pub(super) fn bind(server: Server, address: &Address) -> Result<Serving, BindError> {
    TinyHttp::new(server.app)
        .workers(server.settings.workers)
        .write_timeout(server.settings.write_timeout)
        .limits(server.settings.limits)
        .server_name(server.settings.server_name)
        .records(server.sink)
        .bind(address)
}

/// Whether a case of a rule is kept: none that has one of our parts.
pub(super) fn is_met(case: &[u8]) -> bool {
    let case = format!("{}$", case.escape_ascii());
    let mut parts = CASES.iter().flat_map(|(_, parts)| *parts);
    !parts.any(|part| case.contains(part))
}
