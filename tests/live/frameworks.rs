//! Programs that know nothing of devserve, each of a kind: where they listen is found out.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::{Devserve, PATIENCE, Project, processes_in, scrub};

/// A server whose listener is the value of `BIND`; it answers with TEXT, and at `/head` with the
/// head it got.
const SERVER: &str = r#"
use std::env::var;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::FromRawFd;
use std::thread;
use std::time::Duration;

#[allow(unused)]
fn main() {
    let _ = (handed_over as fn() -> TcpListener, Duration::ZERO);
    BEFORE
    let listener = BIND;
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        thread::spawn(move || answer(stream));
    }
}

fn port() -> u16 {
    var("PORT").unwrap().parse().unwrap()
}

fn handed_over() -> TcpListener {
    assert_eq!(var("LISTEN_FDS").unwrap(), "1");
    assert_eq!(var("LISTEN_PID").unwrap(), std::process::id().to_string());
    unsafe { TcpListener::from_raw_fd(3) }
}

fn text() -> String {
    std::fs::read_to_string("text.txt").unwrap_or_else(|_| "TEXT".to_owned())
}

fn answer(mut stream: impl Read + Write) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    let text = match head.starts_with(b"GET /head ") {
        true => String::from_utf8(head).unwrap().to_lowercase(),
        false => text(),
    };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", text.len());
    let _ = stream.write_all((head + &text).as_bytes());
}
"#;

fn server(before: &str, bind: &str, text: &str) -> String {
    SERVER
        .replace("BEFORE", before)
        .replace("BIND", bind)
        .replace("TEXT", text)
}

/// Two saves of such a server are served, each by the next request; what devserve said of them.
#[track_caller]
fn check(before: &str, bind: &str, args: &[&str]) -> String {
    let project = Project::shop("none");
    project.write("src/main.rs", &server(before, bind, "one"));
    let devserve = Devserve::start(&project, &[&["-v"], args].concat());
    devserve.get("/").check(200, "one");
    for text in ["two", "three"] {
        project.write("src/main.rs", &server(before, bind, text));
        devserve.get("/").check(200, text);
    }
    let head = devserve.get("/head").text;
    let host = format!("\r\nhost: 127.0.0.1:{}\r\n", devserve.port);
    assert!(head.contains(&host), "{head}");
    assert!(
        head.contains("\r\nx-forwarded-for: 127.0.0.1\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nx-forwarded-proto: http\r\n"), "{head}");
    assert!(!head.contains("devserve-peer"), "{head}");
    let said = devserve.said();
    assert_eq!(devserve.stop().code(), Some(0));
    assert_eq!(processes_in(&project.root()), [] as [String; 0]);
    said
}

/// A port that nobody has, for a program that has one written in it.
fn some_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

const ALONE: &str = "by itself: each one ends before the next one starts";

#[test]
fn a_program_that_reads_port_and_host_runs_beside_the_next() {
    let bind = "TcpListener::bind((var(\"HOST\").unwrap().as_str(), port())).unwrap()";
    let said = check("", bind, &[]);
    assert!(!said.contains(ALONE), "{said}");
    // Also where that takes its time.
    check("thread::sleep(Duration::from_millis(1200));", bind, &[]);
}

#[test]
fn a_program_that_takes_listen_fds_runs_beside_the_next() {
    let said = check("", "handed_over()", &[]);
    assert!(!said.contains(ALONE), "{said}");
}

#[test]
fn a_program_with_a_port_of_its_own_ends_before_the_next() {
    for host in ["127.0.0.1", "0.0.0.0", "[::1]"] {
        let port = some_port();
        let bind = format!("TcpListener::bind(\"{host}:{port}\").unwrap()");
        let said = check("", &bind, &[]);
        assert_eq!(said.matches(ALONE).count(), 1, "{said}");
    }
}

#[test]
fn a_unix_socket_is_a_door_where_there_is_no_other() {
    let bind = "{ let _ = std::fs::remove_file(\"a.sock\"); \
                std::os::unix::net::UnixListener::bind(\"a.sock\").unwrap() }";
    let said = check("", bind, &[]);
    assert!(said.contains("/a.sock by itself"), "{said}");
}

#[test]
fn of_two_ports_the_one_that_was_given_counts_or_the_one_that_is_named() {
    let metrics = some_port();
    let first = format!("let _m = TcpListener::bind(\"127.0.0.1:{metrics}\").unwrap();");
    let given = "TcpListener::bind((\"127.0.0.1\", port())).unwrap()";
    let said = check(&first, given, &[]);
    assert!(said.contains(ALONE), "{said}");
    // Seen first, and answering nobody, the metrics are left for what comes later.
    let late = format!("{first} thread::sleep(Duration::from_millis(1500));");
    let project = Project::shop("none");
    project.write("src/main.rs", &server(&late, given, "one"));
    let devserve = Devserve::start(&project, &["-v"]);
    let listens = "shop listens at 127.0.0.1:";
    devserve.wait_for(&format!("{listens}{metrics}"));
    let deadline = Instant::now() + PATIENCE;
    while devserve.said().matches(listens).count() < 2 {
        assert!(Instant::now() < deadline, "{}", devserve.said());
        thread::sleep(Duration::from_millis(5));
    }
    devserve.get("/").check(200, "one");
    let (other, own) = (some_port(), some_port());
    let first = format!("let _m = TcpListener::bind(\"127.0.0.1:{other}\").unwrap();");
    let bind = format!("TcpListener::bind(\"127.0.0.1:{own}\").unwrap()");
    check(&first, &bind, &["--app-port", &own.to_string()]);
}

