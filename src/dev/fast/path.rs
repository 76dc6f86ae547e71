use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::dev::cargo;
use crate::dev::dep_info::DepInfo;
use crate::dev::fast::call::{Call, Environment};
use crate::dev::fast::doubt::{self, Doubt, Facts, Library, Link};
use crate::dev::fast::marks::Marks;
use crate::dev::fast::primer::{Order, Primer, command, renew_dir};
use crate::dev::fast::scripts;
use crate::dev::fast::stand_in::{
    CALLS, COMPILER, ENVIRONMENT, LINKER, PLAN, Plan, REAL_LINKER, Thin, is_plain, write_whole,
};
use crate::dev::guard::Guard;
use crate::dev::inputs::straight;
use crate::dev::project::Project;

/// The way from a save to a program that passes cargo by.
///
/// It has a folder of its own in the target folder, so nothing that cargo made is touched: for
/// cargo the sources have changed and its program is old, and a later build by cargo is as right
/// as ever. cargo keeps what it builds through the compiler's stand-in apart from what it builds
/// without, so the user's own `cargo build` and ours do not undo each other.
#[derive(Debug)]
pub(crate) struct FastPath {
    project: Arc<Project>,
    stand_in: PathBuf,
    folder: PathBuf,
    // Held to the end: two of us would write the same files.
    _lock: File,
    outer: Environment,
    primer: Primer,
    known: Option<Known>,
    // What cargo reads besides sources, as it was before its last run.
    before: Marks,
    // Files that have changed since the last good build.
    unbuilt: BTreeSet<PathBuf>,
}

/// What the last good build by cargo told.
#[derive(Debug)]
struct Known {
    call: Call,
    /// The program's folder.
    home: PathBuf,
    /// The sources of the program's own crate; a build without cargo renews them.
    own: HashSet<PathBuf>,
    asked: Vec<(String, Option<String>)>,
    others: HashSet<PathBuf>,
    /// Everything that the app is made of, according to cargo.
    all: HashSet<PathBuf>,
    kept: BTreeSet<String>,
    surroundings: Marks,
}

/// A part of the app that is not the program's own crate, and whose source is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A library, a macro or the program of a build script.
    Crate {
        /// What the compiler made.
        files: Vec<PathBuf>,
        /// Its package.
        package_dir: PathBuf,
    },
    /// The run of a build script.
    Script {
        /// Where it puts its files.
        out_dir: PathBuf,
        /// Its package.
        package_dir: PathBuf,
    },
}

/// A good build by cargo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome<'a> {
    pub(crate) executable: &'a Path,
    pub(crate) units: &'a [Unit],
    pub(crate) inputs: &'a HashSet<PathBuf>,
}

/// A good build without cargo.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) executable: PathBuf,
    /// Everything that the app is made of now.
    pub(crate) inputs: HashSet<PathBuf>,
}

impl FastPath {
    /// The fast path for `project`, if there can be one; `stand_in` is a program that calls
    /// [`stand_in`](crate::dev::stand_in). Another devserve may have it for this target folder.
    pub(crate) fn open(
        project: Arc<Project>,
        stand_in: PathBuf,
        guard: Arc<Guard>,
    ) -> Option<Self> {
        if !cfg!(target_os = "linux") || !project.is_for_development() {
            return None;
        }
        let folder = project.target_dir.join("devserve");
        let opened = Self::open_in(&folder, guard);
        let (lock, primer) = opened
            .inspect_err(|error| log::debug!("no fast path: {}: {error}", folder.display()))
            .ok()?;
        Some(Self {
            project,
            stand_in,
            folder,
            _lock: lock,
            outer: cargo::environment(),
            primer,
            known: None,
            before: Marks::default(),
            unbuilt: BTreeSet::new(),
        })
    }

    fn open_in(folder: &Path, guard: Arc<Guard>) -> io::Result<(File, Primer)> {
        if !is_plain(folder) {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        fs::create_dir_all(folder.join(CALLS))?;
        let lock = File::create(folder.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::other("another devserve uses it"),
            TryLockError::Error(error) => error,
        })?;
        Ok((lock, Primer::start(guard)?))
    }

