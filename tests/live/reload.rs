//! The stories of an afternoon with `devserve run`: saves, mistakes, deaths, and the end of it.

use std::fs;
use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::engine::websocket;
use crate::harness::{Answer, Devserve, PATIENCE, Project, processes_in, target_dir};

const HTML: &str = "text/html,*/*;q=0.8";

#[test]
fn the_request_after_a_save_gets_the_new_text() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    for text in ["two", "three", "four"] {
        project.write_shop(text);
        devserve.get("/").check(200, text);
    }
}

#[test]
fn editors_save_in_ways_of_their_own() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    let main = project.path("src/main.rs");
    let source = fs::read_to_string(&main).unwrap();
    // vim: the old file becomes the backup, the new one is written in its place.
    fs::rename(&main, project.path("src/main.rs~")).unwrap();
    fs::write(&main, source.replace("\"one\"", "\"vim\"")).unwrap();
    fs::remove_file(project.path("src/main.rs~")).unwrap();
    devserve.get("/").check(200, "vim");
    // Others write beside it and rename.
    fs::write(
        project.path("src/.main.rs.new"),
        source.replace("\"one\"", "\"atomic\""),
    )
    .unwrap();
    fs::rename(project.path("src/.main.rs.new"), &main).unwrap();
    devserve.get("/").check(200, "atomic");
}

#[test]
fn five_saves_at_once_end_in_the_last() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    for number in 0..5 {
        project.write_shop(&format!("save {number}"));
        thread::sleep(Duration::from_millis(60));
    }
    devserve.get("/").check(200, "save 4");
}

#[test]
fn a_compile_error_is_explained_and_its_mend_served() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    project.write(
        "src/main.rs",
        "fn main() {\n    let x: u32 = \"text\";\n}\n",
    );
    let answer = devserve.get("/");
    assert_eq!(answer.status, 500);
    assert!(answer.text.contains("mismatched types"), "{}", answer.text);
    assert!(answer.text.contains("src/main.rs:2"), "{}", answer.text);
    let page = devserve.get_as("/", HTML);
    assert_eq!(page.status, 500);
    assert!(
        page.head.to_lowercase().contains("content-type: text/html"),
        "{}",
        page.head
    );
    assert!(page.text.contains("mismatched types"), "{}", page.text);
    project.write_shop("two");
    devserve.get("/").check(200, "two");
}

#[test]
fn an_error_in_the_first_build_is_explained_and_a_broken_manifest_too() {
    let project = Project::shop("one");
    let manifest = fs::read_to_string(project.path("Cargo.toml")).unwrap();
    project.write("src/main.rs", "fn main() { cart::open() }\nmod cart;\n");
    let devserve = Devserve::start(&project, &[]);
    let answer = devserve.get("/");
    assert_eq!(answer.status, 500);
    assert!(
        answer.text.contains("file not found for module"),
        "{}",
        answer.text
    );
    project.write_shop("two");
    devserve.get("/").check(200, "two");
    project.write("Cargo.toml", &format!("{manifest}[dependencies\n"));
    let answer = devserve.get("/");
    assert_eq!(answer.status, 500);
    assert!(answer.text.contains("Cargo.toml"), "{}", answer.text);
    project.write("Cargo.toml", &manifest);
    devserve.get("/").check(200, "two");
}

#[test]
fn a_death_at_the_start_is_explained_and_its_mend_served() {
    let project = Project::shop("one");
    let dying = "fn main() { eprintln!(\"no database\"); std::process::exit(7) }\n";
    project.write("src/main.rs", dying);
    let devserve = Devserve::start(&project, &[]);
    let answer = devserve.get("/");
    assert_eq!(answer.status, 500);
    assert!(answer.text.contains("exit code 7"), "{}", answer.text);
    assert!(answer.text.contains("no database"), "{}", answer.text);
    project.write_shop("two");
    devserve.get("/").check(200, "two");
}

#[test]
fn the_engine_s_name_reaches_the_app_and_its_refusal_the_page() {
    let project = Project::shop("one");
    let refusing = "fn main() {
        let engine = std::env::var(\"DEVSERVE_ENGINE\");
        eprintln!(\"no engine {engine:?} here\");
        std::process::exit(1)
    }";
    project.write("src/main.rs", refusing);
    let devserve = Devserve::start(&project, &["--engine", "tiny-http"]);
    let answer = devserve.get("/");
    assert_eq!(answer.status, 500);
    let named = "no engine Ok(\"tiny-http\") here";
    assert!(answer.text.contains(named), "{}", answer.text);
}

#[test]
fn a_death_while_live_costs_its_request_and_the_next_starts_the_app_again() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    for _ in 0..2 {
        let answer = devserve.get("/die");
        assert_eq!(answer.status, 500);
        assert!(answer.text.contains("exit code 3"), "{}", answer.text);
        assert!(
            answer.text.contains("the shop is closed"),
            "{}",
            answer.text
        );
        devserve.get("/").check(200, "one");
    }
}

