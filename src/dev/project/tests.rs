use std::fs;

use super::*;

/// A package (or workspace) made of the files named, each empty but for those ending in `.toml`.
fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

const SHOP: (&str, &str) = (
    "Cargo.toml",
    "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
);

/// What is found for `choice`, or the error and its help.
fn find(dir: &Path, path: &str, choice: Choice) -> String {
    match Project::find(&Choice {
        path: dir.join(path),
        ..choice
    }) {
        Ok(project) => format!("{}: {}", project.package, project.title()),
        Err(error) => format!("{error}; help: {}", error.help()),
    }
}

fn example(name: &str) -> Choice {
    Choice {
        program: Some(Program::Example(name.to_owned())),
        ..Choice::default()
    }
}

fn bin(name: &str) -> Choice {
    Choice {
        program: Some(Program::Bin(name.to_owned())),
        ..Choice::default()
    }
}

#[test]
fn the_only_binary_is_found_from_anywhere_inside() {
    let dir = project(&[SHOP, ("src/main.rs", "")]);
    for path in ["", "src", "src/main.rs", "Cargo.toml"] {
        assert_eq!(find(dir.path(), path, Choice::default()), "shop: shop");
    }
}

#[test]
fn a_program_that_is_not_there_is_answered_with_those_that_are() {
    let dir = project(&[
        SHOP,
        ("src/main.rs", ""),
        ("examples/a.rs", ""),
        ("examples/b.rs", ""),
    ]);
    assert_eq!(find(dir.path(), "", example("b")), "shop: example b");
    assert_eq!(
        find(dir.path(), "", example("c")),
        "shop has no example called c; help: there is a, b"
    );
    assert_eq!(
        find(dir.path(), "", bin("c")),
        "shop has no binary called c; help: there is shop"
    );
}

#[test]
fn of_two_binaries_the_default_is_taken_or_a_choice_is_asked() {
    let bins = [("src/bin/one.rs", ""), ("src/bin/two.rs", "")];
    let dir = project(&[&[SHOP], bins.as_slice()].concat());
    assert_eq!(
        find(dir.path(), "", Choice::default()),
        "shop has 2 binaries; help: choose with --bin: one, two; or set default-run in Cargo.toml"
    );
    assert_eq!(find(dir.path(), "", bin("two")), "shop: two");
    let manifest = format!("{}default-run = \"one\"\n", SHOP.1);
    fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
    assert_eq!(find(dir.path(), "", Choice::default()), "shop: one");
}

#[test]
fn a_library_is_no_program() {
    let dir = project(&[SHOP, ("src/lib.rs", ""), ("examples/demo.rs", "")]);
    assert_eq!(
        find(dir.path(), "", Choice::default()),
        "shop has no binary to run; help: add src/main.rs, or choose with --example: demo"
    );
}

#[test]
fn a_workspace_asks_for_a_package_unless_one_alone_can_run() {
    let member = |name: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n")
    };
    let shop = member("shop") + "[dependencies]\nbase = { path = \"../base\" }\n";
    let dir = project(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"base\", \"shop\"]\nresolver = \"3\"\n",
        ),
        ("base/Cargo.toml", &member("base")),
        ("base/src/lib.rs", ""),
        ("shop/Cargo.toml", &shop),
        ("shop/src/main.rs", ""),
    ]);
    assert_eq!(find(dir.path(), "", Choice::default()), "shop: shop");
    let found = Project::find(&Choice {
        path: dir.path().into(),
        ..Choice::default()
    })
    .unwrap();
    let root = dir.path().canonicalize().unwrap();
    assert_eq!(found.source_dirs, [root.join("shop"), root.join("base")]);
    assert_eq!(found.workspace_root, root);

    fs::write(dir.path().join("base/src/main.rs"), "").unwrap();
    assert_eq!(
        find(dir.path(), "", Choice::default()),
        "the workspace has 2 packages with a program; help: choose with --package: base, shop"
    );
    let wanted = |name: &str| Choice {
        package: Some(name.to_owned()),
        ..Choice::default()
    };
    assert_eq!(find(dir.path(), "", wanted("base")), "base: base");
    assert_eq!(
        find(dir.path(), "", wanted("till")),
        "no package is called till; help: there is base, shop"
    );
}

#[test]
fn what_is_no_cargo_package_is_named() {
    let dir = project(&[("notes.txt", "")]);
    let found = find(dir.path(), "", Choice::default());
    assert!(found.contains("is not inside a cargo package"), "{found}");
    let found = find(dir.path(), "nowhere", Choice::default());
    assert!(found.starts_with("cannot read "), "{found}");
    let dir = project(&[("Cargo.toml", "[package]\nname = \n")]);
    let found = find(dir.path(), "", Choice::default());
    assert!(found.starts_with("cargo cannot read "), "{found}");
}

#[test]
fn a_path_may_name_a_program_by_its_source() {
    let dir = project(&[
        SHOP,
        ("src/main.rs", ""),
        ("src/bin/till.rs", ""),
        ("examples/hello.rs", ""),
        ("examples/book/main.rs", ""),
        ("examples/book/static/site.css", ""),
    ]);
    for (path, want) in [
        ("src/bin/till.rs", "shop: till"),
        ("src/main.rs", "shop: shop"),
        ("examples/hello.rs", "shop: example hello"),
        ("examples/book", "shop: example book"),
        ("examples/book/main.rs", "shop: example book"),
    ] {
        assert_eq!(find(dir.path(), path, Choice::default()), want);
    }
    assert_eq!(
        find(dir.path(), "examples/book", example("hello")),
        "shop: example hello"
    );
    assert!(find(dir.path(), "src", Choice::default()).contains("2 binaries"));
}

#[test]
fn a_package_that_links_devserve_is_known_by_its_dependencies_or_theirs() {
    let dependency = |on: &str| format!("{}[dependencies]\n{on}\n", SHOP.1);
    let links = |manifest: &str, base: &str| {
        let base = format!("[package]\nname = \"base\"\nversion = \"0.1.0\"\n{base}\n");
        let manifest = format!("{manifest}[workspace]\nmembers = [\"base\"]\n");
        let dir = project(&[
            ("Cargo.toml", &manifest),
            ("src/main.rs", ""),
            ("base/Cargo.toml", &base),
            ("base/src/lib.rs", ""),
        ]);
        let choice = Choice {
            path: dir.path().to_owned(),
            ..Choice::default()
        };
        Project::find(&choice).unwrap().links_devserve
    };
    let on_devserve = "devserve = \"0.1\"";
    assert!(!links(SHOP.1, ""));
    assert!(!links(&dependency("axum = \"0.8\""), ""));
    assert!(links(&dependency(on_devserve), ""));
    assert!(links(
        &dependency("ds = { package = \"devserve\", version = \"0.1\" }"),
        ""
    ));
    assert!(links(
        &format!("{}[dev-dependencies]\n{on_devserve}\n", SHOP.1),
        ""
    ));
    let base = format!("[dependencies]\n{on_devserve}");
    assert!(links(&dependency("base = { path = \"base\" }"), &base));
    assert!(!links(SHOP.1, &base));
}
