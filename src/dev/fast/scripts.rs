use std::path::{Path, PathBuf};

use crate::dev::build_script::instructions;

/// The files and folders at whose change a build script of the package in `folder` runs again,
/// where `output` is what the script printed. One that names none reads the whole package.
pub(crate) fn watched(output: &str, folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut is_silent = true;
    for instruction in instructions(output) {
        if let Some(path) = instruction.strip_prefix("rerun-if-changed=") {
            paths.push(folder.join(path));
            is_silent = false;
        } else if instruction.starts_with("rerun-if-env-changed=") {
            is_silent = false;
        }
    }
    if is_silent {
        paths.push(folder.to_owned());
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, want: &[&str]) {
        let want: Vec<PathBuf> = want.iter().map(PathBuf::from).collect();
        assert_eq!(watched(output, Path::new("/shop")), want);
    }

    #[test]
    fn a_script_runs_again_for_what_it_names_or_for_everything() {
        check("cargo:rerun-if-changed=build.rs\n", &["/shop/build.rs"]);
        check(
            "cargo::rerun-if-changed=/etc/shop\ncargo::rustc-cfg=big\ncargo::rerun-if-changed=src",
            &["/etc/shop", "/shop/src"],
        );
        check("cargo::rerun-if-env-changed=SHOP\n", &[]);
        check("cargo::rustc-cfg=big\n", &["/shop"]);
        check("", &["/shop"]);
    }
}