#[test]
fn a_request_that_runs_at_the_save_is_answered_by_the_code_it_met() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    let mut slow = devserve.send("/slow", "*/*");
    devserve.wait_for("the shop is thinking");
    project.write_shop("two");
    devserve.get("/").check(200, "two");
    let mut bytes = Vec::new();
    slow.read_to_end(&mut bytes).unwrap();
    Answer::read(&bytes).check(200, "one");
}

#[test]
fn what_is_not_in_the_app_builds_nothing() {
    let project = Project::shop("one");
    project.write(".gitignore", "/data\n");
    let devserve = Devserve::start(&project, &["-v"]);
    devserve.get("/").check(200, "one");
    project.write_shop("one"); // Saved without a change.
    project.write("README.md", "# My shop\n");
    project.write("src/till.rs", "// not a module yet\n");
    project.write("data/orders.json", "[]\n");
    project.write("src/main.rs~", "a backup\n");
    devserve.get("/").check(200, "one");
    // What comes in order behind all that is seen, and alone.
    project.write("templates/list.html", "<ul></ul>\n");
    let said = devserve.wait_for("changed templates/list.html");
    assert_eq!(said.matches("building shop").count(), 1, "{said}");
    project.write("src/main.rs", "mod till;\nfn main() { till::open() }\n");
    project.write("src/till.rs", "pub fn open() { std::process::exit(9) }\n");
    assert!(devserve.get("/").text.contains("exit code 9"));
}

#[test]
fn a_path_dependency_and_a_new_folder_are_part_of_the_app() {
    let project = Project::shop("one");
    let manifest = fs::read_to_string(project.path("Cargo.toml")).unwrap();
    project.write(
        "../base/Cargo.toml",
        "[package]\nname = \"base\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n",
    );
    let base = |text: &str| format!("pub const TEXT: &str = \"{text}\";\n");
    project.write("../base/src/lib.rs", &base("base one"));
    project.write(
        "Cargo.toml",
        &format!("{manifest}[dependencies]\nbase = {{ path = \"../base\" }}\n"),
    );
    let source = fs::read_to_string(project.path("src/main.rs")).unwrap();
    let source = source.replace("\"one\"", "base::TEXT");
    project.write("src/main.rs", &source);
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "base one");
    project.write("../base/src/lib.rs", &base("base two"));
    devserve.get("/").check(200, "base two");
    project.write("src/words/mod.rs", "pub const TEXT: &str = \"a folder\";\n");
    project.write(
        "src/main.rs",
        &(source.replace("base::TEXT", "words::TEXT") + "mod words;\n"),
    );
    devserve.get("/").check(200, "a folder");
    project.write(
        "src/words/mod.rs",
        "pub const TEXT: &str = \"in a folder\";\n",
    );
    devserve.get("/").check(200, "in a folder");
}

#[test]
fn two_hundred_files_at_once_are_one_new_app() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    let modules: String = (0..200).map(|number| format!("mod m{number};\n")).collect();
    for text in ["many one", "many two"] {
        for number in 0..200 {
            let module = format!("// {text}\npub const _N: u32 = {number};\n");
            project.write(&format!("src/m{number}.rs"), &module);
        }
        project.write_shop(text);
        let source = fs::read_to_string(project.path("src/main.rs")).unwrap();
        project.write("src/main.rs", &(source + &modules));
        devserve.get("/").check(200, text);
    }
}

#[test]
fn an_app_that_will_not_go_is_killed_with_all_it_started() {
    let project = Project::shop("one");
    let source = fs::read_to_string(project.path("src/main.rs")).unwrap();
    // The app starts a shell that hears no SIGTERM, and that a process of its own.
    let stubborn = "fn main() {\n\
        let script = \"trap '' TERM; sleep 1000 & echo $! > sleeper; wait\";\n\
        let mut shell = std::process::Command::new(\"sh\").args([\"-c\", script]).spawn().unwrap();\n\
        std::thread::spawn(move || shell.wait());\n";
    project.write("src/main.rs", &source.replace("fn main() {\n", stubborn));
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    let deadline = Instant::now() + PATIENCE;
    let sleeper = loop {
        match fs::read_to_string(project.path("sleeper")) {
            Ok(id) if id.ends_with('\n') => break id.trim().to_owned(),
            _ => assert!(Instant::now() < deadline, "no sleeper"),
        }
        thread::sleep(Duration::from_millis(5));
    };
    let is_alive = || fs::exists(format!("/proc/{sleeper}/exe")).unwrap();
    assert!(is_alive());
    assert_eq!(devserve.stop().code(), Some(0));
    assert_eq!(processes_in(&project.root()), [] as [String; 0]);
    while is_alive() {
        assert!(Instant::now() < deadline, "process {sleeper} lives on");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn browsers_are_told() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    let events = devserve.send("/__devserve__/events", "text/event-stream");
    let mut events = Events {
        stream: events,
        read: Vec::new(),
    };
    events.wait_for("event: hello\ndata: ");
    let hello: u64 = events.line().parse().unwrap();
    project.write("static/site.css", "p { color: red }\n");
    events.wait_for(&format!("event: style\ndata: {} site.css\n", hello + 1));
    project.write("static/logo.svg", "<svg/>\n");
    events.wait_for(&format!("event: style\ndata: {} logo.svg\n", hello + 2));
    project.write("templates/list.html", "<ol></ol>\n");
    events.wait_for("event: reload\n");
    project.write("src/main.rs", "fn main() { let x: u32 = \"text\"; }\n");
    let broken = "event: broken\ndata: 1 Build failed: src/main.rs:1: mismatched types\n";
    events.wait_for(broken);
    let page = devserve.get("/__devserve__/problem");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("mismatched types"), "{}", page.text);
    // A page that slept hears what it missed.
    let mut late = Events {
        stream: devserve.send("/__devserve__/events", "text/event-stream"),
        read: Vec::new(),
    };
    late.wait_for(&format!("event: hello\ndata: {}\n", hello + 3));
    late.wait_for(broken);
    project.write_shop("two");
    events.wait_for("event: reload\n");
    assert_eq!(devserve.get("/__devserve__/problem").status, 404);
}