    /// Takes note of files whose change is to be built.
    pub(crate) fn note_changes(&mut self, changed: &[PathBuf]) {
        self.unbuilt.extend(changed.iter().cloned());
    }

    /// Has the cargo that `command` starts show how the program is made.
    pub(crate) fn watch_cargo(&mut self, command: &mut Command) {
        self.before = Marks::of(self.settings().into_iter().chain(self.lock_files()));
        match self.prepare() {
            Ok(Some(compiler)) => {
                command.env("RUSTC_WORKSPACE_WRAPPER", compiler);
            }
            Ok(None) => log::debug!("no fast path: there is a compiler's wrapper already"),
            Err(error) => log::debug!("no fast path: {}: {error}", self.folder.display()),
        }
    }

    /// Puts the compiler's stand-in in its place, unless the user has one there.
    fn prepare(&self) -> io::Result<Option<PathBuf>> {
        const WRAPPERS: [&str; 4] = [
            "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
            "CARGO_BUILD_RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC_WRAPPER",
        ];
        let is_set = |name: &str| self.outer.get(name).is_some_and(|value| !value.is_empty());
        let sets_one = |path: &PathBuf| {
            // Most are not there.
            let text = fs::read_to_string(path).unwrap_or_default();
            text.contains("rustc-wrapper") || text.contains("rustc-workspace-wrapper")
        };
        if WRAPPERS.iter().any(|name| is_set(name)) || self.settings().iter().any(sets_one) {
            return Ok(None);
        }
        // A stand-in that has been replaced since would do; one that is gone would stop cargo.
        fs::metadata(&self.stand_in)?;
        fs::create_dir_all(self.folder.join(CALLS))?;
        let environment = serde_json::to_vec(&self.outer).map_err(io::Error::from)?;
        write_whole(&self.folder.join(ENVIRONMENT), &environment)?;
        let compiler = self.folder.join(COMPILER);
        place_link(&self.stand_in, &compiler)?;
        Ok(Some(compiler))
    }

    /// Learns from a good build by cargo.
    pub(crate) fn learn(&mut self, outcome: Outcome<'_>) {
        self.unbuilt.clear();
        self.known = match self.examine(outcome) {
            Ok(known) => Some(known),
            Err(error) => {
                log::debug!("no fast path: {error}");
                None
            }
        };
    }

    fn examine(&self, outcome: Outcome<'_>) -> io::Result<Known> {
        let call = self.find_call(outcome.executable)?;
        let stem = call.stem().ok_or(io::ErrorKind::InvalidData)?;
        let out_dir = call.out_dir().ok_or(io::ErrorKind::InvalidData)?;
        let dep_info = DepInfo::read(&out_dir.join(format!("{stem}.d")), &call.dir)?;
        let mut others = HashSet::new();
        let mut kept = BTreeSet::new();
        for unit in outcome.units {
            match unit {
                Unit::Crate { files, package_dir } => {
                    let archives = files.iter().filter(|file| has_extension(file, "rlib"));
                    kept.extend(archives.map(|file| file.display().to_string()));
                    for rule in rules_of(files)? {
                        others.extend(self.sources(&DepInfo::parse(&rule), package_dir));
                    }
                }
                Unit::Script {
                    out_dir,
                    package_dir,
                } => {
                    let output = out_dir.with_file_name("output");
                    let output = String::from_utf8_lossy(&fs::read(output)?).into_owned();
                    others.extend(scripts::watched(&output, package_dir));
                }
            }
        }
        let externs = call.externs().map(Path::to_owned);
        let tools = [call.rustc.clone()].into_iter().chain(self.linkers());
        let later = externs.chain(tools).chain(self.lock_files());
        let surroundings = self.before.clone().and(Marks::of(later));
        let home = self.folder.join(&stem);
        fs::create_dir_all(&home)?;
        self.remove_other_homes(&stem)?;
        Ok(Known {
            own: dep_info.inputs.into_iter().map(straight).collect(),
            asked: dep_info.env,
            others,
            all: outcome.inputs.clone(),
            kept,
            surroundings,
            home,
            call,
        })
    }

