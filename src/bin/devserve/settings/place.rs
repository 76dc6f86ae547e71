use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::settings::file::{Mistake, Source};

/// The file of its own.
const FILE: &str = "devserve.toml";
const MANIFEST: &str = "Cargo.toml";
/// Where settings are in a manifest.
const OF_PACKAGE: &[&str] = &["package", "metadata", "devserve"];
const OF_WORKSPACE: &[&str] = &["workspace", "metadata", "devserve"];

/// A file that should be read cannot be.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", .path.display())]
pub(crate) struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

/// The file at `path`, which was asked for: a manifest where it is called so.
pub(super) fn named(path: &Path) -> Result<Source, Unreadable> {
    let text = read(path)?;
    let table = match path.ends_with(MANIFEST) {
        true if has_table(&text, OF_PACKAGE) => OF_PACKAGE,
        true => OF_WORKSPACE,
        false => &[],
    };
    Ok(Source {
        path: path.to_owned(),
        text,
        table,
    })
}

/// The settings for what is at `start`: those next to it, from there up to the package's folder,
/// or else those in the root of its workspace. Outside of packages only its own folder counts.
///
/// In one folder, `devserve.toml` goes before `Cargo.toml`. Nothing is looked up twice, and cargo
/// is not asked: it would take longer than all the rest.
pub(super) fn search(start: &Path) -> Result<Option<Source>, Unreadable> {
    let given = match start.as_os_str().is_empty() {
        true => Path::new("."),
        false => start,
    };
    // One that is not there is somebody else's to complain about.
    let Ok(start) = given.canonicalize() else {
        return Ok(None);
    };
    let folder = match start.is_dir() {
        true => start.as_path(),
        false => start.parent().unwrap_or(&start),
    };
    let is_package = |folder: &&Path| folder.join(MANIFEST).is_file();
    let Some(package) = folder.ancestors().find(is_package) else {
        return in_folder(folder);
    };
    for between in folder.ancestors() {
        if let Some(found) = in_folder(between)? {
            return Ok(Some(found));
        }
        if between == package {
            break;
        }
    }
    for above in package.ancestors() {
        let manifest = above.join(MANIFEST);
        if manifest.is_file() && has_table(&read(&manifest)?, &["workspace"]) {
            return in_folder(above);
        }
    }
    Ok(None)
}

fn in_folder(folder: &Path) -> Result<Option<Source>, Unreadable> {
    let path = folder.join(FILE);
    if path.is_file() {
        return named(&path).map(Some);
    }
    let path = folder.join(MANIFEST);
    if !path.is_file() {
        return Ok(None);
    }
    let text = read(&path)?;
    let tables = [OF_PACKAGE, OF_WORKSPACE];
    let table = tables.into_iter().find(|table| has_table(&text, table));
    Ok(table.map(|table| Source { path, text, table }))
}

fn read(path: &Path) -> Result<String, Unreadable> {
    fs::read_to_string(path).map_err(|source| Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// Whether `text` has this table. What is no TOML has none: cargo says so better.
fn has_table(text: &str, table: &[&str]) -> bool {
    let Ok(document) = DeTable::parse(text) else {
        return false;
    };
    let mut at = document.get_ref();
    table.iter().all(|name| {
        let inner = at.get(*name).and_then(|value| value.get_ref().as_table());
        inner.is_some_and(|inner| {
            at = inner;
            true
        })
    })
}

/// Not read: why.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error(transparent)]
    Mistake(#[from] Mistake),
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "[package]\nname = 'shop'\n";
    const SET: &str = "[package]\nname = 'shop'\nmetadata.devserve.port = 1\n";
    const ROOT: &str = "[workspace]\nmembers = ['shop']\n";
    const SET_ROOT: &str = "[workspace]\n[workspace.metadata.devserve]\nport = 1\n";

    #[track_caller]
    fn check(files: &[(&str, &str)], start: &str, want: Option<&str>) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = search(&root.join(start)).unwrap();
        let found = found.map(|source| {
            let path = source.path.strip_prefix(&root).unwrap().to_owned();
            format!("{} {}", path.display(), source.table.join("."))
        });
        assert_eq!(found.as_deref().map(str::trim), want);
    }

    #[test]
    fn settings_are_beside_the_package_or_in_its_workspace() {
        let own = ("shop/Cargo.toml", OWN);
        let root = ("Cargo.toml", ROOT);
        check(&[own], "shop", None);
        check(
            &[own, ("shop/devserve.toml", "")],
            "shop",
            Some("shop/devserve.toml"),
        );
        let deep = ("shop/src/main.rs", "");
        let in_package = ("shop/devserve.toml", "");
        check(
            &[own, deep, in_package],
            "shop/src/main.rs",
            Some("shop/devserve.toml"),
        );
        let set = ("shop/Cargo.toml", SET);
        check(
            &[set],
            "shop",
            Some("shop/Cargo.toml package.metadata.devserve"),
        );
        check(&[set, in_package], "shop", Some("shop/devserve.toml"));
        check(
            &[own, root, ("devserve.toml", "")],
            "shop",
            Some("devserve.toml"),
        );
        let set_root = ("Cargo.toml", SET_ROOT);
        check(
            &[own, set_root],
            "shop",
            Some("Cargo.toml workspace.metadata.devserve"),
        );
        check(
            &[set, set_root],
            "shop",
            Some("shop/Cargo.toml package.metadata.devserve"),
        );
        // Above the package, and of no workspace: somebody else's.
        check(&[own, ("devserve.toml", "")], "shop", None);
        check(&[("devserve.toml", "")], "", Some("devserve.toml"));
        check(&[("devserve.toml", ""), ("a/b.py", "")], "a", None);
        check(&[], "nowhere", None);
    }
}
