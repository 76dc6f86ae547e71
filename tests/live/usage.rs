//! What a wrong command line or a wrong place is answered with.

use std::net::TcpListener;
use std::process::Output;

use crate::harness::Project;

#[track_caller]
fn check(output: &Output, code: i32, want: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stderr.trim_end(), want.trim_end());
    assert_eq!(output.status.code(), Some(code));
    assert_eq!(output.stdout, b"", "stdout belongs to the app");
}

#[test]
fn a_busy_port_is_named_with_a_way_out() {
    let project = Project::shop("one");
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    let output = project.run(&["run", "--port", &port]);
    let want = format!(
        "error: 127.0.0.1:{port} is already in use\n\
         caused by: Address already in use (os error 98)\n\
         help: stop the other server, or use --port 0 for a free port"
    );
    check(&output, 1, &want);
}

#[test]
fn a_folder_without_a_package_is_no_place_to_run() {
    let project = Project::new(&[("notes.txt", "")]);
    let root = project.root().canonicalize().unwrap();
    let want = format!(
        "error: {} is not inside a cargo package\n\
         help: go to a cargo package, give its path, make one with `devserve new NAME`, or use \
         --command",
        root.display()
    );
    check(&project.run(&["run", "--port", "0"]), 1, &want);
}

#[test]
fn a_program_that_is_not_there_is_answered_with_those_that_are() {
    let project = Project::shop("one");
    project.write("examples/till.rs", "fn main() {}");
    check(
        &project.run(&["run", "--port", "0", "--example", "cart"]),
        1,
        "error: shop has no example called cart\nhelp: there is till",
    );
}

#[test]
fn two_binaries_ask_for_a_choice() {
    let project = Project::shop("one");
    project.write("src/bin/till.rs", "fn main() {}");
    check(
        &project.run(&["run", "--port", "0"]),
        1,
        "error: shop has 2 binaries\n\
         help: choose with --bin: shop, till; or set default-run in Cargo.toml",
    );
}

#[test]
fn a_glob_that_is_none_and_a_path_that_is_not_there_are_named() {
    let project = Project::shop("one");
    let output = project.run(&["run", "--port", "0", "--ignore", "a{b"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.starts_with("error: cannot understand what to ignore\ncaused by:"),
        "{stderr}"
    );
    check(
        &project.run(&["run", "--port", "0", "--watch", "nowhere"]),
        1,
        "error: cannot watch nowhere\n\
         caused by: No such file or directory (os error 2)\n\
         help: give a file or folder that exists",
    );
}

#[test]
fn a_wrong_command_line_is_another_exit_code() {
    let project = Project::shop("one");
    for args in [
        ["run", "--prot", "0"].as_slice(),
        &["run", "--port", "many"],
        &["walk"],
        &[],
    ] {
        let output = project.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(output.stdout, b"", "{args:?}");
    }
}
