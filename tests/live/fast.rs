//! Edits that pass cargo by, and those that must not: the answers are cargo's either way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Devserve, Project, processes_in, scrub};

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
     [dependencies]\ncart = { path = \"cart\" }\n[workspace]\n";
const CART_MANIFEST: &str = "[package]\nname = \"cart\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
const CART: &str = "pub fn total() -> u32 { [1, 2].iter().sum() }\n";

/// The words of the debug log.
const READY: &str = "dependencies are in ";
const THIN: &str = "without cargo (ThinLink)";
const ANY: &str = "without cargo (";

/// A program that answers each request with `text`, an expression.
fn source(items: &str, text: &str) -> String {
    let main = include_str!("shop.rs.txt").replace("\"TEXT\".to_owned()", text);
    assert!(main.contains(text), "shop.rs.txt has another text");
    format!("{main}\n{items}\n")
}

/// The shop with a library beside it.
fn shop(text: &str) -> Project {
    Project::new(&[
        ("Cargo.toml", MANIFEST),
        ("src/main.rs", &source("", text)),
        ("cart/Cargo.toml", CART_MANIFEST),
        ("cart/src/lib.rs", CART),
    ])
}

/// Runs with the debug log, up to the first answer and the preparation for edits.
fn start(project: &Project, want: &str) -> Devserve {
    let devserve = Devserve::start(project, &["-vv"]);
    devserve.get("/").check(200, want);
    devserve.wait_for(READY);
    devserve
}

fn count(devserve: &Devserve, words: &str) -> usize {
    devserve.said().matches(words).count()
}

/// The folder that devserve keeps for the program.
fn home(project: &Project) -> PathBuf {
    let homes = fs::read_dir(project.path("target/devserve")).unwrap();
    let mut homes = homes.map(|entry| entry.unwrap().path());
    homes
        .find(|path| path.is_dir() && !path.ends_with("calls"))
        .unwrap()
}

/// Has cargo build the program; what it compiled.
fn build_by_cargo(project: &Project) -> String {
    let mut command = Command::new("cargo");
    scrub(&mut command);
    let output = command
        .arg("build")
        .current_dir(project.root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn edits_of_the_program_s_own_source_pass_cargo_by_and_answer_as_cargo_s() {
    let project = shop("\"one\".to_owned()");
    let devserve = start(&project, "one");
    // A function of the library, generic code of the standard library, and another allocation.
    let edits = [
        ("", "format!(\"two {}\", cart::total())", "two 3"),
        ("mod shelf;", "shelf::name()", "shelf"),
        (
            "",
            "include_str!(\"../note.txt\").trim().to_owned()",
            "note",
        ),
        ("", "env!(\"CARGO_PKG_VERSION\").to_owned()", "0.1.0"),
    ];
    project.write(
        "src/shelf.rs",
        "pub fn name() -> String { \"shelf\".into() }\n",
    );
    project.write("note.txt", "note\n");
    for (at, (items, text, want)) in edits.into_iter().enumerate() {
        project.write("src/main.rs", &source(items, text));
        devserve.get("/").check(200, want);
        assert_eq!(count(&devserve, THIN), at + 1, "{}", devserve.said());
    }
    // What the last edits have brought is known: a module and a file that is included.
    let both = "format!(\"{} {}\", shelf::name(), include_str!(\"../note.txt\").trim())";
    project.write("src/main.rs", &source("mod shelf;", both));
    devserve.get("/").check(200, "shelf note");
    project.write("note.txt", "changed\n");
    devserve.get("/").check(200, "shelf changed");
    project.write(
        "src/shelf.rs",
        "pub fn name() -> String { \"full\".into() }\n",
    );
    devserve.get("/").check(200, "full changed");
    assert_eq!(count(&devserve, THIN), edits.len() + 3);
    // Nothing of a build is left, but for its result.
    assert!(!home(&project).join("new").exists());
    assert!(devserve.stop().success());
    assert_eq!(processes_in(&project.root()), [] as [String; 0]);
    let by_cargo = Devserve::start(&project, &["-vv", "--no-fast"]);
    by_cargo.get("/").check(200, "full changed");
    project.write("note.txt", "again\n");
    by_cargo.get("/").check(200, "full again");
    assert_eq!(count(&by_cargo, ANY), 0, "{}", by_cargo.said());
}

/// The frames of the program itself, with file and line.
const TRACE: &str = "{
    let till_drawer = cart::total();
    let trace = deep(till_drawer);
    trace.lines().filter(|line| line.contains(\"src/\")).collect::<Vec<_>>().join(\"|\")
}";
const DEEP: &str = "fn deep(number: u32) -> String {
    let panicked = std::panic::catch_unwind(|| if number == 3 { panic!(\"deep\") });
    let backtrace = std::backtrace::Backtrace::force_capture().to_string();
    format!(\"{}\\n{backtrace}\", panicked.is_err())
}";

#[test]
fn backtraces_and_variables_are_cargo_s() {
    let project = shop("\"one\".to_owned()");
    let devserve = start(&project, "one");
    project.write("src/main.rs", &source(DEEP, TRACE));
    let fast = devserve.get("/");
    assert_eq!(fast.status, 200);
    assert_eq!(count(&devserve, THIN), 1, "{}", devserve.said());
    assert!(fast.text.contains("src/main.rs:"), "{}", fast.text);
    assert!(devserve.stop().success());
    let program = fs::read(home(&project).join("shop")).unwrap();
    for name in ["till_drawer", "panicked", "backtrace"] {
        let is_there = program.windows(name.len()).any(|at| at == name.as_bytes());
        assert!(is_there, "no debug information about {name}");
    }
    let by_cargo = Devserve::start(&project, &["--no-fast"]);
    by_cargo.get("/").check(200, &fast.text);
}

#[test]
fn what_is_not_the_program_s_own_goes_through_cargo() {
    let text = "format!(\"{} {}\", env!(\"CARGO_PKG_VERSION\"), cart::total())";
    let project = shop(text);
    let devserve = start(&project, "0.1.0 3");
    project.write("cart/src/lib.rs", &CART.replace("1, 2", "3, 4"));
    devserve.get("/").check(200, "0.1.0 7");
    let other = MANIFEST.replacen("0.1.0", "0.2.0", 1);
    project.write("Cargo.toml", &other);
    devserve.get("/").check(200, "0.2.0 7");
    let script = "fn main() { println!(\"cargo::rustc-env=WORD=built\") }\n";
    project.write("build.rs", script);
    devserve.get("/").check(200, "0.2.0 7");
    // A script that names no file reads all of them.
    project.write("src/main.rs", &source("", "env!(\"WORD\").to_owned()"));
    devserve.get("/").check(200, "built");
    assert_eq!(count(&devserve, ANY), 0, "{}", devserve.said());
    assert!(devserve.stop().success());
}

#[test]
fn a_file_that_the_library_has_too_goes_through_cargo() {
    let main = source(
        "mod word;",
        "format!(\"{} {}\", word::WORD, shop::word::WORD)",
    );
    let project = Project::new(&[
        (
            "Cargo.toml",
            &MANIFEST.replace("cart = { path = \"cart\" }\n", ""),
        ),
        ("src/main.rs", &main),
        ("src/lib.rs", "pub mod word;\n"),
        ("src/word.rs", "pub const WORD: &str = \"a\";\n"),
    ]);
    let devserve = start(&project, "a a");
    project.write("src/word.rs", "pub const WORD: &str = \"b\";\n");
    devserve.get("/").check(200, "b b");
    assert_eq!(count(&devserve, ANY), 0, "{}", devserve.said());
    project.write("src/main.rs", &main.replace("{} {}", "{}-{}"));
    devserve.get("/").check(200, "b-b");
    assert_eq!(count(&devserve, ANY), 1, "{}", devserve.said());
}

#[test]
fn a_compile_error_is_explained_without_cargo_and_its_mend_served() {
    let project = shop("\"one\".to_owned()");
    let devserve = start(&project, "one");
    project.write("src/main.rs", &source("", "7"));
    let answer = devserve.get("/");
    assert_eq!(answer.status, 500);
    assert!(answer.text.contains("E0308"), "{}", answer.text);
    assert!(answer.text.contains("src/main.rs:"), "{}", answer.text);
    project.write("src/main.rs", &source("", "\"two\".to_owned()"));
    devserve.get("/").check(200, "two");
    assert_eq!(count(&devserve, "by cargo"), 1, "{}", devserve.said());
    assert_eq!(count(&devserve, THIN), 1, "{}", devserve.said());
}

#[test]
fn a_thin_program_that_does_not_start_is_built_by_cargo() {
    let project = shop("\"one\".to_owned()");
    let devserve = start(&project, "one");
    // As if the link had gone wrong.
    let fragile = |text: &str| {
        source("", text).replace(
            "fn main() {",
            "fn main() {\n    let me = std::env::current_exe().unwrap();\n    \
             if me.display().to_string().contains(\"devserve/\") { std::process::abort() }",
        )
    };
    project.write("src/main.rs", &fragile("\"two\".to_owned()"));
    devserve.get("/").check(200, "two");
    assert_eq!(count(&devserve, THIN), 1, "{}", devserve.said());
    // Once is enough.
    project.write("src/main.rs", &fragile("\"three\".to_owned()"));
    devserve.get("/").check(200, "three");
    assert_eq!(count(&devserve, ANY), 1, "{}", devserve.said());
}

#[test]
fn another_allocator_is_the_one_that_is_used() {
    let project = shop("\"one\".to_owned()");
    let devserve = start(&project, "one");
    let counting = "
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        struct Counting;
        // SAFETY: the system's allocator does the work.
        unsafe impl std::alloc::GlobalAlloc for Counting {
            unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
                COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                unsafe { std::alloc::System.alloc(layout) }
            }
            unsafe fn dealloc(&self, place: *mut u8, layout: std::alloc::Layout) {
                unsafe { std::alloc::System.dealloc(place, layout) }
            }
        }
        #[global_allocator]
        static ALLOCATOR: Counting = Counting;
        fn count() -> usize { COUNT.load(std::sync::atomic::Ordering::SeqCst) }";
    let text = "{ let before = count(); drop(\"x\".to_string()); (count() > before).to_string() }";
    project.write("src/main.rs", &source(counting, text));
    devserve.get("/").check(200, "true");
    // Where the library allocates, too.
    let text = "{ let before = count(); drop(std::env::current_exe()); \
                (count() > before).to_string() }";
    project.write("src/main.rs", &source(counting, text));
    devserve.get("/").check(200, "true");
}

#[test]
fn saves_in_a_row_end_in_the_last_and_leave_nothing() {
    let project = shop("\"one\".to_owned()");
    let devserve = start(&project, "one");
    for number in 0..5 {
        let text = format!("\"save {number}\".to_owned()");
        project.write("src/main.rs", &source("", &text));
        // A request makes sure that each is noticed; none but the last waits for its answer.
        drop(devserve.send("/", "*/*"));
    }
    devserve.get("/").check(200, "save 4");
    assert!(!home(&project).join("new").exists());
    assert!(devserve.stop().success());
    assert_eq!(processes_in(&project.root()), [] as [String; 0]);
    assert_eq!(fs::read_dir(project.tmp()).unwrap().count(), 0);
}

#[test]
fn cargo_s_own_builds_and_ours_leave_each_other_alone() {
    let project = shop("\"one\".to_owned()");
    assert!(build_by_cargo(&project).contains("Compiling shop"));
    let devserve = start(&project, "one");
    assert!(!build_by_cargo(&project).contains("Compiling"));
    project.write("src/main.rs", &source("", "\"two\".to_owned()"));
    devserve.get("/").check(200, "two");
    assert_eq!(count(&devserve, THIN), 1, "{}", devserve.said());
    // For cargo the program is old, and it builds the same again.
    assert!(build_by_cargo(&project).contains("Compiling shop"));
    assert!(devserve.stop().success());
    // The call is known from before, and so the first edit is quick.
    let devserve = Devserve::start(&project, &["-vv"]);
    devserve.get("/").check(200, "two");
    devserve.wait_for(READY);
    project.write("src/main.rs", &source("", "\"three\".to_owned()"));
    devserve.get("/").check(200, "three");
    assert_eq!(count(&devserve, THIN), 1, "{}", devserve.said());
    // A second devserve goes without.
    let second = Devserve::start(&project, &["-vv"]);
    second.get("/").check(200, "three");
    second.wait_for("another devserve uses it");
    assert!(!is_empty(&project.path("target/devserve")));
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}
