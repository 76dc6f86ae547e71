//! What a team shares, what the app finds in its environment, and who reads what devserve says.

use serde_json::Value;

use crate::harness::{Devserve, Project};

/// A shop that answers with what `expression` is, a `&str` or what can be lent as one.
fn shop_of(expression: &str) -> Project {
    let project = Project::shop("");
    project.write_shop(&format!("x\".to_owned() + {expression} + &\""));
    project
}

#[test]
fn a_file_of_settings_counts_until_the_command_line_says_otherwise() {
    let project = Project::shop("one");
    project.write("devserve.toml", "port = 0\nverbose = true\n");
    let devserve = Devserve::start_at(&project, &[]);
    let said = devserve.wait_for("building shop");
    assert!(!said.contains(":8000"), "{said}");
    drop(devserve);

    project.write("devserve.toml", "port = 0\nprot = 2\n");
    let output = project.run(&["run"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    let want = "devserve.toml:2:1: no setting is called prot\n  |\n2 | prot = 2\n  | ^^^^\n\
                help: write port\n";
    assert!(stderr.ends_with(want), "{stderr}");

    let devserve = Devserve::start(&project, &["--no-config"]);
    devserve.get("/").check(200, "one");
    assert!(devserve.stop().success());
}

#[test]
fn variables_come_from_a_file_and_are_read_anew_without_a_build() {
    let project = shop_of("&std::env::var(\"TEA\").unwrap_or_default()");
    project.write(".env", "TEA=green\n");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "xgreen");
    project.write(".env", "TEA='black'\n");
    devserve.wait_for("changed .env · live in");
    devserve.get("/").check(200, "xblack");
    project.write(".env.local", "TEA=white\n");
    devserve.wait_for("changed .env.local · live in");
    devserve.get("/").check(200, "xwhite");
    assert_eq!(devserve.said().matches("built shop").count(), 1);

    project.write(".env.local", "# tea\nTEA\n");
    let said = devserve.wait_for("this is no NAME=value");
    assert!(said.contains(": not started: /"), "{said}");
    assert!(
        said.contains("/.env.local:2: this is no NAME=value"),
        "{said}"
    );
    project.write(".env.local", "");
    devserve.get("/").check(200, "xblack");
    assert!(devserve.stop().success());

    project.write("dev.env", "TEA=red\n");
    let devserve = Devserve::start(&project, &["--env-file", "dev.env"]);
    devserve.get("/").check(200, "xred");
    project.write("dev.env", "TEA=blue\n");
    devserve.wait_for("changed dev.env · live in");
    devserve.get("/").check(200, "xblue");
    assert!(devserve.stop().success());
    let output = project.run(&["run", "--port", "0", "--env-file", "no.env"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.starts_with("error: cannot read variables from no.env\n"),
        "{stderr}"
    );
}

#[test]
fn json_is_all_that_is_on_stderr() {
    let project = shop_of("{ eprintln!(\"a \\\"word\\\"\"); \"\" }");
    let devserve = Devserve::start(&project, &["--json"]);
    devserve.get("/").check(200, "x");
    devserve.wait_for("\"event\":\"stderr\"");
    devserve.wait_for("\"event\":\"access\"");
    project.write("src/main.rs", "fn main() { tea }");
    let said = devserve.wait_for("\"event\":\"build_failed\"");
    assert!(devserve.stop().success());
    let events: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert!(events.iter().all(|event| event["v"] == 1), "{said}");
    let find = |name: &str| {
        events
            .iter()
            .find(|event| event["event"] == name)
            .expect(name)
    };
    let text = find("stderr")["text"].as_str().unwrap();
    assert!(text.starts_with("a \"word\"\n"), "{text}");
    assert_eq!(find("access")["status"], 200);
    assert_eq!(find("access")["body_bytes"], 1);
    let failed = &find("build_failed")["diagnostics"];
    let first = &failed.as_array().unwrap()[0];
    assert_eq!(first["level"], "error", "{failed}");
    assert_eq!(first["spans"][0]["file"], "src/main.rs", "{failed}");

    let output = project.run(&["run", "--json", "--port", "0", "--bin", "cart"]);
    let event: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(event["causes"][0], "shop has no binary called cart");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn lines_of_the_app_and_ours_are_never_one() {
    let project = shop_of("{ eprint!(\"half \"); eprint!(\"a line {} \", 1); \"\" }");
    let devserve = Devserve::start(&project, &[]);
    // The second request's line finds the app in the middle of one.
    while !devserve.said().contains("half") {
        devserve.get("/").check(200, "x");
    }
    let said = devserve.said();
    let is_torn = |line: &str| line.contains("half") && line.contains("GET");
    assert!(!said.lines().any(is_torn), "{said}");
    assert!(said.contains("half a line 1 "), "{said}");
    assert!(devserve.stop().success());
}
