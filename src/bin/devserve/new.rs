use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::args::NewArgs;
use crate::failure::Failure;
use crate::output;

/// The files of a new project, by their place in it. The manifest's and git's have other names
/// here, or cargo and git would take this folder for a package and leave it out of ours.
const FILES: [(&str, &str); 5] = [
    (
        "Cargo.toml",
        include_str!("../../../templates/new/manifest.toml"),
    ),
    (
        ".gitignore",
        include_str!("../../../templates/new/gitignore"),
    ),
    (
        "src/main.rs",
        include_str!("../../../templates/new/main.rs"),
    ),
    (
        "templates/home.html",
        include_str!("../../../templates/new/home.html"),
    ),
    (
        "static/site.css",
        include_str!("../../../templates/new/site.css"),
    ),
];

/// `devserve new`.
pub(crate) fn new(args: &NewArgs) -> Result<(), Failure> {
    let name = package_name(&args.path)?;
    let source = source(args.devserve_path.as_deref())?;
    create_folder(&args.path)?;
    for (place, text) in FILES {
        let path = args.path.join(place);
        let text = match place {
            "Cargo.toml" => text.replace("{name}", name).replace("{source}", &source),
            _ => text.to_owned(),
        };
        write(&path, &text).map_err(|error| unwritable(&path, &error))?;
    }
    let folder = args.path.display();
    output::done(&format!(
        "made {folder}\n\n  cd {folder}\n  devserve run --open"
    ));
    Ok(())
}

/// The name of the package that the folder will hold.
fn package_name(path: &Path) -> Result<&str, Failure> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    match fault(name) {
        None => Ok(name),
        Some(fault) => {
            let help = match mend(name) {
                Some(mended) => format!("try `devserve new {mended}`"),
                None => "give a name such as shop".to_owned(),
            };
            Err(Failure::plain(
                format!("{name:?} is no package name: {fault}"),
                help,
            ))
        }
    }
}

/// What cargo, or the compiler, would have against the name.
fn fault(name: &str) -> Option<&'static str> {
    // Keywords are none of the crate names rustc takes, and the rest would hide a crate that the
    // package itself needs.
    const TAKEN: [&str; 52] = [
        "abstract",
        "alloc",
        "as",
        "async",
        "await",
        "become",
        "box",
        "break",
        "const",
        "continue",
        "core",
        "crate",
        "devserve",
        "do",
        "dyn",
        "else",
        "enum",
        "extern",
        "false",
        "final",
        "fn",
        "for",
        "gen",
        "if",
        "impl",
        "in",
        "let",
        "loop",
        "macro",
        "match",
        "mod",
        "move",
        "mut",
        "override",
        "priv",
        "proc_macro",
        "pub",
        "ref",
        "return",
        "self",
        "static",
        "std",
        "struct",
        "super",
        "test",
        "trait",
        "true",
        "try",
        "type",
        "unsafe",
        "use",
        "where",
    ];
    let Some(first) = name.chars().next() else {
        return Some("it is empty");
    };
    let is_letter = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    match name {
        _ if !first.is_ascii_alphabetic() => Some("it starts with no letter from a to z"),
        _ if !name.chars().all(is_letter) => Some("only a to z, 0 to 9, - and _ may be in it"),
        _ if TAKEN.contains(&name) => Some("it is taken by the language or a crate"),
        _ => None,
    }
}

/// The nearest name that would do.
fn mend(name: &str) -> Option<String> {
    let plain: String = name
        .chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '-'
            }
        })
        .collect();
    let plain = plain.trim_start_matches(|character: char| !character.is_ascii_alphabetic());
    let mended = match plain.trim_end_matches('-').to_ascii_lowercase() {
        taken if taken == name => format!("{taken}-app"),
        other => other,
    };
    (!mended.is_empty() && fault(&mended).is_none()).then_some(mended)
}

/// Where the project finds devserve, as the manifest says it.
///
/// A devserve that was built from a checkout makes projects that depend on that checkout: its
/// version may not be published, and whoever tries a change of it wants that change. One that
/// cargo fetched (it leaves `.cargo-ok` in such folders) is named by its version.
fn source(asked: Option<&Path>) -> Result<String, Failure> {
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_checkout = |path: &Path| path.join("Cargo.toml").is_file();
    let path = match asked {
        Some(path) if !is_checkout(path) => {
            let message = format!("{} has no Cargo.toml", path.display());
            return Err(Failure::plain(
                message,
                "give the folder of a devserve checkout",
            ));
        }
        Some(path) => path
            .canonicalize()
            .map_err(|error| unwritable(path, &error))?,
        None if is_checkout(built_from) && !built_from.join(".cargo-ok").exists() => {
            built_from.to_owned()
        }
        None => return Ok(format!("version = \"{}\"", env!("CARGO_PKG_VERSION"))),
    };
    Ok(format!("path = {}", toml_string(&path)))
}

fn toml_string(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn create_folder(path: &Path) -> Result<(), Failure> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let made = parent
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::create_dir(path));
    made.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::plain(
            format!("{} is there already", path.display()),
            "choose another name, or remove it first",
        ),
        _ => unwritable(path, &error),
    })
}

fn write(path: &PathBuf, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot write {}", path.display());
    let chain = vec![message, error.to_string()];
    Failure {
        chain,
        help: Some("choose a folder that you may write to".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, want: Result<&str, &str>) {
        let found = package_name(Path::new(path));
        let found = found.map_err(|failure| failure.help.unwrap_or_default());
        assert_eq!(found.as_deref().map_err(String::as_str), want);
    }

    #[test]
    fn a_name_is_the_last_part_of_the_path() {
        check("shop", Ok("shop"));
        check("work/my-shop_2", Ok("my-shop_2"));
    }

    #[test]
    fn a_name_that_will_not_do_is_answered_with_one_that_will() {
        check("my shop", Err("try `devserve new my-shop`"));
        check("2shop", Err("try `devserve new shop`"));
        check("caf\u{e9}", Err("try `devserve new caf`"));
        check("match", Err("try `devserve new match-app`"));
        check("test", Err("try `devserve new test-app`"));
        check("42", Err("give a name such as shop"));
        check("..", Err("give a name such as shop"));
    }

    #[test]
    fn a_path_is_written_as_toml_reads_it() {
        assert_eq!(toml_string(Path::new("/a \"b\"")), r#""/a \"b\"""#);
    }
}
