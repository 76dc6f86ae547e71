use std::fmt;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package, Target, TargetKind};

use crate::dev::cargo;

/// The name of our package, in whatever words another renames it.
const DEVSERVE: &str = "devserve";

/// Which program of which package the user means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// A folder or file inside the package, or its `Cargo.toml`; empty for the current folder.
    /// The source of a program, or its folder, names that program too.
    pub path: PathBuf,
    /// The package of a workspace.
    pub package: Option<String>,
    /// The program; `None` for the one the path names, or the package's only or default one.
    pub program: Option<Program>,
    /// The profile to build with; `None` for cargo's own choice.
    pub profile: Option<String>,
    /// The features to build with.
    pub features: Features,
}

/// Features of a package, as cargo's flags name them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// `--features`: names, or several in one, with commas or spaces between them.
    pub named: Vec<String>,
    /// `--all-features`.
    pub all: bool,
    /// `--no-default-features`.
    pub no_default: bool,
}

/// A program of a package, as cargo's flags name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// `--bin NAME`.
    Bin(String),
    /// `--example NAME`.
    Example(String),
}

/// What is built and watched.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) package: String,
    pub(crate) program: Program,
    pub(crate) profile: Option<String>,
    pub(crate) features: Features,
    /// Whether the package, or one it has by its path, depends on devserve: then its programs
    /// take the socket that devserve hands over.
    pub(crate) links_devserve: bool,
    /// The folder of the package's `Cargo.toml`.
    pub(crate) package_dir: PathBuf,
    pub(crate) workspace_root: PathBuf,
    pub(crate) target_dir: PathBuf,
    /// Where cargo keeps what no one else needs: the same folder, or `build.build-dir`.
    pub(crate) build_dir: PathBuf,
    /// The folders to watch: the package's, and those of the path dependencies it has, as far
    /// as manifests of the workspace tell. The first build tells the rest.
    pub(crate) source_dirs: Vec<PathBuf>,
}

impl Project {
    /// Asks cargo where the program that `choice` means is.
    pub(crate) fn find(choice: &Choice) -> Result<Self, ProjectError> {
        let manifest = find_manifest(&choice.path)?;
        let metadata = read_metadata(&manifest)?;
        let package = find_package(&metadata, &manifest, choice.package.as_deref())?;
        let named = named_by_path(package, &choice.path);
        let program = find_program(package, choice.program.as_ref().or(named.as_ref()))?;
        let build_dir = metadata.build_directory.as_ref();
        let build_dir = build_dir.unwrap_or(&metadata.target_directory);
        let source_dirs = source_dirs(&metadata, package);
        Ok(Self {
            package: package.name.to_string(),
            program,
            links_devserve: links_devserve(&metadata, &source_dirs),
            profile: choice.profile.clone(),
            features: choice.features.clone(),
            package_dir: dir_of(package),
            workspace_root: metadata.workspace_root.clone().into(),
            target_dir: metadata.target_directory.clone().into(),
            build_dir: build_dir.clone().into(),
            source_dirs,
        })
    }

    /// Whether cargo's profile for development is used.
    pub(crate) fn is_for_development(&self) -> bool {
        self.profile.as_deref().is_none_or(|name| name == "dev")
    }

    /// What says how to build, for cargo.
    pub(crate) fn flags(&self) -> Vec<String> {
        let profile = self.profile.iter().map(|name| format!("--profile={name}"));
        let named = self.features.named.iter();
        let named = named.map(|names| format!("--features={names}"));
        let all = self.features.all.then(|| "--all-features".to_owned());
        let none = self.features.no_default;
        let none = none.then(|| "--no-default-features".to_owned());
        profile.chain(named).chain(all).chain(none).collect()
    }

    /// The target as the terminal names it: `shop`, `example guestbook`.
    pub(crate) fn title(&self) -> String {
        self.program.to_string()
    }

    /// `path` as one would name it inside the package or the workspace.
    pub(crate) fn relative(&self, path: &Path) -> PathBuf {
        let inside = path
            .strip_prefix(&self.package_dir)
            .or_else(|_| path.strip_prefix(&self.workspace_root));
        inside.unwrap_or(path).to_owned()
    }
}

impl Program {
    /// The name, without the flag.
    pub fn name(&self) -> &str {
        match self {
            Self::Bin(name) | Self::Example(name) => name,
        }
    }

    /// The flag and its value, for cargo.
    pub(crate) fn flag(&self) -> [&str; 2] {
        match self {
            Self::Bin(name) => ["--bin", name],
            Self::Example(name) => ["--example", name],
        }
    }

    pub(crate) fn is(&self, target: &Target) -> bool {
        let kind = match self {
            Self::Bin(_) => TargetKind::Bin,
            Self::Example(_) => TargetKind::Example,
        };
        target.name == self.name() && target.is_kind(kind)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bin(name) => f.write_str(name),
            Self::Example(name) => write!(f, "example {name}"),
        }
    }
}

