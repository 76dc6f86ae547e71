use std::collections::HashSet;
use std::env;
use std::path::{Path, PathBuf};

/// What cargo and rustup read besides sources, for a build whose sources are in `folders`, run in
/// the first of them: manifests, build scripts, and settings of the folder and of all above it.
///
/// Many are not there: their coming counts.
pub(crate) fn manifests<'a>(folders: impl IntoIterator<Item = &'a Path>) -> HashSet<PathBuf> {
    let mut found = HashSet::new();
    let mut seen = HashSet::new();
    let mut folders = folders.into_iter().peekable();
    let first = folders.peek().copied();
    for folder in folders {
        // A package may be in any workspace above it.
        let above = folder.ancestors();
        for above in above.take_while(|above| seen.insert(above.to_path_buf())) {
            let manifest = above.join("Cargo.toml");
            if manifest.is_file() {
                found.insert(above.join("build.rs"));
                found.insert(manifest);
            }
        }
    }
    for above in first.into_iter().flat_map(Path::ancestors) {
        found.extend(SETTINGS.map(|name| above.join(name)));
    }
    let home = |variable: &str, folder: &str| {
        let default = || Some(env::home_dir()?.join(folder));
        env::var_os(variable).map(PathBuf::from).or_else(default)
    };
    if let Some(cargo) = home("CARGO_HOME", ".cargo") {
        found.insert(cargo.join("config.toml"));
        found.insert(cargo.join("config"));
    }
    if let Some(rustup) = home("RUSTUP_HOME", ".rustup") {
        found.insert(rustup.join("settings.toml"));
    }
    found
}

/// What is looked for in the folder of a build and in all above it.
const SETTINGS: [&str; 4] = [
    ".cargo/config.toml",
    ".cargo/config",
    "rust-toolchain.toml",
    "rust-toolchain",
];

/// Whether a file's name alone says that cargo or rustup reads it.
pub(crate) fn is_manifest(path: &Path) -> bool {
    let names = ["Cargo.toml", "Cargo.lock"].iter().chain(&SETTINGS);
    names.into_iter().any(|name| path.ends_with(name))
}

/// Whether a file of this name holds variables for the app's environment: `.env`, `.env.local`,
/// but no example of one.
pub(crate) fn is_environment(path: &Path) -> bool {
    const EXAMPLES: [&str; 4] = ["example", "sample", "template", "dist"];
    let name = path.file_name().map(|name| name.to_string_lossy());
    match name.as_deref().and_then(|name| name.strip_prefix(".env")) {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix('.')
            .is_some_and(|kind| !EXAMPLES.contains(&kind)),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn manifests_of_all_workspaces_above_count_and_settings_of_all_folders_above() {
        let dir = tempfile::tempdir().unwrap();
        let path = |path: &str| dir.path().join(path);
        for manifest in [
            "ws/Cargo.toml",
            "ws/crates/shop/Cargo.toml",
            "base/Cargo.toml",
        ] {
            fs::create_dir_all(path(manifest).parent().unwrap()).unwrap();
            fs::write(path(manifest), "").unwrap();
        }
        let folders = [
            path("ws/crates/shop"),
            path("ws/crates/shop/src"),
            path("base/src"),
        ];
        let found = manifests(folders.iter().map(PathBuf::as_path));
        for want in [
            "ws/Cargo.toml",
            "ws/crates/shop/Cargo.toml",
            "ws/crates/shop/build.rs",
            "base/Cargo.toml",
            "base/build.rs",
            "ws/crates/shop/.cargo/config.toml",
            "ws/crates/.cargo/config",
            ".cargo/config.toml",
            "ws/rust-toolchain.toml",
            "rust-toolchain",
        ] {
            assert!(found.contains(&path(want)), "{want}");
        }
        for not in ["ws/crates/Cargo.toml", "base/.cargo/config.toml"] {
            assert!(!found.contains(&path(not)), "{not}");
        }
    }

    #[test]
    fn manifests_and_environments_are_known_by_their_names() {
        for (name, want) in [
            ("Cargo.toml", true),
            ("x/Cargo.lock", true),
            (".cargo/config.toml", true),
            ("config.toml", false),
            ("rust-toolchain", true),
            ("shop.toml", false),
        ] {
            assert_eq!(is_manifest(&Path::new("/shop").join(name)), want, "{name}");
        }
        for (name, want) in [
            (".env", true),
            (".env.local", true),
            (".env.example", false),
            (".envrc", false),
            ("shop.env", false),
        ] {
            assert_eq!(
                is_environment(&Path::new("/shop").join(name)),
                want,
                "{name}"
            );
        }
    }
}
