use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::dev::event::{Effect, Event};
use crate::dev::ignore::Ignore;
use crate::dev::project::Project;
use crate::dev::stamp::Stamp;

/// The files the app is made of, as they were when it was built, and what a change to any file
/// means.
///
/// What a build reads, the compiler says: its dep-info names every source file of the package
/// and of its path dependencies, every `include_str!` and every file a build script asks about.
/// So a README asks for no build, and an included template does. Contents are compared, so a
/// save that changes nothing asks for nothing.
#[derive(Debug)]
pub(crate) struct Inputs {
    package_dir: PathBuf,
    target_dir: PathBuf,
    lock_file: PathBuf,
    source_dirs: Vec<PathBuf>,
    // Paths whose every change asks for a build, because the user says so.
    always: Vec<PathBuf>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    knowledge: Knowledge,
    is_building: bool,
    // Changes that were found and that the supervisor has not acted upon: the news is under way.
    unheard: usize,
    files: HashMap<PathBuf, File>,
    ignore: Ignore,
}

/// How much the last build told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knowledge {
    /// None has ended yet: sources are known by their names.
    None,
    /// It was good: `files` has all inputs.
    All,
    /// It failed, and what would mend it may be a file it did not get to.
    Broken,
    /// Nothing is built: every file of the folder may be read by what runs.
    Folder,
    /// The same, and what runs looks to its files itself.
    Elsewhere,
}

/// More files than this are not looked at for each request; news of them is waited for.
const MOST_LOOKED_AT: usize = 1000;

#[derive(Debug)]
struct File {
    stamp: Stamp,
    is_input: bool,
}

/// What a look at the inputs shows.
#[derive(Debug)]
pub(crate) enum Outlook {
    /// They are what they were.
    Calm,
    /// One has changed, and nobody has been told: tell the supervisor.
    Changed(Event),
    /// One has changed, and the supervisor is about to hear it.
    Announced,
}

/// What a build taught.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// Inputs that may have changed after the build had read them, for the supervisor.
    pub(crate) changes: Vec<Event>,
    /// Every folder with an input in it.
    pub(crate) folders: HashSet<PathBuf>,
}

impl Inputs {
    /// Nothing known yet. `always` are paths the user wants watched, `ignore` what is skipped.
    pub(crate) fn new(project: &Project, always: Vec<PathBuf>, ignore: Ignore) -> Self {
        let inner = Inner {
            knowledge: Knowledge::None,
            is_building: false,
            unheard: 0,
            files: HashMap::new(),
            ignore,
        };
        Self {
            package_dir: project.package_dir.clone(),
            target_dir: project.target_dir.clone(),
            lock_file: project.workspace_root.join("Cargo.lock"),
            source_dirs: project.source_dirs.clone(),
            always,
            inner: Mutex::new(inner),
        }
    }

    /// For a command that runs in a folder and reads what it finds there; or only what is in
    /// `always`, where the user says what that is.
    pub(crate) fn of_command(folder: &Path, always: Vec<PathBuf>, ignore: Ignore) -> Self {
        let knowledge = match always.is_empty() {
            true => Knowledge::Folder,
            false => Knowledge::All,
        };
        let inputs = Self::of_folder(folder, always, ignore, knowledge);
        inputs.note_files();
        inputs
    }

    /// For a server elsewhere that is made of the files in a folder.
    pub(crate) fn of_server(folder: &Path, ignore: Ignore) -> Self {
        let inputs = Self::of_folder(folder, Vec::new(), ignore, Knowledge::Elsewhere);
        inputs.note_files();
        inputs
    }

    fn of_folder(
        folder: &Path,
        always: Vec<PathBuf>,
        ignore: Ignore,
        knowledge: Knowledge,
    ) -> Self {
        let inner = Inner {
            knowledge,
            is_building: false,
            unheard: 0,
            files: HashMap::new(),
            ignore,
        };
        Self {
            package_dir: folder.to_owned(),
            target_dir: folder.join("target"),
            lock_file: folder.join("Cargo.lock"),
            source_dirs: vec![folder.to_owned()],
            always,
            inner: Mutex::new(inner),
        }
    }

    /// Notes what the files are like, so that a save without a change is none, and requests can
    /// look for themselves.
    fn note_files(&self) {
        let mut files = HashSet::new();
        let roots = match self.always.as_slice() {
            [] => &self.source_dirs,
            always => always,
        };
        for root in roots {
            match root.is_dir() {
                true => self.collect(root, &|_| true, &mut files),
                false => drop(files.insert(root.clone())),
            }
        }
        let is_few = files.len() <= MOST_LOOKED_AT;
        let mut inner = self.lock();
        for path in files {
            let effect = self.effect(&inner, &path, false);
            let is_input = is_few && effect == Some(Effect::Build);
            let stamp = Stamp::of(&path);
            inner.files.insert(path, File { stamp, is_input });
        }
    }

