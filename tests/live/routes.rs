//! `devserve routes`: the map of a program, and what becomes of programs without one.

use std::fs;
use std::path::Path;
use std::process::Output;

use rustix::process::Signal;

use crate::harness::{Devserve, Project, processes_in, target_dir};

/// With the features of a new project, so that both are built from one devserve.
const MANIFEST: &str = r#"[package]
name = "NAME"
version = "0.1.0"
edition = "2024"

[dependencies]
devserve = { path = "DEVSERVE", default-features = false, features = ["debugger", "forms", "routing", "server", "templates", "testing"] }

[workspace]
"#;

/// A package that uses the devserve of here. Packages share a folder of programs, so each has
/// a name of its own.
fn project(name: &str, main: &str) -> Project {
    let here = env!("CARGO_MANIFEST_DIR");
    let manifest = MANIFEST.replace("DEVSERVE", here).replace("NAME", name);
    let project = Project::new(&[("Cargo.toml", &manifest), ("src/main.rs", main)]);
    // The versions that are here, not the newest ones of a registry.
    let lock = Path::new(here).join("Cargo.lock");
    fs::copy(lock, project.path("Cargo.lock")).unwrap();
    project
}

fn ask(project: &Project, args: &[&str]) -> Output {
    let args = [&["routes", "-q"], args].concat();
    project.run_with(&args, &[("CARGO_TARGET_DIR", target_dir())])
}

/// What it says where it has nothing to show.
#[track_caller]
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(output.stdout, b"");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const SHOP: &str = r#"
use devserve::http::Method;
use devserve::middleware::RequestId;
use devserve::router::Router;
use devserve::routing::Rule;
use devserve::{Request, Response};

fn index(_: &Request) -> &'static str { "index" }
fn cart(_: &Request, id: u64) -> String { format!("cart {id}") }
fn page(_: &Request, number: u64) -> String { format!("page {number}") }
fn live(_: &Request) -> Response { Response::empty() }

fn main() -> devserve::Result<()> {
    println!("the shop opens: {:?}", std::env::args().nth(1));
    let admin = Router::new().get("/", index).route(
        Rule::new("/log/<path:file>", "log").methods([Method::DELETE]),
        |_: &Request| "log",
    );
    let app = Router::new()
        .get("/", index)
        .get("/cart/<int(min=1):id>", cart)
        .post("/cart/<int(min=1):id>", cart)
        .route(Rule::new("/pages/", "page").default("number", 1), page)
        .route(Rule::new("/pages/<int:number>", "page"), page)
        .route(Rule::new("/old/<int:id>", "old").redirect_to("cart/<id>"), index)
        .websocket("/live", live)
        .mount("/admin", admin)
        .mount("/files", |_: &Request| "files");
    devserve::run(RequestId::new(app))?;
    println!("the shop closes");
    Ok(())
}
"#;

#[test]
fn the_map_of_a_program_is_a_table_or_json() {
    let project = project("mapped", SHOP);
    let output = ask(&project, &["--", "tea"]);
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("table", String::from_utf8_lossy(&output.stdout));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("the shop opens: Some(\"tea\")"), "{stderr}");

    let output = ask(&project, &["--sort", "match", "--all"]);
    insta::assert_snapshot!("table_as_matched", String::from_utf8_lossy(&output.stdout));

    let output = ask(&project, &["--json"]);
    let routes: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let routes = routes.as_array().unwrap();
    let cart = routes.iter().find(|route| route["endpoint"] == "cart");
    assert_eq!(cart.unwrap()["variables"]["id"], "int(min=1)");
    let live = routes.iter().find(|route| route["endpoint"] == "live");
    assert_eq!(live.unwrap()["websocket"], true);
    let files = routes.iter().find(|route| route["rule"] == "/files/…");
    assert!(files.unwrap()["endpoint"].is_null());
}

#[test]
fn programs_without_a_map_are_told_from_each_other() {
    let project = project(
        "unmapped",
        "fn main() { devserve::run(|_: &devserve::Request| \"tea\").unwrap() }",
    );
    let told = refused(&ask(&project, &[]));
    assert!(
        told.starts_with("error: this program's app has no map: it is not a Router\nhelp: "),
        "{told}"
    );

    let twice = "fn main() -> devserve::Result<()> {
        let view = |_: &devserve::Request| \"tea\";
        devserve::run(devserve::router::Router::new().get(\"/<a>\", view).get(\"/<b>\", view))
    }";
    project.write("src/main.rs", twice);
    let told = refused(&ask(&project, &[]));
    assert!(told.starts_with("error: rule \"/<b>\": "), "{told}");

    project.write(
        "src/main.rs",
        "fn main() { eprintln!(\"closed\"); std::process::exit(3) }",
    );
    let told = refused(&ask(&project, &[]));
    assert!(
        told.starts_with("closed\nerror: unmapped ended before it told its routes: exit code 3\n"),
        "{told}"
    );

    let serves = "fn main() {
        let socket = std::net::TcpListener::bind(\"127.0.0.1:0\").unwrap();
        for stream in socket.incoming() { drop(stream) }
    }";
    project.write("src/main.rs", serves);
    // For a second it is waited for at the socket it was given.
    let told = refused(&ask(&project, &["--timeout", "5"]));
    assert!(
        told.starts_with("error: unmapped listens on 127.0.0.1:")
            && told.contains(" and does not tell its routes\nhelp: "),
        "{told}"
    );

    project.write("src/main.rs", "fn main() { loop { std::thread::park() } }");
    let told = refused(&ask(&project, &["--timeout", "1"]));
    assert!(
        told.starts_with("error: unmapped told nothing for 1 s\n"),
        "{told}"
    );

    project.write("src/main.rs", "fn main() { tea }");
    let told = refused(&ask(&project, &[]));
    assert!(
        told.contains("error: unmapped did not build, 1 error\n"),
        "{told}"
    );
}

#[test]
fn where_no_package_is_only_what_helps_is_named() {
    let project = Project::new(&[("empty/notes.txt", "")]);
    let output = project.run_with(&["routes", "empty"], &[]);
    let text = refused(&output);
    assert!(text.contains("is not inside a cargo package"), "{text}");
    assert!(
        text.contains("help: go to a cargo package, or give its path"),
        "{text}"
    );
}

#[test]
fn a_program_that_serves_by_the_handover_is_noticed_at_once() {
    let project = Project::shop("one");
    let told = refused(&project.run(&["routes", "-q", "--timeout", "600"]));
    assert!(
        told.starts_with("error: shop ") && told.contains(" and does not tell its routes\n"),
        "{told}"
    );
    assert_eq!(processes_in(&project.root()), [""; 0]);
}

#[test]
fn ctrl_c_ends_the_question_quietly() {
    // Never ready, so that it is still asked.
    let project = Project::shop("one");
    project.write(
        "src/main.rs",
        "fn main() { eprintln!(\"here I am\"); loop { std::thread::park() } }",
    );
    let mut devserve = Devserve::asking(&project, &["-q", "--timeout", "600"]);
    devserve.wait_for("here I am");
    devserve.signal(Signal::INT);
    let status = devserve.wait();
    assert_eq!(status.code(), Some(0), "{}", devserve.said());
    assert_eq!(devserve.said(), "here I am\n");
    assert_eq!(processes_in(&project.root()), [""; 0]);
}
