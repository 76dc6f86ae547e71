use std::time::Duration;

use super::*;
use crate::dev::project::{Features, Program};

/// A package in a folder of its own, and what is known about it.
struct Shop {
    dir: tempfile::TempDir,
    inputs: Inputs,
}

impl Shop {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_owned();
        for (path, text) in [
            ("Cargo.toml", "[package]"),
            ("Cargo.lock", "version = 4"),
            ("src/main.rs", "fn main() {}"),
            ("src/cart.rs", "// cart"),
            ("README.md", "# Shop"),
            ("templates/list.html", "<p>"),
            ("templates/mail.txt", "included"),
            ("static/site.css", "p {}"),
            (".gitignore", "/data\n/.env\n/settings\n"),
            (".env", "OPEN=1"),
        ] {
            write(&root, path, text);
        }
        let project = Project {
            links_devserve: false,
            package: "shop".to_owned(),
            program: Program::Bin("shop".to_owned()),
            profile: None,
            features: Features::default(),
            package_dir: root.clone(),
            workspace_root: root.clone(),
            target_dir: root.join("target"),
            build_dir: root.join("target"),
            source_dirs: vec![root.clone()],
        };
        let ignore = Ignore::new(std::slice::from_ref(&root), &["*.skip".to_owned()]).unwrap();
        let always = vec![root.join("settings")];
        Self {
            inputs: Inputs::new(&project, always, ignore),
            dir,
        }
    }

    /// The same after a good build of `main.rs`, `cart.rs` and the included mail.
    fn built() -> Self {
        let shop = Self::new();
        let learned = shop.build("src/main.rs src/cart.rs templates/mail.txt", after_all());
        assert_eq!(changed(&learned), [] as [PathBuf; 0]);
        shop
    }

    fn build(&self, inputs: &str, started: SystemTime) -> Learned {
        let inputs = inputs.split(' ').map(|path| self.path(path));
        self.inputs.build_begins();
        self.inputs.learn(inputs, started)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Writes a file, and judges the change.
    #[track_caller]
    fn check(&self, path: &str, text: &str, want: Option<Effect>) {
        write(self.dir.path(), path, text);
        assert_eq!(self.judge(path), want, "{path}");
    }

    fn judge(&self, path: &str) -> Option<Effect> {
        match self.inputs.judge(&self.path(path))? {
            Event::Changed { effect, .. } => Some(effect),
            other => panic!("{other:?}"),
        }
    }
}

