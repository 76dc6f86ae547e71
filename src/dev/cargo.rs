use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::process::Command;

/// The cargo that a cargo which started us names, or the one on the path.
pub(crate) fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Takes away what `cargo run` told *this* program about its own package, so that neither an
/// inner cargo nor the app takes it for theirs. What configures cargo stays.
pub(crate) fn forget_outer_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if is_about_the_package(&name) {
            command.env_remove(name);
        }
    }
}

/// What a command finds that has [forgotten](forget_outer_package) it, as far as it is text.
pub(crate) fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter(|(name, _)| !is_about_the_package(name))
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The variables cargo sets for the crates it compiles and the programs it runs.
fn is_about_the_package(name: &OsStr) -> bool {
    const NAMES: [&str; 9] = [
        "CARGO_BIN_NAME",
        "CARGO_CRATE_NAME",
        "CARGO_MAKEFLAGS",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_LINKS",
        "CARGO_MANIFEST_PATH",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_TMPDIR",
        "OUT_DIR",
    ];
    const PREFIXES: [&str; 3] = ["CARGO_PKG_", "CARGO_BIN_EXE_", "CARGO_FEATURE_"];
    let name = name.to_string_lossy();
    NAMES.contains(&&*name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, want: bool) {
        assert_eq!(is_about_the_package(OsStr::new(name)), want, "{name}");
    }

    #[test]
    fn what_describes_a_package_is_forgotten_and_what_configures_cargo_is_kept() {
        check("CARGO_MANIFEST_DIR", true);
        check("CARGO_PKG_VERSION", true);
        check("CARGO_BIN_EXE_devserve", true);
        check("CARGO", false);
        check("CARGO_HOME", false);
        check("CARGO_TARGET_DIR", false);
        check("CARGO_BUILD_JOBS", false);
        check("RUSTFLAGS", false);
        check("RUSTUP_TOOLCHAIN", false);
    }
}
