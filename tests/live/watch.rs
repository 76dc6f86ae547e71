//! Which changes of which files `devserve run` takes for news, in real packages.

use std::fs;
use std::process::Command;

use crate::harness::{Devserve, Project, scrub};

/// A shop that answers with the value of an expression.
fn shop_of(expression: &str) -> Project {
    let project = Project::shop("one");
    write_shop_of(&project, expression);
    project
}

fn write_shop_of(project: &Project, expression: &str) {
    project.write_shop("TEXT");
    let source = fs::read_to_string(project.path("src/main.rs")).unwrap();
    let source = source.replace(
        "\"TEXT\".to_owned()",
        &format!("({expression}).to_string()"),
    );
    project.write("src/main.rs", &source);
}

/// How many builds were begun; devserve says it with `-v`.
fn builds(devserve: &Devserve) -> usize {
    devserve.said().matches("building shop").count()
}

/// Waits until the watcher has seen all that was done before.
fn settle(project: &Project, devserve: &Devserve, name: &str) -> String {
    project.write(&format!("templates/{name}"), "in order behind the rest");
    devserve.wait_for(&format!("changed templates/{name}"))
}

#[test]
fn a_changed_environment_starts_the_same_program_anew() {
    let project = shop_of("std::process::id()");
    project.write(".gitignore", ".env\n");
    project.write(".env", "OPEN=1\n");
    let devserve = Devserve::start(&project, &["-v"]);
    let first = devserve.get("/").text;
    project.write(".env", "OPEN=1\n"); // Saved without a change.
    devserve.get("/").check(200, &first);
    project.write(".env", "OPEN=0\n");
    let second = devserve.get("/").text;
    assert_ne!(second, first);
    devserve.wait_for("changed .env");
    fs::remove_file(project.path(".env")).unwrap();
    assert_ne!(devserve.get("/").text, second);
    assert_eq!(builds(&devserve), 1, "{}", devserve.said());
}

#[test]
fn what_a_build_script_asks_about_is_part_of_the_app() {
    let project = shop_of("env!(\"WORDS\")");
    project.write(".gitignore", "/assets\n");
    project.write("words.txt", "one");
    project.write("assets/icons/a.svg", "<svg>");
    let script = |instructions: &str, words: &str| {
        let script = format!(
            "fn main() {{\n\
             {instructions}\n\
             let words = std::fs::read_to_string(\"{words}\").unwrap();\n\
             let icons = std::fs::read_dir(\"assets/icons\").unwrap().count();\n\
             println!(\"cargo::rustc-env=WORDS={{words}} {{icons}}\");\n\
             }}\n"
        );
        project.write("build.rs", &script);
    };
    let asking = "println!(\"cargo::rerun-if-changed=words.txt\");\n\
                  println!(\"cargo::rerun-if-changed=assets\");";
    script(asking, "words.txt");
    let devserve = Devserve::start(&project, &["-v"]);
    devserve.get("/").check(200, "one 1");
    project.write("words.txt", "two");
    devserve.get("/").check(200, "two 1");
    project.write("assets/icons/b.svg", "<svg>");
    devserve.wait_for("changed assets/icons/b.svg");
    devserve.get("/").check(200, "two 2");
    project.write("README.md", "# Other\n");
    settle(&project, &devserve, "a.html");
    assert_eq!(builds(&devserve), 3, "{}", devserve.said());

    // One that says nothing may read anything.
    project.write("others.txt", "three");
    script("", "others.txt");
    devserve.get("/").check(200, "three 2");
    project.write("others.txt", "four");
    devserve.wait_for("changed others.txt");
    devserve.get("/").check(200, "four 2");
}

#[test]
fn a_removed_module_is_missed_and_found_again() {
    let project = shop_of("till::TEXT");
    let source = fs::read_to_string(project.path("src/main.rs")).unwrap();
    project.write("src/main.rs", &(source + "mod till;\n"));
    project.write("src/till.rs", "pub const TEXT: &str = \"open\";\n");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "open");
    fs::remove_file(project.path("src/till.rs")).unwrap();
    let answer = devserve.get("/");
    assert_eq!(answer.status, 500);
    assert!(answer.text.contains("file not found"), "{}", answer.text);
    project.write("src/till.rs", "pub const TEXT: &str = \"again\";\n");
    devserve.get("/").check(200, "again");
    // As a folder, which then goes with all in it.
    fs::create_dir(project.path("src/till")).unwrap();
    fs::rename(project.path("src/till.rs"), project.path("src/till/mod.rs")).unwrap();
    devserve.get("/").check(200, "again");
    fs::rename(project.path("src/till"), project.path("till")).unwrap();
    assert_eq!(devserve.get("/").status, 500);
    fs::rename(project.path("till"), project.path("src/till")).unwrap();
    devserve.get("/").check(200, "again");
}

#[test]
fn a_switch_of_branches_is_one_new_app() {
    let project = Project::shop("main");
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        scrub(&mut git);
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let output = git
            .args([&identity, args].concat())
            .current_dir(project.root())
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let write = |text: &str| {
        project.write_shop(text);
        let source = fs::read_to_string(project.path("src/main.rs")).unwrap();
        let modules: String = (0..200).map(|number| format!("mod m{number};\n")).collect();
        project.write("src/main.rs", &(source + &modules));
        for number in 0..200 {
            let module = format!("// {text}\npub const _N: u32 = {number};\n");
            project.write(&format!("src/m{number}.rs"), &module);
        }
    };
    project.write(".gitignore", "/target\nCargo.lock\n");
    git(&["init", "--quiet", "--initial-branch", "main"]);
    write("main");
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "main"]);
    git(&["switch", "--quiet", "--create", "other"]);
    write("other");
    git(&["commit", "--quiet", "--all", "--message", "other"]);
    let devserve = Devserve::start(&project, &["-v"]);
    for branch in ["other", "main", "other"] {
        git(&["switch", "--quiet", branch]);
        devserve.get("/").check(200, branch);
    }
}