/// The `Cargo.toml` at `path`, or the next one above it.
fn find_manifest(path: &Path) -> Result<PathBuf, ProjectError> {
    let given = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let unreadable = |source| ProjectError::Unreadable {
        path: given.to_owned(),
        source,
    };
    let absolute = given.canonicalize().map_err(unreadable)?;
    absolute
        .ancestors()
        .map(|above| match above.file_name() {
            Some(name) if name == "Cargo.toml" => above.to_owned(),
            _ => above.join("Cargo.toml"),
        })
        .find(|manifest| manifest.is_file())
        .ok_or(ProjectError::NotCargo { path: absolute })
}

fn read_metadata(manifest: &Path) -> Result<Metadata, ProjectError> {
    let failed = |source| ProjectError::Metadata {
        manifest: manifest.to_owned(),
        source,
    };
    let mut command = MetadataCommand::new()
        .cargo_path(cargo::program())
        .manifest_path(manifest)
        // As for a build: the configuration beside the package is what counts.
        .current_dir(manifest.parent().unwrap_or(Path::new("/")))
        .no_deps()
        .cargo_command();
    cargo::forget_outer_package(&mut command);
    let output = command
        .output()
        .map_err(|source| ProjectError::NoCargo { source })?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(failed(cargo_metadata::Error::CargoMetadata { stderr }));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    MetadataCommand::parse(text).map_err(failed)
}

fn find_package<'a>(
    metadata: &'a Metadata,
    manifest: &Path,
    wanted: Option<&str>,
) -> Result<&'a Package, ProjectError> {
    let members = metadata.workspace_packages();
    let names = |packages: &[&Package]| packages.iter().map(|p| p.name.to_string()).collect();
    if let Some(wanted) = wanted {
        return members
            .iter()
            .find(|package| package.name.as_str() == wanted)
            .copied()
            .ok_or_else(|| ProjectError::NoPackage {
                wanted: wanted.to_owned(),
                existing: names(&members),
            });
    }
    if let Some(package) = members
        .iter()
        .find(|package| package.manifest_path == manifest)
    {
        return Ok(package);
    }
    // The root of a workspace without a package of its own.
    let runnable: Vec<&Package> = metadata
        .workspace_default_packages()
        .into_iter()
        .filter(|package| {
            package
                .targets
                .iter()
                .any(|target| target.is_kind(TargetKind::Bin))
        })
        .collect();
    match runnable.as_slice() {
        [package] => Ok(package),
        [] => Err(ProjectError::NoBinary {
            package: "the workspace".to_owned(),
            examples: vec![],
        }),
        many => Err(ProjectError::ManyPackages {
            packages: names(many),
        }),
    }
}

/// The program whose source the path is, or whose folder: `examples/hello.rs`, `examples/shop`.
fn named_by_path(package: &Package, path: &Path) -> Option<Program> {
    // An empty path is the package, and one that is not there was refused before.
    let path = path.canonicalize().ok()?;
    let is_named = |target: &&Target| {
        let source: &Path = target.src_path.as_ref();
        let is_its_folder = source.ends_with("main.rs") && source.parent() == Some(&path);
        source == path || is_its_folder && path != dir_of(package).join("src")
    };
    let target = package.targets.iter().find(is_named)?;
    let name = target.name.clone();
    match (target.is_bin(), target.is_example()) {
        (true, _) => Some(Program::Bin(name)),
        (_, true) => Some(Program::Example(name)),
        _ => None,
    }
}

fn find_program(package: &Package, wanted: Option<&Program>) -> Result<Program, ProjectError> {
    let of_kind = |kind: TargetKind| -> Vec<String> {
        let targets = package
            .targets
            .iter()
            .filter(|target| target.is_kind(kind.clone()));
        targets.map(|target| target.name.clone()).collect()
    };
    let (bins, examples) = (of_kind(TargetKind::Bin), of_kind(TargetKind::Example));
    let package_name = || package.name.to_string();
    match wanted {
        Some(Program::Bin(name)) if !bins.contains(name) => {
            let wanted = name.clone();
            Err(ProjectError::NoSuchBin {
                wanted,
                package: package_name(),
                existing: bins,
            })
        }
        Some(Program::Example(name)) if !examples.contains(name) => {
            let wanted = name.clone();
            Err(ProjectError::NoSuchExample {
                wanted,
                package: package_name(),
                existing: examples,
            })
        }
        Some(program) => Ok(program.clone()),
        None => match (bins.as_slice(), &package.default_run) {
            (_, Some(default)) => Ok(Program::Bin(default.clone())),
            ([name], None) => Ok(Program::Bin(name.clone())),
            ([], None) => Err(ProjectError::NoBinary {
                package: package_name(),
                examples,
            }),
            (_, None) => Err(ProjectError::ManyBins {
                package: package_name(),
                bins,
            }),
        },
    }
}

