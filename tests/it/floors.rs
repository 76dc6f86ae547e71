//! The house stands: a module imports lower floors only, and some things stay in one place.

use std::fs;
use std::path::{Path, PathBuf};

/// Every module of the library and the floor it is on, as ARCHITECTURE.md draws them.
const FLOORS: &[(&str, u8)] = &[
    ("text", 0),
    ("sys", 0),
    ("http", 1),
    ("net", 1),
    ("security", 1),
    ("pages", 2),
    ("wire", 2),
    ("wsgi", 2),
    ("forms", 3),
    ("proxy", 3),
    ("routing", 3),
    ("serving", 3),
    ("session", 3),
    ("gateways", 4),
    ("request", 4),
    ("response", 4),
    ("server", 4),
    ("exceptions", 5),
    ("local", 5),
    ("templates", 5),
    ("debugger", 6),
    ("middleware", 6),
    ("testing", 6),
    ("router", 6),
    ("view", 6),
    ("dev", 7),
    ("run", 7),
    ("site", 8),
];

/// What a module never imports although it is lower, and why.
const NEVER: &[(&str, &[&str], &str)] = &[
    ("http", &["sys"], "every case of it is a unit test"),
    (
        "proxy",
        &["wsgi"],
        "it passes bytes on to a program it does not link",
    ),
    (
        "server",
        &["pages", "forms"],
        "the engine serves any app and explains nothing",
    ),
    (
        "debugger",
        &["server", "net"],
        "it stands around an app, whatever serves it",
    ),
    ("testing", &["server"], "tests of apps open no port"),
    (
        "dev",
        &["wsgi", "request", "response"],
        "it speaks bytes with a child it does not link",
    ),
    ("site", &["proxy"], "there is no child"),
];

/// Words that belong to one place, and that place.
const PLACES: &[(&str, &[&str])] = &[
    ("unsafe ", &["sys/"]),
    ("unsafe{", &["sys/"]),
    ("println!", &[]),
    ("eprint!", &[]),
    ("print!(", &[]),
    ("process::exit", &[]),
    ("process::abort", &[]),
    ("io::stdout", &[]),
    ("io::stderr", &["run/terminal.rs", "wsgi/input.rs", "dev/"]),
];

#[test]
fn a_module_imports_lower_floors_only() {
    let mut wrong = Vec::new();
    for (file, code) in library() {
        let Some((name, floor)) = module_of(&file) else {
            continue;
        };
        for (number, import) in imports(&code) {
            let at = format!("src/{}:{number}", file.display());
            match floor_of(import) {
                None if import == "_pages" => {}
                None => wrong.push(format!(
                    "{at}: crate::{import} is no module; import it by its full path"
                )),
                Some(other) if import != name && other >= floor => wrong.push(format!(
                    "{at}: {name} (floor {floor}) imports {import} (floor {other}); \
                     move what it needs down, or hand it in from above"
                )),
                Some(_) => {}
            }
            for (module, never, why) in NEVER {
                if *module == name && never.contains(&import) {
                    wrong.push(format!("{at}: {name} never imports {import}: {why}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn some_words_stay_in_their_place() {
    let mut wrong = Vec::new();
    for (file, code) in library() {
        for (number, line) in code_lines(&code) {
            for (word, places) in PLACES {
                let file = file.to_string_lossy();
                if line.contains(word) && !places.iter().any(|place| file.starts_with(place)) {
                    wrong.push(format!(
                        "src/{file}:{number}: `{word}` belongs to {places:?}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_map_names_every_module_and_every_path_it_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    for (name, _) in FLOORS {
        assert!(
            map.contains(&format!("`{name}`")),
            "ARCHITECTURE.md does not name `{name}`"
        );
        let module = root.join("src").join(name);
        assert!(
            module.is_dir() || module.with_extension("rs").is_file(),
            "there is no module {name}"
        );
    }
    for page in [
        "ARCHITECTURE.md",
        "README.md",
        "COMPATIBILITY.md",
        "CHANGELOG.md",
    ] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        for path in text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| is_path(word))
        {
            assert!(
                root.join(path).exists(),
                "{page} names `{path}`, which does not exist"
            );
        }
    }
}

/// Whether a word in backticks speaks of a file or folder of this repository.
fn is_path(word: &str) -> bool {
    let tops = ["src/", "tests/", "templates/", "examples/", "docs/", ".ci/"];
    tops.iter().any(|top| word.starts_with(top)) && !word.contains(['*', ' ', '…', 'N'])
}

/// The library's files below `src`, without the command.
fn library() -> Vec<(PathBuf, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("src/bin") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let code = fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(&source).unwrap().to_owned(), code));
            }
        }
    }
    files
}

/// The module a file belongs to; `lib.rs` belongs to none.
fn module_of(file: &Path) -> Option<(&str, u8)> {
    let name = file.iter().next()?.to_str()?.trim_end_matches(".rs");
    floor_of(name).map(|floor| (name, floor))
}

fn floor_of(module: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == module)
        .map(|(_, floor)| *floor)
}

/// Each `crate::name` outside comments, with its line.
fn imports(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code_lines(code).flat_map(|(number, line)| {
        line.match_indices("crate::").map(move |(at, found)| {
            let rest = &line[at + found.len()..];
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
            (number, &rest[..end.unwrap_or(rest.len())])
        })
    })
}

fn code_lines(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = code
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}