#[test]
fn cargo_s_settings_are_read_anew_and_its_folders_are_no_news() {
    let project = shop_of("env!(\"WORDS\")");
    let settings = |words: &str| {
        let folders = "[build]\ntarget-dir = \"out\"\nbuild-dir = \"made\"\n";
        let settings = format!("{folders}[env]\nWORDS = \"{words}\"\n");
        project.write("../.cargo/config.toml", &settings);
    };
    settings("one");
    let devserve = Devserve::start(&project, &["-v", "--watch", "."]);
    devserve.get("/").check(200, "one");
    let made = [project.path("../out"), project.path("../made")];
    assert!(made.iter().any(|folder| folder.is_dir()), "{made:?}");
    settings("two");
    devserve.get("/").check(200, "two");
    // In the package, as the settings there have it.
    project.write(
        ".cargo/config.toml",
        "[build]\nrustflags = [\"--cfg\", \"open\"]\n",
    );
    devserve.wait_for("changed .cargo/config.toml");
    devserve.get("/").check(200, "two");
    assert_eq!(builds(&devserve), 3, "{}", devserve.said());
}

#[test]
fn the_root_of_the_workspace_and_what_is_included_from_outside_count() {
    let project =
        shop_of("concat!(env!(\"CARGO_PKG_VERSION\"), include_str!(\"../../words.txt\"))");
    let manifest = fs::read_to_string(project.path("Cargo.toml")).unwrap();
    let manifest = manifest.replace("[workspace]\n", "");
    project.write(
        "Cargo.toml",
        &manifest.replace("version = \"0.1.0\"", "version.workspace = true"),
    );
    let root = |version: &str| {
        let root = format!(
            "[workspace]\nmembers = [\"package\"]\nresolver = \"3\"\n\
             [workspace.package]\nversion = \"{version}\"\n"
        );
        project.write("../Cargo.toml", &root);
    };
    root("0.1.0");
    project.write("../words.txt", " one");
    let devserve = Devserve::start(&project, &[]);
    devserve.get("/").check(200, "0.1.0 one");
    root("0.2.0");
    devserve.get("/").check(200, "0.2.0 one");
    project.write("../words.txt", " two");
    devserve.get("/").check(200, "0.2.0 two");
    devserve.wait_for("changed words.txt");
}

#[test]
fn what_the_user_names_counts_and_what_the_user_refuses_does_not() {
    let project = shop_of("std::process::id()");
    project.write(".gitignore", "/data\n");
    project.write("data/a.json", "1");
    let flags = [
        "-v", "--watch", "data", "--ignore", "*.json", "--ignore", "!b.json",
    ];
    let devserve = Devserve::start(&project, &flags);
    let first = devserve.get("/").text;
    project.write("data/a.json", "2");
    settle(&project, &devserve, "a.html");
    devserve.get("/").check(200, &first);
    project.write("data/b.json", "2");
    devserve.wait_for("changed data/b.json");
    assert_ne!(devserve.get("/").text, first);
}

#[test]
fn one_save_is_one_build() {
    let project = Project::shop("one");
    let devserve = Devserve::start(&project, &["-v"]);
    devserve.get("/").check(200, "one");
    let main = project.path("src/main.rs");
    let source = fs::read_to_string(&main).unwrap();
    // In place, as VS Code; by renaming, as vim and most others. No request comes in between: it
    // would look for itself.
    project.write_shop("in place");
    devserve.wait_for("changed src/main.rs");
    devserve.get("/").check(200, "in place");
    fs::rename(&main, project.path("src/main.rs~")).unwrap();
    fs::write(&main, source.replace("\"one\"", "\"vim\"")).unwrap();
    fs::remove_file(project.path("src/main.rs~")).unwrap();
    devserve.wait_for("changed src/main.rs · live in");
    devserve.get("/").check(200, "vim");
    assert_eq!(builds(&devserve), 3, "{}", devserve.said());
}

#[test]
fn where_no_watches_are_left_devserve_looks_for_itself() {
    let limit = "/proc/sys/user/max_inotify_watches";
    let script = format!("echo 1 > {limit} && exec \"$@\"");
    let confined = [
        "unshare",
        "--user",
        "--map-root-user",
        "sh",
        "-c",
        &script,
        "sh",
    ];
    let can_confine = Command::new(confined[0])
        .args(&confined[1..])
        .arg("true")
        .output()
        .is_ok_and(|output| output.status.success());
    if !can_confine {
        eprintln!("skipped: this system gives no user namespaces");
        return;
    }
    let project = Project::shop("one");
    let devserve = Devserve::start_through(&project, &confined, &["-v"]);
    let said = devserve.wait_for("sudo sysctl");
    assert!(
        said.contains("user.max_inotify_watches is 1, and used up"),
        "{said}"
    );
    devserve.get("/").check(200, "one");
    // No request looks: devserve does.
    project.write_shop("two");
    devserve.wait_for("changed src/main.rs");
    devserve.get("/").check(200, "two");
    project.write("templates/new/list.html", "<ol>");
    devserve.wait_for("changed templates/new/list.html");
    assert_eq!(devserve.said().matches("sudo sysctl").count(), 1);
    assert_eq!(devserve.stop().code(), Some(0));
}
