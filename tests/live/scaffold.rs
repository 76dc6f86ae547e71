//! `devserve new`: what it makes, and that it runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{Devserve, Project, scrub, target_dir};

#[test]
fn a_new_project_is_tested_and_served_as_it_is() {
    let project = Project::new(&[]);
    let output = project.run(&["new", "package"]);
    assert!(output.status.success(), "{output:?}");
    // The versions that are here, not the newest ones of a registry.
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    fs::copy(lock, project.path("Cargo.lock")).unwrap();

    let mut tests = Command::new(env!("CARGO"));
    scrub(&mut tests);
    let output = tests
        .args(["test", "--quiet"])
        .current_dir(project.root())
        .env("CARGO_TARGET_DIR", target_dir())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let devserve = Devserve::start_with(&project, &[], &[("CARGO_TARGET_DIR", target_dir())]);
    let page = devserve.get("/");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("What is your name?"), "{page:?}");
    let page = devserve.get_as("/", "text/html");
    assert!(page.text.contains("/__devserve__/reload.js"), "{page:?}");
    let sheet = devserve.get("/static/site.css");
    assert!(
        sheet.head.to_lowercase().contains("content-type: text/css"),
        "{sheet:?}"
    );

    // A template needs no build, and is new at once.
    let home = fs::read_to_string(project.path("templates/home.html")).unwrap();
    project.write(
        "templates/home.html",
        &home.replace("What is your name?", "Who are you?"),
    );
    assert!(devserve.get("/").text.contains("Who are you?"));
    project.write("src/main.rs", "fn main() { devserve::run(|| ()) }\n");
    let page = devserve.get("/");
    assert_eq!(page.status, 500);
    assert!(page.text.contains("src/main.rs:1"), "{}", page.text);
}

#[test]
fn nothing_is_written_over_and_names_are_checked() {
    let project = Project::shop("one");
    for (args, want) in [
        (
            ["new", "src"],
            "error: src is there already\nhelp: choose another name, or remove it first\n",
        ),
        (
            ["new", "my shop"],
            "error: \"my shop\" is no package name: only a to z, 0 to 9, - and _ may be in it\n\
             help: try `devserve new my-shop`\n",
        ),
    ] {
        let output = project.run(&args);
        assert_eq!(String::from_utf8_lossy(&output.stderr), want);
        assert_eq!(output.status.code(), Some(1));
    }
}
