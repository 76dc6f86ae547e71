//! The example guestbook, served for a browser: as it is here, or from a copy that may be edited.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Devserve, Project, target_dir};
use crate::webdriver::{Browser, keep};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const FOLDER: &str = "examples/guestbook";

// The crates as the tests have them: with the same features, none is compiled again.
const MANIFEST: &str = r#"
[package]
name = "guestbook"
version = "0.1.0"
edition = "2024"

[[bin]]
name = "guestbook"
path = "examples/guestbook/main.rs"

[dependencies]
devserve.path = "{root}"
serde = { version = "1.0", features = ["derive"] }
serde_json = "1.0"
thiserror = "2.0"

[workspace]
"#;

/// The guestbook's sources in a package of their own, and its entries beside them.
pub(crate) struct Guestbook {
    project: Project,
}

impl Guestbook {
    pub(crate) fn new() -> Self {
        let manifest = MANIFEST.replace("{root}", ROOT);
        let lock = fs::read_to_string(Path::new(ROOT).join("Cargo.lock")).unwrap();
        let project = Project::new(&[("Cargo.toml", &manifest), ("Cargo.lock", &lock)]);
        for file in files_below(&Path::new(ROOT).join(FOLDER)) {
            let place = file.strip_prefix(ROOT).unwrap().to_str().unwrap();
            project.write(place, &fs::read_to_string(&file).unwrap());
        }
        Self { project }
    }

    /// Serves this copy.
    pub(crate) fn serve(&self) -> Devserve {
        serve(&self.project, &[])
    }

    /// Writes a file of the guestbook's folder, or of the package where the path starts with `/`.
    pub(crate) fn write(&self, path: &str, text: &str) {
        match path.strip_prefix('/') {
            Some(path) => self.project.write(path, text),
            None => self.project.write(&format!("{FOLDER}/{path}"), text),
        }
    }

    /// Replaces `old`, which is there, in a file of the guestbook's folder.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.project.path(&format!("{FOLDER}/{path}"))).unwrap();
        assert!(text.contains(old), "no {old:?} in {path}");
        self.write(path, &text.replace(old, new));
    }
}

/// Serves the example of this package, with entries in a project that is otherwise empty.
pub(crate) fn serve_example(project: &Project) -> Devserve {
    serve(project, &["--example", "guestbook", ROOT])
}

fn serve(project: &Project, args: &[&str]) -> Devserve {
    let env = [
        ("CARGO_TARGET_DIR", target_dir()),
        ("GUESTBOOK_DATA", &project.tmp().join("guestbook")),
    ];
    Devserve::start_with(project, args, &env)
}

/// The address of a page.
pub(crate) fn url(devserve: &Devserve, path: &str) -> String {
    format!("http://127.0.0.1:{}{path}", devserve.port)
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files_below(&path),
            false => vec![path],
        })
        .collect()
}

#[test]
fn the_guestbook_is_signed_with_a_picture() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let project = Project::new(&[]);
    let devserve = serve_example(&project);
    browser.open(&url(&devserve, "/"));
    browser.wait_for_text("h1", "Guestbook");

    // Any picture will do; the browser has just made one.
    let picture = project.tmp().join("picture.png");
    fs::write(&picture, browser.picture(Some(240.0))).unwrap();
    browser.fill("#name", "Ada <3");
    browser.fill("#message", "A lovely place.\nI shall come again.");
    browser.fill("#picture", picture.to_str().unwrap());
    browser.click("button");
    browser.wait_for_text(".flash", "Thank you, Ada <3! You are guest number 1.");
    let entry = browser.text(".entries li");
    assert!(
        entry.contains("A lovely place.\nI shall come again."),
        "{entry}"
    );
    assert!(entry.contains("Ada <3"), "{entry}");
    browser.wait_for("document.querySelector('.entries img').naturalWidth > 0");
    for (scheme, width) in [("light", 1000), ("dark", 320)] {
        browser.look(width, scheme);
        assert_eq!(browser.run(FITS), true, "at {width} pixels");
        keep(&browser, &format!("guestbook-{scheme}"), None);
    }

    browser.reload();
    browser.wait_for("!document.querySelector('.flash')");
    assert_eq!(
        browser.run("return document.querySelector('#name').value"),
        "Ada <3"
    );
    assert!(browser.text(".entries").contains("A lovely place."));
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Whether nothing is wider than the window.
pub(crate) const FITS: &str = "return document.documentElement.scrollWidth <= innerWidth";