    /// The call that made `executable`: cargo links it from where the compiler put it.
    fn find_call(&self, executable: &Path) -> io::Result<Call> {
        let made = fs::metadata(executable)?;
        for entry in fs::read_dir(self.folder.join(CALLS))? {
            let path = entry?.path();
            let Ok(call) = serde_json::from_slice::<Call>(&fs::read(&path)?) else {
                continue; // Another version's.
            };
            let Some((out_dir, stem)) = call.out_dir().zip(call.stem()) else {
                continue;
            };
            match fs::metadata(out_dir.join(stem)) {
                Ok(facts) if (facts.dev(), facts.ino()) == (made.dev(), made.ino()) => {
                    return Ok(call);
                }
                Ok(_) => {} // Another program's.
                // The next call writes it again.
                Err(_) => fs::remove_file(&path)?,
            }
        }
        Err(io::Error::other("no call of the compiler was seen"))
    }

    /// The sources that a rule names. The compiler runs in the workspace's folder, or for a
    /// package outside in its own.
    fn sources(&self, rule: &DepInfo, package_dir: &Path) -> Vec<PathBuf> {
        let root = &self.project.workspace_root;
        let place = |input: &PathBuf| {
            let in_root = root.join(input);
            straight(match package_dir.starts_with(root) && in_root.exists() {
                true => in_root,
                false => package_dir.join(input),
            })
        };
        rule.inputs.iter().map(place).collect()
    }

    /// Whether what has changed can be built without cargo; if so, prepares for it.
    pub(crate) fn choose(&self) -> Result<Link, Doubt> {
        let known = self.known.as_ref().ok_or(Doubt::Unknown)?;
        let library = match self.thin(known) {
            Some(_) => Library::Ready,
            None => Library::Missing,
        };
        doubt::choose(Facts {
            call: &known.call,
            changed: &self.unbuilt,
            own: &known.own,
            others: &known.others,
            surroundings: known.surroundings.difference(),
            asked: &known.asked,
            outer: &self.outer,
            library,
        })
    }

    fn thin(&self, known: &Known) -> Option<Thin> {
        self.primer
            .ready(&known.call)
            .filter(|thin| thin.kept == known.kept)
    }

    /// The compiler's call, linked like this.
    pub(crate) fn command(&self, link: Link, has_colors: bool) -> io::Result<Command> {
        let known = self.known.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let results = known.results();
        renew_dir(&results)?;
        let linker = match (link, self.thin(known)) {
            (Link::Thin, Some(thin)) => {
                let linker = results.join(LINKER);
                symlink(&self.stand_in, &linker)?;
                let plan = serde_json::to_vec(&Plan::Thin(thin)).map_err(io::Error::from)?;
                write_whole(&results.join(PLAN), &plan)?;
                Some(linker)
            }
            (Link::Whole | Link::Thin, _) => None,
        };
        let linker = linker.as_deref();
        Ok(command(&known.call, &results, linker, has_colors))
    }

    /// Takes over what the compiler made. An error means that cargo must build after all.
    pub(crate) fn finish(&mut self) -> io::Result<Made> {
        let known = self.known.as_mut().ok_or(io::ErrorKind::NotFound)?;
        if let Some(path) = known.surroundings.difference() {
            let why = format!("{} has changed meanwhile", path.display());
            return Err(io::Error::other(why));
        }
        let stem = known.call.stem().ok_or(io::ErrorKind::InvalidData)?;
        let results = known.results();
        let rule = results.join(format!("{stem}.d"));
        let dep_info = DepInfo::read(&rule, &known.call.dir)?;
        // A program that runs keeps its file under this name until now, and after.
        let executable = known.home.join(self.project.program.name());
        fs::rename(results.join(&stem), &executable)?;
        known.own = dep_info.inputs.into_iter().map(straight).collect();
        known.asked = dep_info.env;
        self.unbuilt.clear();
        Ok(Made {
            executable,
            inputs: known.all.union(&known.own).cloned().collect(),
        })
    }