/// The package's folder and those of its path dependencies, theirs, and so on. cargo tells the
/// dependencies of the workspace's members only, which is where almost all of them are.
fn source_dirs(metadata: &Metadata, package: &Package) -> Vec<PathBuf> {
    let mut dirs = vec![dir_of(package)];
    let mut next = 0;
    while let Some(dir) = dirs.get(next).cloned() {
        next += 1;
        let Some(member) = metadata
            .packages
            .iter()
            .find(|member| dir_of(member) == dir)
        else {
            continue;
        };
        for path in member
            .dependencies
            .iter()
            .filter_map(|dependency| dependency.path.as_ref())
        {
            let path = PathBuf::from(path.clone());
            if !dirs.contains(&path) {
                dirs.push(path);
            }
        }
    }
    dirs
}

/// Whether a package in one of these folders is devserve, or depends on it.
fn links_devserve(metadata: &Metadata, dirs: &[PathBuf]) -> bool {
    let members = metadata.packages.iter();
    members
        .filter(|member| dirs.contains(&dir_of(member)))
        .any(|member| {
            let mut needed = member.dependencies.iter();
            member.name.as_str() == DEVSERVE || needed.any(|needed| needed.name == DEVSERVE)
        })
}

fn dir_of(package: &Package) -> PathBuf {
    let manifest: &Path = package.manifest_path.as_ref();
    manifest.parent().map(Path::to_owned).unwrap_or_default()
}

/// Why there is nothing to build.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// The path does not exist, or may not be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// As given.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// No `Cargo.toml` there or above.
    #[error("{} is not inside a cargo package", .path.display())]
    NotCargo {
        /// Where the search began.
        path: PathBuf,
    },
    /// There is no cargo.
    #[error("cannot start cargo")]
    NoCargo {
        /// The system's reason.
        source: std::io::Error,
    },
    /// cargo does not understand the manifest.
    #[error("cargo cannot read {}", .manifest.display())]
    Metadata {
        /// The manifest.
        manifest: PathBuf,
        /// cargo's reason.
        source: cargo_metadata::Error,
    },
    /// The workspace has no such member.
    #[error("no package is called {wanted}")]
    NoPackage {
        /// As asked.
        wanted: String,
        /// Those there are.
        existing: Vec<String>,
    },
    /// More than one package could be meant.
    #[error("the workspace has {} packages with a program", .packages.len())]
    ManyPackages {
        /// Their names.
        packages: Vec<String>,
    },
    /// No such binary.
    #[error("{package} has no binary called {wanted}")]
    NoSuchBin {
        /// As asked.
        wanted: String,
        /// Where.
        package: String,
        /// Those there are.
        existing: Vec<String>,
    },
    /// No such example.
    #[error("{package} has no example called {wanted}")]
    NoSuchExample {
        /// As asked.
        wanted: String,
        /// Where.
        package: String,
        /// Those there are.
        existing: Vec<String>,
    },
    /// More than one binary could be meant.
    #[error("{package} has {} binaries", .bins.len())]
    ManyBins {
        /// Where.
        package: String,
        /// Their names.
        bins: Vec<String>,
    },
    /// A library alone cannot be run.
    #[error("{package} has no binary to run")]
    NoBinary {
        /// Where.
        package: String,
        /// Examples it has instead.
        examples: Vec<String>,
    },
}

impl ProjectError {
    /// What the person at the keyboard can do, in one line.
    pub fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } => "give the path of a cargo package".to_owned(),
            Self::NotCargo { .. } => {
                "go to a cargo package, give its path, make one with `devserve new NAME`, or use \
                 --command"
                    .to_owned()
            }
            Self::NoCargo { .. } => "install Rust from https://rustup.rs".to_owned(),
            Self::Metadata { .. } => "mend the manifest".to_owned(),
            Self::NoPackage { existing, .. } => format!("there is {}", list(existing)),
            Self::ManyPackages { packages } => {
                format!("choose with --package: {}", list(packages))
            }
            Self::NoSuchBin { existing, .. } if existing.is_empty() => {
                "it has none: add src/main.rs".to_owned()
            }
            Self::NoSuchExample { existing, .. } if existing.is_empty() => {
                "it has none: add one to examples/".to_owned()
            }
            Self::NoSuchBin { existing, .. } | Self::NoSuchExample { existing, .. } => {
                format!("there is {}", list(existing))
            }
            Self::ManyBins { bins, .. } => {
                format!(
                    "choose with --bin: {}; or set default-run in Cargo.toml",
                    list(bins)
                )
            }
            Self::NoBinary { examples, .. } if examples.is_empty() => {
                "add src/main.rs with a call to devserve::run, or any other server".to_owned()
            }
            Self::NoBinary { examples, .. } => {
                format!(
                    "add src/main.rs, or choose with --example: {}",
                    list(examples)
                )
            }
        }
    }
}

fn list(names: &[String]) -> String {
    names.join(", ")
}

#[cfg(test)]
mod tests;
