//! `devserve static`: the command itself, on a folder of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;

use crate::harness::{Devserve, Project};

const PAGE: &str = "<!doctype html><title>Home</title><link rel=stylesheet href=site.css>";

fn site() -> Project {
    Project::new(&[
        ("public/index.html", PAGE),
        ("public/site.css", "p {}"),
        ("public/files/a.bin", "0123456789"),
        ("public/.env", "KEY=1"),
    ])
}

/// The lines of an event stream, as they come.
fn events(devserve: &Devserve) -> impl Iterator<Item = String> + use<> {
    let stream = devserve.send("/__devserve__/events", "text/event-stream");
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.filter(|line| line.starts_with("event: "))
}

#[test]
fn a_folder_is_served_as_it_is() {
    let project = site();
    let devserve = Devserve::serve_folder(&project, &["public"]);
    let page = devserve.get("/");
    assert_eq!(page.status, 200);
    assert!(page.text.starts_with(PAGE), "{page:?}");
    assert!(page.text.contains("/__devserve__/reload.js?v="), "{page:?}");
    assert!(devserve.get("/files/").text.contains("a.bin"));
    assert_eq!(devserve.get("/files").status, 308);
    assert_eq!(devserve.get("/.env").status, 404);
    assert_eq!(devserve.get("/missing").status, 404);
    project.write("public/404.html", "lost");
    let missing = devserve.get("/missing");
    missing.check(404, "lost");
    devserve.wait_for("  404  ");
    assert_eq!(devserve.stop().code(), Some(0));
}

#[test]
fn flags_change_what_is_served() {
    let project = site();
    let args = ["public", "--no-listing", "--no-livereload", "--hidden"];
    let devserve = Devserve::serve_folder(&project, &args);
    devserve.get("/").check(200, PAGE);
    devserve.get("/.env").check(200, "KEY=1");
    assert_eq!(devserve.get("/files/").status, 404);
    assert_eq!(devserve.get("/__devserve__/reload.js").status, 404);
    drop(devserve);

    let devserve = Devserve::serve_folder(&project, &["public", "--spa", "--cors"]);
    let route = devserve.get("/cart/17");
    assert!(route.text.starts_with(PAGE), "{route:?}");
    assert!(route.head.contains("Access-Control-Allow-Origin: *"));
    assert_eq!(devserve.get("/missing.js").status, 404);
}

#[test]
fn open_pages_hear_of_what_changes_in_folders_they_came_from() {
    let project = site();
    let devserve = Devserve::serve_folder(&project, &["public"]);
    devserve.get("/");
    let mut events = events(&devserve);
    assert_eq!(events.next().as_deref(), Some("event: hello"));
    project.write("public/site.css", "p { color: red }");
    assert_eq!(events.next().as_deref(), Some("event: style"));
    project.write("public/index.html", "<!doctype html><title>New</title>");
    assert_eq!(events.next().as_deref(), Some("event: reload"));
    devserve.wait_for("changed index.html · reloaded 1 browser");

    // A build that makes the whole folder anew.
    fs::remove_dir_all(project.path("public")).unwrap();
    assert_eq!(events.next().as_deref(), Some("event: reload"));
    assert_eq!(devserve.get("/").status, 404);
    project.write("public/index.html", PAGE);
    assert_eq!(events.next().as_deref(), Some("event: reload"));
    assert!(devserve.get("/").text.starts_with(PAGE));

    // The stream ends with the server, and is no reason to wait.
    assert_eq!(devserve.stop().code(), Some(0));
    assert_eq!(events.next(), None);
}

#[test]
fn a_name_that_is_not_this_machines_is_refused() {
    let project = site();
    let devserve = Devserve::serve_folder(&project, &["public", "--allow-host", ".tunnel.test"]);
    for path in [
        "/",
        "/files/",
        "/__devserve__/reload.js",
        "/__devserve__/events",
    ] {
        assert_eq!(
            devserve.get_of("rebound.test:80", path).status,
            400,
            "{path}"
        );
    }
    for host in [
        "localhost:1",
        "shop.localhost",
        "127.0.0.1",
        "[::1]:80",
        "a.tunnel.test",
    ] {
        assert_eq!(devserve.get_of(host, "/").status, 200, "{host}");
    }
}

#[track_caller]
fn check(project: &Project, args: &[&str], want: &str) {
    let output = project.run(&[&["static"], args].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stderr.trim_end(), want);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_cannot_be_served_is_named_with_a_way_out() {
    let project = site();
    check(
        &project,
        &["nowhere"],
        "error: there is no folder nowhere\n\
         help: give the path of a folder, or none for this one",
    );
    check(
        &project,
        &["public/index.html"],
        "error: public/index.html is no folder\nhelp: serve the folder it is in: public",
    );
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    check(
        &project,
        &["public", "--port", &port],
        &format!(
            "error: 127.0.0.1:{port} is already in use\n\
             caused by: Address already in use (os error 98)\n\
             help: stop the other server, or use --port 0 for a free port"
        ),
    );
}