fn changed(learned: &Learned) -> Vec<PathBuf> {
    let path = |event: &Event| match event {
        Event::Changed { path, .. } => path.clone(),
        other => panic!("{other:?}"),
    };
    learned.changes.iter().map(path).collect()
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A build's start after which no file of the test was written.
fn after_all() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

const BUILD: Option<Effect> = Some(Effect::Build);

#[test]
fn an_input_asks_for_a_build_once_per_content() {
    let shop = Shop::built();
    shop.check("src/main.rs", "fn main() { }", BUILD);
    assert_eq!(shop.judge("src/main.rs"), None);
    shop.check("src/main.rs", "fn main() { }", None);
    fs::remove_file(shop.path("src/main.rs")).unwrap();
    assert_eq!(shop.judge("src/main.rs"), BUILD);
}

#[test]
fn what_no_build_read_asks_for_none() {
    let shop = Shop::built();
    shop.check("README.md", "# My shop", None);
    shop.check("src/unused.rs", "// not a module yet", None);
    shop.check("target/debug/shop.rs", "", None);
    shop.check("data/orders.json", "[]", None);
}

#[test]
fn what_the_app_reads_while_it_runs_is_for_browsers() {
    let shop = Shop::built();
    shop.check("templates/list.html", "<ul>", Some(Effect::Refresh));
    shop.check(
        "static/site.css",
        "ul {}",
        Some(Effect::Restyle("site.css".to_owned())),
    );
    shop.check("static/site.css", "ul {}", None);
    shop.check("templates/mail.txt", "compiled in", BUILD);
    shop.check("examples/book/static/a.js", "1", Some(Effect::Refresh));
}

#[test]
fn what_cargo_reads_asks_for_a_build_also_where_it_was_not_there() {
    let shop = Shop::built();
    shop.check("Cargo.toml", "[package]\n", BUILD);
    shop.check("build.rs", "fn main() {}", BUILD);
    shop.check(".cargo/config.toml", "[build]", BUILD);
    shop.check("Cargo.lock", "version = 5", BUILD);
    shop.inputs.build_begins();
    shop.check("Cargo.lock", "version = 6", None);
}

#[test]
fn before_the_first_build_sources_are_known_by_name() {
    let shop = Shop::new();
    shop.check("src/new.rs", "", BUILD);
    shop.check("Cargo.toml", "[package] ", BUILD);
    shop.check("README.md", "", None);
    shop.check("templates/list.html", "<ul>", Some(Effect::Refresh));
}

#[test]
fn after_a_failed_build_any_file_may_be_the_mend() {
    let shop = Shop::built();
    shop.inputs.build_begins();
    assert_eq!(
        changed(&shop.inputs.build_failed(after_all())),
        [] as [PathBuf; 0]
    );
    shop.check("src/new.rs", "", BUILD);
    shop.check("words.txt", "for include_str!", BUILD);
    shop.check("data/orders.json", "[]", None);
    shop.check("notes.skip", "", None);
    shop.check("src/main.rs", "fn main() {}", None);
}

#[test]
fn a_request_finds_what_the_watcher_has_not_reported() {
    let shop = Shop::built();
    assert!(matches!(shop.inputs.look_out(), Outlook::Calm));
    write(shop.dir.path(), "src/cart.rs", "// cart and till");
    assert!(matches!(shop.inputs.look_out(), Outlook::Changed(_)));
    assert!(matches!(shop.inputs.look_out(), Outlook::Announced));
    assert_eq!(shop.judge("src/cart.rs"), None, "one change is told once");
    shop.inputs.heard();
    write(shop.dir.path(), "README.md", "# Other");
    assert!(matches!(shop.inputs.look_out(), Outlook::Calm));
}

#[test]
fn a_request_knows_of_a_change_that_the_supervisor_has_yet_to_hear() {
    let shop = Shop::built();
    shop.check("src/cart.rs", "// cart and till", BUILD);
    shop.check("src/main.rs", "fn main() { }", BUILD);
    shop.inputs.heard();
    assert!(matches!(shop.inputs.look_out(), Outlook::Announced));
    shop.inputs.heard();
    assert!(matches!(shop.inputs.look_out(), Outlook::Calm));
    shop.check(
        "static/site.css",
        "ul {}",
        Some(Effect::Restyle("site.css".to_owned())),
    );
    assert!(matches!(shop.inputs.look_out(), Outlook::Calm));
}

#[test]
fn two_writes_in_one_tick_of_the_clock_are_told_apart() {
    let shop = Shop::built();
    let modified = SystemTime::now();
    for text in ["// one", "// two", "// six"] {
        write(shop.dir.path(), "src/cart.rs", text);
        let file = fs::File::options()
            .write(true)
            .open(shop.path("src/cart.rs"))
            .unwrap();
        file.set_modified(modified).unwrap();
        assert!(
            matches!(shop.inputs.look_out(), Outlook::Changed(_)),
            "{text}"
        );
    }
}

#[test]
fn an_input_written_during_the_build_that_found_it_has_changed() {
    let shop = Shop::new();
    let learned = shop.build("src/main.rs", SystemTime::UNIX_EPOCH);
    assert!(changed(&learned).contains(&shop.path("src/main.rs")));
    assert!(
        !changed(&learned).contains(&shop.path("Cargo.lock")),
        "cargo may have written it"
    );
    assert!(learned.folders.contains(&shop.path("src")));
}

#[test]
fn a_module_that_was_saved_before_it_was_named_is_not_built_twice() {
    let shop = Shop::built();
    shop.check("src/till.rs", "// till", None);
    shop.check("src/main.rs", "mod till;", BUILD);
    let learned = shop.build("src/main.rs src/till.rs", SystemTime::UNIX_EPOCH);
    assert_eq!(changed(&learned), [] as [PathBuf; 0]);
    shop.check("src/till.rs", "// the till", BUILD);
}

#[test]
fn paths_the_user_names_always_ask_for_a_build() {
    let shop = Shop::built();
    shop.check("settings/shop.toml", "open = true", BUILD);
}

#[test]
fn a_folder_that_a_build_script_asks_about_counts_with_all_that_is_in_it() {
    let shop = Shop::new();
    write(shop.dir.path(), "assets/logo.svg", "<svg>");
    shop.build("src/main.rs assets", after_all());
    shop.check("assets/icon.svg", "<svg>", BUILD);
}

const RESTART: Option<Effect> = Some(Effect::Restart);

#[test]
fn what_the_app_reads_at_its_start_starts_it_again_although_git_ignores_it() {
    let shop = Shop::built();
    shop.check(".env", "OPEN=1", None);
    shop.check(".env", "OPEN=0", RESTART);
    shop.check(".env.local", "OPEN=1", RESTART);
    shop.check(".env.example", "OPEN=", None);
    shop.check("data/.env", "OPEN=", None);
    fs::remove_file(shop.path(".env")).unwrap();
    let Outlook::Changed(Event::Changed { effect, .. }) = shop.inputs.look_out() else {
        panic!("a request did not see it");
    };
    assert_eq!(effect, Effect::Restart);
}

#[test]
fn an_environment_that_is_compiled_in_or_may_mend_the_build_asks_for_one() {
    let shop = Shop::built();
    shop.build("src/main.rs .env", after_all());
    shop.check(".env", "OPEN=2", BUILD);
    let shop = Shop::built();
    shop.inputs.build_begins();
    shop.inputs.build_failed(after_all());
    shop.check(".env", "OPEN=2", BUILD);
}

#[test]
fn a_build_script_that_does_not_say_what_it_reads_may_read_all_of_its_package() {
    let shop = Shop::built();
    shop.check("words.txt", "one", None);
    shop.inputs.scripts_are_silent(vec![shop.path("")]);
    shop.check("words.txt", "two", BUILD);
    shop.check("templates/list.html", "<ul>", Some(Effect::Refresh));
    shop.check("shop.sqlite-wal", "written by the app", None);
    shop.check("data/orders.json", "[]", None);
    shop.check("target/debug/words.txt", "", None);
}

#[test]
fn files_in_a_folder_that_a_build_script_asks_about_are_seen_by_requests() {
    let shop = Shop::new();
    write(shop.dir.path(), "assets/icons/logo.svg", "<svg>");
    let learned = shop.build("src/main.rs assets", after_all());
    assert!(learned.folders.contains(&shop.path("assets/icons")));
    write(shop.dir.path(), "assets/icons/logo.svg", "<svg/>");
    assert!(matches!(shop.inputs.look_out(), Outlook::Changed(_)));
}

#[test]
fn the_user_s_refusal_goes_over_what_the_build_reads() {
    let shop = Shop::new();
    write(shop.dir.path(), "src/made.skip", "one");
    shop.build("src/main.rs src/made.skip", after_all());
    shop.check("src/made.skip", "two", None);
    assert!(matches!(shop.inputs.look_out(), Outlook::Calm));
}

#[test]
fn an_input_behind_a_link_is_watched_where_it_is() {
    let shop = Shop::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let elsewhere = elsewhere.path().canonicalize().unwrap();
    write(&elsewhere, "cart.rs", "// one");
    let link = shop.path("src/linked.rs");
    std::os::unix::fs::symlink(elsewhere.join("cart.rs"), link).unwrap();
    let learned = shop.build("src/main.rs src/linked.rs", after_all());
    assert!(learned.folders.contains(&elsewhere));
    write(&elsewhere, "cart.rs", "// two");
    assert!(shop.inputs.judge(&elsewhere.join("cart.rs")).is_some());
}

#[test]
fn the_manifest_of_a_workspace_two_floors_up_counts() {
    let shop = Shop::new();
    write(shop.dir.path(), "crates/cart/Cargo.toml", "[package]");
    write(shop.dir.path(), "crates/cart/src/lib.rs", "");
    let learned = shop.build("crates/cart/src/lib.rs", after_all());
    assert!(learned.folders.contains(&shop.path("crates/cart")));
    shop.check("Cargo.toml", "[workspace]", BUILD);
    shop.check("crates/cart/Cargo.toml", "[package] ", BUILD);
}

#[test]
fn what_the_user_names_counts_although_git_ignores_it() {
    let shop = Shop::built();
    assert!(!shop.inputs.is_ignored(&shop.path("settings")));
    shop.check("settings/shop.toml", "open = false", BUILD);
    shop.check("settings/shop.skip", "", None);
}

#[test]
fn a_file_told_by_a_detour_is_one_file() {
    let shop = Shop::new();
    let learned = shop.build("src/main.rs src/../README.md", after_all());
    assert!(!learned.folders.contains(&shop.path("src/..")));
    write(shop.dir.path(), "README.md", "# Another");
    assert_eq!(shop.judge("README.md"), BUILD);
    assert!(matches!(shop.inputs.look_out(), Outlook::Announced));
}