#[test]
fn what_the_program_starts_may_listen_in_its_place() {
    let before = "if std::env::args().count() == 1 {
        let mut inner = std::process::Command::new(std::env::current_exe().unwrap());
        inner.arg(\"inner\").spawn().unwrap().wait().unwrap();
        return;
    }";
    check(
        before,
        "TcpListener::bind((\"127.0.0.1\", port())).unwrap()",
        &[],
    );
}

#[test]
fn a_port_that_somebody_else_has_is_said_with_a_way_out() {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port();
    let bind = format!("TcpListener::bind(\"127.0.0.1:{port}\").unwrap()");
    let project = Project::shop("none");
    project.write("src/main.rs", &server("", &bind, "one"));
    let devserve = Devserve::start(&project, &[]);
    let answer = devserve.get("/");
    assert_eq!(answer.status, 500);
    assert!(answer.text.contains("AddrInUse"), "{}", answer.text);
    devserve.wait_for("help: let it read PORT, or give devserve another --port");
}

/// A project whose program is built, and devserve, which runs it by this command.
fn command(line: &str, args: &[&str]) -> (Project, Devserve) {
    let project = Project::shop("none");
    let bind = "TcpListener::bind((\"127.0.0.1\", port())).unwrap()";
    // What it answers is read once, at its start, so that a new text needs a new process.
    let source = server("text();", bind, "none").replace(
        "fn text() -> String {",
        "fn text() -> String { static TEXT: std::sync::OnceLock<String> = \
         std::sync::OnceLock::new(); TEXT.get_or_init(read).clone() }\nfn read() -> String {",
    );
    project.write("src/main.rs", &source);
    project.write("text.txt", "one");
    let mut cargo = Command::new("cargo");
    scrub(&mut cargo);
    cargo.args(["build", "--quiet"]).current_dir(project.root());
    assert!(cargo.status().unwrap().success());
    let args = [&["-v", "--command", line], args].concat();
    let devserve = Devserve::start(&project, &args);
    (project, devserve)
}

#[test]
fn a_command_is_started_again_by_a_save_in_its_folder_and_ends_with_all_it_started() {
    let (project, devserve) = command("echo started >&2; ./target/debug/shop & wait", &[]);
    devserve.get("/").check(200, "one");
    // In one step: a file that is emptied first is two saves.
    let save = |text: &str| {
        let beside = project.tmp().join("text");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, project.path("text.txt")).unwrap();
    };
    save("two");
    devserve.get("/").check(200, "two");
    save("two"); // without a change
    project.write("shop.log", "not read by anybody");
    // What comes in order behind that is seen, and alone; browsers read it, and no program.
    project.write("static/site.css", "p { color: red }");
    let said = devserve.wait_for("changed static/site.css");
    assert_eq!(said.matches("started\n").count(), 2, "{said}");
    assert_eq!(devserve.stop().code(), Some(0));
    assert_eq!(processes_in(&project.root()), [] as [String; 0]);
}

#[test]
fn a_command_that_looks_to_its_files_itself_is_left_alone() {
    let (project, devserve) = command("exec ./target/debug/shop", &["--no-reload"]);
    devserve.get("/").check(200, "one");
    project.write("text.txt", "two");
    devserve.get("/").check(200, "one");
    let (project, devserve) = command("exec ./target/debug/shop", &["--watch", "static"]);
    devserve.get("/").check(200, "one");
    project.write("text.txt", "two");
    devserve.get("/").check(200, "one");
    project.write("static/site.css", "p { color: red }");
    devserve.get("/").check(200, "two");
}

#[test]
fn what_a_command_started_dies_with_a_killed_devserve() {
    let (project, mut devserve) = command("./target/debug/shop & wait", &[]);
    devserve.get("/").check(200, "one");
    devserve.signal(Signal::KILL);
    devserve.wait();
    let deadline = Instant::now() + PATIENCE;
    while !processes_in(&project.root()).is_empty() {
        assert!(Instant::now() < deadline, "it lives on");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_server_elsewhere_is_waited_for_and_browsers_follow_its_files() {
    let port = some_port();
    let project = Project::new(&[("index.html", "<p>one</p>")]);
    let url = format!("http://localhost:{port}");
    let devserve = Devserve::start(&project, &["--proxy", &url]);
    let page = devserve.get_as("/", "text/html");
    assert_eq!(page.status, 503);
    assert!(page.text.contains("nothing listens at"), "{}", page.text);

    let mut held = devserve.send("/head", "*/*");
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(head).unwrap().to_lowercase()
    });
    let mut answer = String::new();
    held.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    let head = server.join().unwrap();
    assert!(
        head.contains("\r\nx-forwarded-for: 127.0.0.1\r\n"),
        "{head}"
    );

    fs::write(project.path("index.html"), "<p>two</p>").unwrap();
    devserve.wait_for("changed index.html");
    assert_eq!(devserve.stop().code(), Some(0));
}