    /// What the change of `path` asks for, if it is one. It is noted: asked again about the same
    /// contents, the answer is nothing.
    pub(crate) fn judge(&self, path: &Path) -> Option<Event> {
        if path.starts_with(&self.target_dir) {
            return None;
        }
        let mut inner = self.lock();
        if path.file_name().is_some_and(|name| name == ".gitignore") {
            inner.ignore.forget();
        }
        if inner.is_building && path == self.lock_file {
            // cargo itself writes it.
            return None;
        }
        let is_input = inner.files.get(path).is_some_and(|file| file.is_input);
        if !is_input && (inner.ignore.is_ignored(path) || path.is_dir()) {
            return None;
        }
        let Some(effect) = self.effect(&inner, path, is_input) else {
            // It may become an input: then it is known whether the build saw this content. One
            // that changes *during* a build is left to `learn`, which goes by its time.
            if is_rust(path) && !inner.is_building {
                inner.restamp(path);
            }
            return None;
        };
        if effect != Effect::Build && is_empty(path) {
            // Most editors empty a file before they write it: browsers get the whole one.
            return None;
        }
        if !inner.restamp(path) {
            return None;
        }
        Some(match effect {
            Effect::Build => inner.announce(path.to_owned()),
            effect => Event::Changed {
                path: path.to_owned(),
                effect,
            },
        })
    }

    /// Whether the inputs are what they were, for a request that cannot wait for the watcher.
    pub(crate) fn look_out(&self) -> Outlook {
        let mut inner = self.lock();
        let touched: Vec<PathBuf> = inner
            .files
            .iter()
            .filter(|(path, file)| file.is_input && file.stamp.may_be_outdated(path))
            .map(|(path, _)| path.clone())
            .collect();
        match touched.into_iter().find(|path| inner.restamp(path)) {
            Some(path) => Outlook::Changed(inner.announce(path)),
            None if inner.unheard > 0 => Outlook::Announced,
            None => Outlook::Calm,
        }
    }

    /// One change that asks for a build has been acted upon: no request passes any more.
    pub(crate) fn heard(&self) {
        let mut inner = self.lock();
        inner.unheard = inner.unheard.saturating_sub(1);
    }

    /// Whether a folder need not be watched.
    pub(crate) fn is_ignored(&self, folder: &Path) -> bool {
        folder.starts_with(&self.target_dir) || self.lock().ignore.is_ignored(folder)
    }

    /// A build begins to read.
    pub(crate) fn build_begins(&self) {
        self.lock().is_building = true;
    }

    /// A build that began at `started` was good, and its dep-info is `text`.
    pub(crate) fn learn(&self, text: &str, started: SystemTime) -> Learned {
        let paths: HashSet<PathBuf> = parse_dep_info(text)
            .into_iter()
            .filter(|path| !path.starts_with(&self.target_dir))
            .collect();
        let manifests = self.manifests(&paths);
        let mut inner = self.lock();
        inner.knowledge = Knowledge::All;
        inner.files.retain(|path, file| {
            file.is_input = false;
            *path != self.lock_file
        });
        inner.adopt(paths.into_iter().chain(manifests), started)
    }

    /// A build that began at `started` failed. Sources it may have read are now inputs, so that
    /// a request sees at once when one is mended.
    pub(crate) fn build_failed(&self, started: SystemTime) -> Learned {
        let mut sources = HashSet::new();
        for dir in &self.source_dirs {
            self.collect(dir, &is_rust, &mut sources);
        }
        let manifests = self.manifests(&sources);
        let mut inner = self.lock();
        inner.knowledge = Knowledge::Broken;
        inner.files.remove(&self.lock_file);
        inner.adopt(sources.into_iter().chain(manifests), started)
    }

    fn effect(&self, inner: &Inner, path: &Path, is_input: bool) -> Option<Effect> {
        let is_in = |folder: &PathBuf| path.starts_with(folder);
        let is_asked_for = is_input
            || self.always.iter().any(is_in)
            || inner
                .folders_of_inputs()
                .any(|folder| path.starts_with(folder));
        match inner.knowledge {
            _ if is_asked_for => Some(Effect::Build),
            Knowledge::Broken => Some(Effect::Build),
            Knowledge::None if is_rust(path) || is_manifest(path) => Some(Effect::Build),
            Knowledge::None | Knowledge::All => self.effect_on_browsers(path),
            Knowledge::Folder => self.effect_on_browsers(path).or(Some(Effect::Build)),
            Knowledge::Elsewhere => Some(restyle(path).unwrap_or(Effect::Refresh)),
        }
    }

    /// Files in a `templates` or `static` folder are read by the app while it runs.
    fn effect_on_browsers(&self, path: &Path) -> Option<Effect> {
        let inside = path.strip_prefix(&self.package_dir).ok()?;
        if !inside
            .parent()?
            .iter()
            .any(|name| name == "templates" || name == "static")
        {
            return None;
        }
        Some(restyle(path).unwrap_or(Effect::Refresh))
    }