/// A stream of server-sent events, read as far as was waited for.
struct Events {
    stream: std::net::TcpStream,
    read: Vec<u8>,
}

impl Events {
    #[track_caller]
    fn wait_for(&mut self, words: &str) {
        // The stream is never silent for long, so its own timeout is no deadline.
        let deadline = Instant::now() + PATIENCE;
        let mut byte = [0];
        while !self.read.ends_with(words.as_bytes()) {
            if let Err(error) = self.stream.read_exact(&mut byte) {
                panic!("{error} after {:?}", String::from_utf8_lossy(&self.read));
            }
            self.read.push(byte[0]);
            assert!(
                Instant::now() < deadline,
                "no {words:?} in {:?}",
                String::from_utf8_lossy(&self.read)
            );
        }
    }
}

impl Events {
    /// The rest of the line.
    fn line(&mut self) -> String {
        let start = self.read.len();
        self.wait_for("\n");
        let line = &self.read[start..];
        String::from_utf8_lossy(line).trim_end().to_owned()
    }
}

#[test]
fn without_reload_one_build_serves_to_the_end() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &["--no-reload"]);
    devserve.get("/").check(200, "one");
    project.write_shop("two");
    devserve.get("/").check(200, "one");
}

#[test]
fn ctrl_c_ends_all_and_leaves_nothing() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    assert_eq!(processes_in(&project.root()).len(), 1);
    let mut slow = devserve.send("/slow", "*/*");
    devserve.wait_for("the shop is thinking");
    assert_eq!(devserve.stop().code(), Some(0));
    let mut bytes = Vec::new();
    slow.read_to_end(&mut bytes).unwrap();
    Answer::read(&bytes).check(200, "one");
    assert_eq!(processes_in(&project.root()), [] as [String; 0]);
    assert_eq!(fs::read_dir(project.tmp()).unwrap().count(), 0);
}

#[test]
fn ctrl_c_ends_a_build_and_held_requests_and_a_second_one_waits_for_nothing() {
    let project = Project::shop("one");
    project.write(
        "build.rs",
        "fn main() { std::thread::sleep(std::time::Duration::MAX) }\n",
    );
    let devserve = Devserve::start(&project, &["-v"]);
    devserve.wait_for("Compiling shop");
    let mut held = devserve.send("/", "*/*");
    assert_eq!(devserve.stop().code(), Some(0));
    let mut bytes = Vec::new();
    let _ = held.read_to_end(&mut bytes);
    assert_eq!(bytes, b"");
    assert_eq!(processes_in(&project.root()), [] as [String; 0]);

    fs::remove_file(project.path("build.rs")).unwrap();
    let mut devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    let sleeping = devserve.send("/sleep", "*/*");
    devserve.wait_for("the shop is thinking");
    let began = Instant::now();
    devserve.signal(Signal::INT);
    devserve.signal(Signal::TERM);
    assert_eq!(devserve.wait().code(), Some(0));
    // Sooner than a single Ctrl-C would have cut it.
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    drop(sleeping);
}

#[test]
fn the_app_dies_with_a_killed_devserve() {
    let project = Project::shop("one");
    let mut devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    devserve.signal(Signal::KILL);
    devserve.wait();
    let deadline = Instant::now() + PATIENCE;
    while !processes_in(&project.root()).is_empty() {
        assert!(Instant::now() < deadline, "the app lives on");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_websocket_passes_the_front() {
    let args = ["--example", "websocket", env!("CARGO_MANIFEST_DIR")];
    let env = [("CARGO_TARGET_DIR", target_dir())]; // where the example is built already
    let project = Project::new(&[]);
    let devserve = Devserve::start_with(&project, &args, &env);
    let stream = std::net::TcpStream::connect(("127.0.0.1", devserve.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    websocket::check_echo(websocket::open(stream));
}
