//! What is said of builds and apps that go wrong, when, and to whom.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::gate::Halves;
use crate::harness::{Answer, Devserve, Project};

const HTML: &str = "text/html,*/*;q=0.8";

/// Reads a stream of events until one of them has `words`.
#[track_caller]
fn read_until(stream: &mut TcpStream, words: &str) -> String {
    let mut text = String::new();
    let mut part = [0; 4096];
    while !text.contains(words) {
        let len = stream.read(&mut part).unwrap();
        assert!(len > 0, "no {words:?} in {text}");
        text += &String::from_utf8_lossy(&part[..len]);
    }
    text
}

#[test]
fn an_error_is_told_before_the_build_ends() {
    let halves = Halves::new();
    let devserve = halves.serve();
    let mut news = devserve.send("/__devserve__/progress", "text/event-stream");
    read_until(&mut news, r#""title":"building shop""#);
    let slow = halves.fail();
    let said = devserve.wait_for("mismatched types");
    assert!(!said.contains("did not build"), "{said}");
    let told = read_until(&mut news, "mismatched types");
    assert!(told.contains(r#""tally":"1 error""#), "{told}");
    drop(slow);
    let said = devserve.wait_for("shop did not build, 1 error");
    assert_eq!(said.matches("mismatched types").count(), 1, "{said}");
    let data = devserve.get_as("/", "application/json");
    assert!(data.text.contains(r#""code":"E0308""#), "{data:?}");
}

#[test]
fn the_crates_of_a_build_are_counted() {
    let halves = Halves::new();
    let devserve = halves.serve();
    let mut news = devserve.send("/__devserve__/progress", "text/event-stream");
    // Two build scripts, compiled and run, two libraries and the program.
    let told = read_until(&mut news, r#""total":7"#);
    assert!(told.contains(r#""count":{"done":"#), "{told}");
    drop(halves.fail());
    devserve.wait_for("did not build");
}

#[test]
fn a_panic_at_the_start_is_shown_in_its_source() {
    let project = Project::shop("one");
    let source =
        "fn main() {\n    let carts = std::fs::read(\"/no/carts\");\n    carts.unwrap();\n}\n";
    project.write("src/main.rs", source);
    let devserve = Devserve::start(&project, &[]);
    let text = devserve.get("/").text;
    assert!(text.contains("  at src/main.rs:3:11\n"), "{text}");
    assert!(text.contains(">    3 |     carts.unwrap();"), "{text}");
    let page = devserve.get_as("/", HTML);
    assert!(page.text.contains("id=\"panic\""), "{}", page.text);
}

#[test]
fn an_app_that_is_not_ready_shows_what_it_waits_for() {
    let project = Project::shop("one");
    let stuck = "fn main() {\n    eprintln!(\"waiting for the database\");\n    \
                 std::thread::sleep(std::time::Duration::MAX)\n}\n";
    project.write("src/main.rs", stuck);
    let devserve = Devserve::start(&project, &[]);
    devserve.wait_for("accepts no requests yet");
    let page = devserve.get_as("/", HTML);
    assert_eq!(page.status, 503);
    assert!(
        page.text.contains("it runs and takes no requests yet"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("waits for the app to listen"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("waiting for the database"),
        "{}",
        page.text
    );
    project.write_shop("two");
    devserve.get("/").check(200, "two");
}

#[test]
fn a_place_in_the_source_is_opened_in_the_editor() {
    let project = Project::shop("one");
    project.write(
        "src/main.rs",
        "fn main() {\n    let x: u32 = \"text\";\n}\n",
    );
    // The editor writes what it is given where the test reads it.
    let (pipe, editor) = (project.tmp().join("pipe"), project.tmp().join("editor"));
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    fs::write(
        &editor,
        format!("#!/bin/sh\necho \"$@\" > {}\n", pipe.display()),
    )
    .unwrap();
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
    let command = format!("{} {{line}} {{column}} {{path}}", editor.display());
    let env = [("DEVSERVE_EDITOR", command.as_ref())];
    let devserve = Devserve::start_with(&project, &[], &env);

    let page = devserve.get_as("/", HTML).text;
    let value = |name: &str| {
        let (_, rest) = page.split_once(&format!("{name}=\"")).expect(name);
        let value = rest.split('"').next().unwrap();
        value.replace("&#x2f;", "/")
    };
    let (token, place) = (value("data-token"), value("data-open"));
    assert_eq!(place, "src/main.rs:2:18");
    let answer = |token: &str| {
        let fields = format!("Devserve-Token: {token}\r\nDevserve-Place: {place}\r\n");
        let mut stream = devserve.send_with("POST", "/__devserve__/open", &fields);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::read(&bytes)
    };
    assert_eq!(answer("guessed").status, 403);
    answer(&token).check(200, "opened in your editor\n");
    let opened = fs::read_to_string(&pipe).unwrap();
    let path = project.path("src/main.rs").canonicalize().unwrap();
    assert_eq!(opened, format!("2 18 {}\n", path.display()));
}