    /// What cargo reads besides, for inputs like these. Many are not there: their coming counts.
    fn manifests(&self, inputs: &HashSet<PathBuf>) -> HashSet<PathBuf> {
        let mut manifests = HashSet::from([self.lock_file.clone()]);
        let mut seen = HashSet::new();
        let folders = inputs.iter().filter_map(|input| input.parent());
        for folder in folders.chain([&*self.package_dir]) {
            let mut is_package = false;
            // The nearest manifest, and with it those of the workspaces it may be in.
            for above in folder
                .ancestors()
                .take_while(|above| seen.insert(above.to_path_buf()))
            {
                let manifest = above.join("Cargo.toml");
                if manifest.is_file() {
                    is_package = true;
                    manifests.insert(above.join("build.rs"));
                    manifests.insert(manifest);
                } else if is_package {
                    break;
                }
            }
        }
        let root = self.lock_file.parent().unwrap_or(&self.package_dir);
        for folder in [root, &*self.package_dir] {
            for name in [
                ".cargo/config.toml",
                "rust-toolchain.toml",
                "rust-toolchain",
            ] {
                manifests.insert(folder.join(name));
            }
        }
        manifests
    }

    /// Adds the files below `dir` that are `wanted`.
    fn collect(&self, dir: &Path, wanted: &dyn Fn(&Path) -> bool, files: &mut HashSet<PathBuf>) {
        // A folder that has gone has no files.
        let Ok(entries) = fs::read_dir(dir) else {
            return;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if self.is_ignored(&path) {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                self.collect(&path, wanted, files);
            } else if wanted(&path) && path.is_file() {
                files.insert(path);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that can panic runs under this lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Looks at `path` again; whether its content is another than it was. That of an unknown file
    /// is, unless it has gone already: editors come and go with files nobody reads.
    fn restamp(&mut self, path: &Path) -> bool {
        let stamp = Stamp::of(path);
        match self.files.get_mut(path) {
            Some(file) => !std::mem::replace(&mut file.stamp, stamp).is_same_content(&stamp),
            None => {
                self.files.insert(
                    path.to_owned(),
                    File {
                        stamp,
                        is_input: false,
                    },
                );
                stamp != Stamp::Missing
            }
        }
    }

    fn adopt(&mut self, paths: impl Iterator<Item = PathBuf>, started: SystemTime) -> Learned {
        self.is_building = false;
        let mut learned = Learned::default();
        for path in paths {
            learned.folders.extend(path.parent().map(Path::to_owned));
            if let Some(file) = self.files.get_mut(&path) {
                // Its stamp is older than the build: if it is not true any more, that is news.
                file.is_input = true;
                continue;
            }
            let stamp = Stamp::of(&path);
            let is_lock = path.file_name().is_some_and(|name| name == "Cargo.lock");
            if !is_lock && stamp.is_after(started) {
                learned.changes.push(self.announce(path.clone()));
            }
            self.files.insert(
                path,
                File {
                    stamp,
                    is_input: true,
                },
            );
        }
        learned
    }

    /// The news that `path` asks for a build, counted until it is [heard](Inputs::heard).
    fn announce(&mut self, path: PathBuf) -> Event {
        self.unheard += 1;
        Event::Changed {
            path,
            effect: Effect::Build,
        }
    }

    fn folders_of_inputs(&self) -> impl Iterator<Item = &PathBuf> {
        let is_folder = |file: &File| file.is_input && file.stamp == Stamp::Folder;
        self.files
            .iter()
            .filter(move |(_, file)| is_folder(file))
            .map(|(path, _)| path)
    }
}

/// What a stylesheet asks of browsers.
fn restyle(path: &Path) -> Option<Effect> {
    let name = path.file_name()?.to_string_lossy();
    let is_style = path.extension().is_some_and(|extension| extension == "css");
    is_style.then(|| Effect::Restyle(name.into_owned()))
}

fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.len() == 0)
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        [
            "Cargo.toml",
            "Cargo.lock",
            "config.toml",
            "rust-toolchain.toml",
            "rust-toolchain",
        ]
        .iter()
        .any(|manifest| name == *manifest)
    })
}

/// The inputs in a makefile rule as cargo writes it beside a program: `program: file file`, with
/// a backslash before each space in a name.
fn parse_dep_info(text: &str) -> Vec<PathBuf> {
    let rule = text.lines().next().unwrap_or_default();
    let Some((_, inputs)) = rule.split_once(": ") else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    let mut path = String::new();
    let mut characters = inputs.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek() == Some(&' ') => path.extend(characters.next()),
            ' ' => paths.push(PathBuf::from(std::mem::take(&mut path))),
            other => path.push(other),
        }
    }
    paths.push(path.into());
    paths.retain(|path| !path.as_os_str().is_empty());
    paths
}

#[cfg(test)]
mod tests;
