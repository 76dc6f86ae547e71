//! `kill -9`: whatever devserve had started ends with it, and what that had started too.

use std::fs;

use rustix::process::Signal;

use crate::harness::{Devserve, Project, processes_at, wait_until};

/// Kills devserve once processes of these names run for the project; no process is left, and no
/// temporary file.
#[track_caller]
fn check(project: &Project, mut devserve: Devserve, running: &[&str]) {
    let names = || processes_at(&project.root());
    wait_until(&format!("{running:?}"), || {
        let names = names();
        running.iter().all(|name| names.iter().any(|is| is == name))
    });
    devserve.signal(Signal::KILL);
    devserve.wait();
    wait_until("all have ended", || names().is_empty());
    wait_until("temporary files are gone", || {
        fs::read_dir(project.tmp()).unwrap().count() == 0
    });
}

/// A shop that first does this.
fn shop(before: &str) -> Project {
    let project = Project::shop("one");
    let source = fs::read_to_string(project.path("src/main.rs")).unwrap();
    let source = source.replacen("fn main() {\n", &format!("fn main() {{\n{before}\n"), 1);
    project.write("src/main.rs", &source);
    project
}

#[test]
fn the_app_s_own_children_end_with_it() {
    let script = "trap '' HUP INT TERM; sleep 1000 & wait";
    let project = shop(&format!(
        "let _ = std::process::Command::new(\"sh\").args([\"-c\", \"{script}\"]).spawn();"
    ));
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "one");
    check(&project, devserve, &["shop", "sh", "sleep"]);
}

#[test]
fn a_build_ends_with_what_its_scripts_started() {
    let project = Project::shop("one");
    project.write(
        "build.rs",
        "fn main() { std::process::Command::new(\"sleep\").arg(\"1000\").status().unwrap(); }\n",
    );
    let devserve = Devserve::start(&project, &[]);
    check(&project, devserve, &["cargo", "sleep"]);
}

#[test]
fn a_compiler_ends_that_cargo_runs_and_one_that_we_run() {
    // As long as anybody likes: it is the compiler that counts.
    let counting = "#![allow(long_running_const_eval)]\nconst N: u64 = { let mut n = 0; \
        while n < u64::MAX { n += 1 } n };\nfn main() { println!(\"{N}\") }\n";
    let project = Project::shop("one");
    project.write("src/main.rs", counting);
    check(
        &project,
        Devserve::start(&project, &[]),
        &["cargo", "rustc"],
    );
    project.write_shop("two");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "two");
    project.write("src/main.rs", counting);
    // The old app has nothing to answer, and has gone.
    check(&project, devserve, &["rustc"]);
}
