use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Artifact, BuildScript, PackageId, TargetKind};

/// The build scripts that ran for a build, or would have, as cargo's messages tell of them.
///
/// What a script asks to be watched is in the program's dep-info. A script that asks for nothing
/// is not in there: cargo runs it again whenever any file of its package changes.
#[derive(Debug, Default)]
pub(crate) struct BuildScripts {
    // The folders of packages on this machine's disk that have a script.
    packages: HashMap<PackageId, PathBuf>,
    // Where the scripts' words are kept.
    outputs: Vec<(PackageId, PathBuf)>,
}

impl BuildScripts {
    /// Takes note of a program, if it is a build script that somebody here may change.
    pub(crate) fn compiled(&mut self, artifact: &Artifact) {
        let is_here = artifact.package_id.repr.starts_with("path+");
        if is_here && artifact.target.is_kind(TargetKind::CustomBuild) {
            let manifest: &Path = artifact.manifest_path.as_ref();
            let folder = manifest.parent().unwrap_or(manifest);
            self.packages
                .insert(artifact.package_id.clone(), folder.to_owned());
        }
    }

    /// Takes note of a run.
    pub(crate) fn executed(&mut self, script: &BuildScript) {
        let out_dir: &Path = script.out_dir.as_ref();
        let output = out_dir.with_file_name("output");
        self.outputs.push((script.package_id.clone(), output));
    }

    /// The folders of packages whose script does not say what it reads.
    pub(crate) fn silent_packages(&self) -> Vec<PathBuf> {
        let mut silent = Vec::new();
        for (package, output) in &self.outputs {
            let Some(folder) = self.packages.get(package) else {
                continue;
            };
            match fs::read_to_string(output) {
                Ok(words) if is_silent(&words) => silent.push(folder.clone()),
                Ok(_) => {}
                // Where cargo keeps it is cargo's own affair. Sources are known without it.
                Err(error) => log::debug!("cannot read {}: {error}", output.display()),
            }
        }
        silent
    }
}

/// Whether a build script asked for nothing to be watched, neither file nor variable.
fn is_silent(output: &str) -> bool {
    !instructions(output).any(|instruction| instruction.starts_with("rerun-if-"))
}

/// What a build script told cargo, in either of the two ways to say so, among what it printed.
pub(crate) fn instructions(output: &str) -> impl Iterator<Item = &str> {
    output.lines().filter_map(|line| {
        line.strip_prefix("cargo::")
            .or_else(|| line.strip_prefix("cargo:"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_speaks_when_it_names_a_file_or_a_variable() {
        for (output, want) in [
            ("", true),
            ("cargo:rustc-env=VERSION=1\nhello\n", true),
            ("hello\ncargo:rerun-if-changed=words.txt\n", false),
            ("cargo::rerun-if-changed=words.txt\n", false),
            ("cargo:rerun-if-env-changed=CC\n", false),
            ("not cargo:rerun-if-changed=words.txt\n", true),
        ] {
            assert_eq!(is_silent(output), want, "{output:?}");
        }
    }
}