    /// Removes what a build without cargo has left, however it ended.
    pub(crate) fn tidy(&self) {
        if let Some(known) = &self.known {
            // The next build does it, if this fails.
            let _ = fs::remove_dir_all(known.results());
        }
    }

    /// Has the dependencies linked in the background for edits to come.
    pub(crate) fn prime(&self) {
        let Some(known) = &self.known else { return };
        if doubt::can_be_thin(&known.call) {
            self.primer.order(Order {
                call: known.call.clone(),
                home: known.home.clone(),
                stand_in: self.stand_in.clone(),
                kept: known.kept.clone(),
            });
        }
    }

    /// Files with settings for cargo and the toolchain, there or not.
    fn settings(&self) -> Vec<PathBuf> {
        let mut settings = Vec::new();
        for folder in self.project.package_dir.ancestors() {
            for name in [
                ".cargo/config",
                ".cargo/config.toml",
                "Cargo.toml",
                "rust-toolchain",
                "rust-toolchain.toml",
            ] {
                settings.push(folder.join(name));
            }
        }
        let home = |name: &str, default: &str| {
            let given = self.outer.get(name).map(PathBuf::from);
            let home = || {
                self.outer
                    .get("HOME")
                    .map(|home| Path::new(home).join(default))
            };
            given.or_else(home)
        };
        if let Some(cargo) = home("CARGO_HOME", ".cargo") {
            settings.extend(["config", "config.toml"].map(|name| cargo.join(name)));
        }
        if let Some(rustup) = home("RUSTUP_HOME", ".rustup") {
            // An update of the toolchain writes into the last.
            let names = ["settings.toml", "toolchains", "update-hashes"];
            settings.extend(names.map(|name| rustup.join(name)));
        }
        settings
    }

    /// What cargo itself may write.
    fn lock_files(&self) -> [PathBuf; 1] {
        [self.project.workspace_root.join("Cargo.lock")]
    }

    /// The places where the linker may be found.
    fn linkers(&self) -> Vec<PathBuf> {
        let path = self
            .outer
            .get("PATH")
            .map(String::as_str)
            .unwrap_or_default();
        std::env::split_paths(path)
            .map(|folder| folder.join(REAL_LINKER))
            .collect()
    }

    /// Removes what was kept for programs that are made in another way now.
    fn remove_other_homes(&self, stem: &str) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let name = entry.file_name();
            if entry.path().is_dir() && name != stem && name != CALLS {
                // The next build does it, if this fails.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(())
    }
}

impl Known {
    /// Where the compiler puts its results; empty between builds.
    fn results(&self) -> PathBuf {
        self.home.join("new")
    }
}

/// The makefile rules that the compiler wrote beside these files.
fn rules_of(files: &[PathBuf]) -> io::Result<Vec<String>> {
    let mut rules = Vec::new();
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let stem = stem.strip_prefix("lib").unwrap_or(&stem);
        let is_library = ["rlib", "rmeta", "so"]
            .iter()
            .any(|kind| has_extension(file, kind));
        if is_library {
            rules.push(fs::read_to_string(
                file.with_file_name(format!("{stem}.d")),
            )?);
        } else {
            // A build script's program is linked to a name without the number.
            let folder = file.parent().unwrap_or(Path::new(""));
            for entry in fs::read_dir(folder)?.flatten() {
                if has_extension(&entry.path(), "d") {
                    rules.push(fs::read_to_string(entry.path())?);
                }
            }
        }
    }
    match rules.is_empty() {
        true => Err(io::Error::other("a crate says nothing about its sources")),
        false => Ok(rules),
    }
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension()
        .is_some_and(|extension| extension == wanted)
}

/// A symbolic link at `place`, put there in one step.
fn place_link(target: &Path, place: &Path) -> io::Result<()> {
    if fs::read_link(place).is_ok_and(|there| there == target) {
        return Ok(());
    }
    let beside = place.with_extension(std::process::id().to_string());
    symlink(target, &beside)?;
    fs::rename(&beside, place)
}
