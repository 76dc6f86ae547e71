//! The help texts of the command, as they are shown.

use std::process::Command;

#[track_caller]
fn check(name: &str, args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_devserve"))
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    insta::assert_snapshot!(name, text);
}

#[test]
fn help_is_short_or_long() {
    check("help", &["-h"]);
    check("help_run", &["run", "-h"]);
    check("help_run_long", &["run", "--help"]);
    check("help_static", &["static", "-h"]);
    check("help_static_long", &["static", "--help"]);
    check("help_routes_long", &["routes", "--help"]);
    check("help_new_long", &["new", "--help"]);
    check("help_completions_long", &["completions", "--help"]);
}

#[test]
fn each_shell_gets_completions_and_bash_can_read_its_own() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = Command::new(env!("CARGO_BIN_EXE_devserve"))
            .args(["completions", shell])
            .output()
            .unwrap();
        assert!(output.status.success(), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("app-port"), "{shell}: {script}");
        if shell == "bash" {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &script).unwrap();
            let checked = Command::new("bash").arg("-n").arg(file.path()).output();
            let checked = checked.expect("bash");
            assert!(checked.status.success(), "{checked:?}");
        }
    }
}

#[test]
fn the_short_help_of_run_fits_a_screen() {
    let output = Command::new(env!("CARGO_BIN_EXE_devserve"))
        .args(["run", "-h"])
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap().lines().count();
    assert!(lines <= 36, "{lines} lines");
}
