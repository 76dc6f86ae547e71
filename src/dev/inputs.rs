use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::dev::event::{Effect, Event};
use crate::dev::ignore::Ignore;
use crate::dev::manifests::{is_environment, is_manifest, manifests};
use crate::dev::project::Project;
use crate::dev::reload;
use crate::dev::stamp::Stamp;

/// How many files of a folder that a build script asks about are known one by one. Of more,
/// those that change while nobody watches are not missed, but found by cargo alone.
const MOST_IN_A_FOLDER: usize = 10_000;

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
    workspace_root: PathBuf,
    // Where builds write.
    made_dirs: Vec<PathBuf>,
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
    // Where inputs really are that are reached through links, and how the build calls them.
    links: HashMap<PathBuf, PathBuf>,
    // Folders of which a build script reads everything.
    folders: Vec<PathBuf>,
    // Packages whose build script does not say what it reads.
    silent_packages: Vec<PathBuf>,
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
    role: Role,
}

/// What a file is to the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Nothing that is known.
    None,
    /// It is read when the app starts.
    Start,
    /// The app is built from it.
    Build,
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
        let inputs = Self {
            package_dir: project.package_dir.clone(),
            workspace_root: project.workspace_root.clone(),
            made_dirs: vec![project.target_dir.clone(), project.build_dir.clone()],
            lock_file: project.workspace_root.join("Cargo.lock"),
            source_dirs: project.source_dirs.clone(),
            always,
            inner: Mutex::new(Inner::new(Knowledge::None, ignore)),
        };
        inputs.know_environment();
        inputs
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
        Self {
            package_dir: folder.to_owned(),
            workspace_root: folder.to_owned(),
            made_dirs: vec![folder.join("target")],
            lock_file: folder.join("Cargo.lock"),
            source_dirs: vec![folder.to_owned()],
            always,
            inner: Mutex::new(Inner::new(knowledge, ignore)),
        }
    }

    /// Notes what the files are like, so that a save without a change is none, and requests can
    /// look for themselves.
    fn note_files(&self) {
        let mut inner = self.lock();
        let mut found = Found::default();
        let roots = match self.always.as_slice() {
            [] => &self.source_dirs,
            always => always,
        };
        for root in roots {
            match root.is_dir() {
                true => self.collect(&mut inner, root, &|_| true, &mut found),
                false => drop(found.files.insert(root.clone())),
            }
        }
        let is_few = found.files.len() <= MOST_LOOKED_AT;
        for path in found.files {
            let effect = self.effect(&inner, &path, Role::None);
            let role = match is_few && effect == Some(Effect::Build) {
                true => Role::Build,
                false => Role::None,
            };
            let stamp = Stamp::of(&path);
            inner.files.insert(path, File { stamp, role });
        }
    }

    /// What the change of `path` asks for, if it is one. It is noted: asked again about the same
    /// contents, the answer is nothing.
    pub(crate) fn judge(&self, path: &Path) -> Option<Event> {
        let mut inner = self.lock();
        let link = inner.links.get(path).cloned();
        let path = link.as_deref().unwrap_or(path);
        if path.file_name().is_some_and(|name| name == ".gitignore") {
            inner.ignore.forget();
        }
        if inner.is_building && path == self.lock_file {
            // cargo itself writes it.
            return None;
        }
        let role = self.role(&inner, path);
        if role == Role::None && (self.is_skipped(&mut inner, path) || path.is_dir()) {
            return None;
        }
        let Some(effect) = self.effect(&inner, path, role) else {
            // It may become an input: then it is known whether the build saw this content. One
            // that changes *during* a build is left to `learn`, which goes by its time.
            if is_rust(path) && !inner.is_building {
                inner.restamp(path);
            }
            return None;
        };
        if !inner.restamp(path) {
            return None;
        }
        Some(match effect {
            Effect::Build | Effect::Restart => inner.announce(path.to_owned(), effect),
            Effect::Refresh | Effect::Restyle(_) => Event::Changed {
                path: path.to_owned(),
                effect,
            },
        })
    }

    /// Whether the inputs are what they were, for a request that cannot wait for the watcher.
    pub(crate) fn look_out(&self) -> Outlook {
        let mut inner = self.lock();
        let touched: Vec<(PathBuf, Role)> = inner
            .files
            .iter()
            .filter(|(path, file)| file.role != Role::None && file.stamp.may_be_outdated(path))
            .map(|(path, file)| (path.clone(), file.role))
            .collect();
        match touched.into_iter().find(|(path, _)| inner.restamp(path)) {
            Some((path, role)) => {
                let effect = self.effect(&inner, &path, role).unwrap_or(Effect::Build);
                Outlook::Changed(inner.announce(path, effect))
            }
            None if inner.unheard > 0 => Outlook::Announced,
            None => Outlook::Calm,
        }
    }

    /// One change that asks for another app has been acted upon: no request passes any more.
    pub(crate) fn heard(&self) {
        let mut inner = self.lock();
        inner.unheard = inner.unheard.saturating_sub(1);
    }

    /// Whether a folder need not be watched.
    pub(crate) fn is_ignored(&self, folder: &Path) -> bool {
        self.is_skipped(&mut self.lock(), folder)
    }

    /// A build begins to read.
    pub(crate) fn build_begins(&self) {
        self.lock().is_building = true;
    }

    /// The build scripts of the packages in these folders do not say what they read, so that
    /// cargo runs them after any change in the package. Say so before [`learn`](Self::learn).
    pub(crate) fn scripts_are_silent(&self, packages: Vec<PathBuf>) {
        self.lock().silent_packages = packages;
    }

    /// A build that began at `started` was good, and read these files.
    pub(crate) fn learn(
        &self,
        paths: impl IntoIterator<Item = PathBuf>,
        started: SystemTime,
    ) -> Learned {
        let paths: HashSet<PathBuf> = paths
            .into_iter()
            .map(straight)
            .filter(|path| !self.is_made(path))
            .collect();
        let mut inner = self.lock();
        inner.knowledge = Knowledge::All;
        inner.files.retain(|path, file| {
            if file.role == Role::Build {
                file.role = Role::None;
            }
            *path != self.lock_file
        });
        inner.links.clear();
        inner.folders = paths.iter().filter(|path| path.is_dir()).cloned().collect();
        let mut inside = Found::default();
        for folder in inner.folders.clone() {
            self.collect(&mut inner, &folder, &|_| true, &mut inside);
        }
        let mut learned = self.adopt(&mut inner, paths, started);
        let inside_learned = self.adopt(&mut inner, inside.files, started);
        learned.changes.extend(inside_learned.changes);
        learned.folders.extend(inside.folders);
        inner.is_building = false;
        learned
    }

    /// A build that began at `started` failed. Sources it may have read are now inputs, so that
    /// a request sees at once when one is mended.
    pub(crate) fn build_failed(&self, started: SystemTime) -> Learned {
        let mut inner = self.lock();
        let mut sources = Found::default();
        for dir in &self.source_dirs {
            self.collect(&mut inner, dir, &is_rust, &mut sources);
        }
        inner.knowledge = Knowledge::Broken;
        inner.files.remove(&self.lock_file);
        let learned = self.adopt(&mut inner, sources.files, started);
        inner.is_building = false;
        learned
    }

    /// Makes inputs of `paths`, and of what cargo reads because of them.
    fn adopt(&self, inner: &mut Inner, paths: HashSet<PathBuf>, started: SystemTime) -> Learned {
        let mut learned = Learned::default();
        let lock_file = [self.lock_file.clone()];
        let manifests = {
            let places = paths.iter().filter_map(|path| path.parent());
            let first = [&*self.package_dir, &*self.workspace_root];
            manifests(first.into_iter().chain(places))
        };
        // The user's word goes over that of cargo.
        let paths: Vec<PathBuf> = paths
            .into_iter()
            .filter(|path| !inner.ignore.is_refused(path))
            .collect();
        for path in &paths {
            learned.folders.extend(path.parent().map(Path::to_owned));
        }
        for path in manifests.iter().chain(&lock_file) {
            // Those that are not there are many, in folders where much else happens. A request
            // finds them if they come.
            if path.exists() {
                learned.folders.extend(path.parent().map(Path::to_owned));
            }
        }
        for path in paths.into_iter().chain(manifests).chain(lock_file) {
            if let Ok(place) = path.canonicalize()
                && place != path
            {
                learned.folders.extend(place.parent().map(Path::to_owned));
                inner.links.insert(place, path.clone());
            }
            if let Some(file) = inner.files.get_mut(&path) {
                // Its stamp is older than the build: if it is not true any more, that is news.
                file.role = Role::Build;
                continue;
            }
            let stamp = Stamp::of(&path);
            if path != self.lock_file && stamp.is_after(started) {
                let news = inner.announce(path.clone(), Effect::Build);
                learned.changes.push(news);
            }
            let role = Role::Build;
            inner.files.insert(path, File { stamp, role });
        }
        learned
    }

    /// Notes what the files hold that the app reads when it starts.
    fn know_environment(&self) {
        let mut inner = self.lock();
        for folder in [&self.package_dir, &self.workspace_root] {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let present = entries
                .map(|entry| entry.path())
                .filter(|path| is_environment(path));
            // The usual one also where it is not there yet.
            for path in present.chain([folder.join(".env")]) {
                if !inner.ignore.is_refused(&path) {
                    let (stamp, role) = (Stamp::of(&path), Role::Start);
                    inner.files.insert(path, File { stamp, role });
                }
            }
        }
    }

    /// Notes these files, which are read when the app starts, whatever they are called.
    pub(crate) fn read_at_start(&self, paths: &[PathBuf]) {
        let mut inner = self.lock();
        for path in paths {
            if !inner.ignore.is_refused(path) {
                let (stamp, role) = (Stamp::of(path), Role::Start);
                inner.files.insert(path.clone(), File { stamp, role });
            }
        }
    }

    fn role(&self, inner: &Inner, path: &Path) -> Role {
        if let Some(file) = inner.files.get(path)
            && file.role != Role::None
        {
            return file.role;
        }
        let is_beside = [&self.package_dir, &self.workspace_root]
            .iter()
            .any(|folder| path.parent() == Some(folder));
        match is_beside && is_environment(path) && !inner.ignore.is_refused(path) {
            true => Role::Start,
            false => Role::None,
        }
    }

    fn effect(&self, inner: &Inner, path: &Path, role: Role) -> Option<Effect> {
        if role == Role::Build || self.asked_for(inner, path).is_some() {
            return Some(Effect::Build);
        }
        match inner.knowledge {
            Knowledge::Folder => self.effect_on_browsers(path).or(Some(Effect::Build)),
            Knowledge::Elsewhere => Some(on_browsers(path)),
            Knowledge::Broken => Some(Effect::Build),
            _ if role == Role::Start => Some(Effect::Restart),
            Knowledge::None if is_rust(path) || is_manifest(path) => Some(Effect::Build),
            Knowledge::None | Knowledge::All => {
                let of_silent = |package: &PathBuf| path.starts_with(package);
                let may_be_read =
                    inner.silent_packages.iter().any(of_silent) && !is_written_by_apps(path);
                let build = || may_be_read.then_some(Effect::Build);
                self.effect_on_browsers(path).or_else(build)
            }
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
        Some(on_browsers(path))
    }

    /// The folder or file that the user or a build script named, and that `path` is or is in.
    fn asked_for<'a>(&'a self, inner: &'a Inner, path: &Path) -> Option<&'a Path> {
        let named = self.always.iter().chain(&inner.folders);
        let around = named.filter(|named| path.starts_with(named));
        let nearest = around.max_by_key(|named| named.as_os_str().len());
        nearest.map(PathBuf::as_path)
    }

    /// Whether what happens at `path` is no news, unless it is known to be an input.
    fn is_skipped(&self, inner: &mut Inner, path: &Path) -> bool {
        let root = self.asked_for(inner, path).map(Path::to_owned);
        match root {
            Some(root) => {
                let is_made = self.is_made(path) && !self.is_made(&root);
                is_made || inner.ignore.is_ignored_below(&root, path)
            }
            None => self.is_made(path) || inner.ignore.is_ignored(path),
        }
    }

    fn is_made(&self, path: &Path) -> bool {
        self.made_dirs.iter().any(|made| path.starts_with(made))
    }

    fn collect(
        &self,
        inner: &mut Inner,
        dir: &Path,
        is_wanted: &dyn Fn(&Path) -> bool,
        found: &mut Found,
    ) {
        // A folder that has gone has no files.
        let Ok(entries) = fs::read_dir(dir) else {
            return;
        };
        found.folders.insert(dir.to_owned());
        for path in entries.flatten().map(|entry| entry.path()) {
            if found.files.len() >= MOST_IN_A_FOLDER || self.is_skipped(inner, &path) {
                continue;
            }
            if path.is_dir() && !path.is_symlink() {
                self.collect(inner, &path, is_wanted, found);
            } else if is_wanted(&path) && path.is_file() {
                found.files.insert(path);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that can panic runs under this lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is in a folder and those in it.
#[derive(Debug, Default)]
struct Found {
    files: HashSet<PathBuf>,
    folders: HashSet<PathBuf>,
}

impl Inner {
    fn new(knowledge: Knowledge, ignore: Ignore) -> Self {
        Self {
            knowledge,
            is_building: false,
            unheard: 0,
            files: HashMap::new(),
            links: HashMap::new(),
            folders: Vec::new(),
            silent_packages: Vec::new(),
            ignore,
        }
    }

    /// Looks at `path` again; whether its content is another than it was. That of an unknown file
    /// is, unless it has gone already: editors come and go with files nobody reads.
    fn restamp(&mut self, path: &Path) -> bool {
        let stamp = Stamp::of(path);
        match self.files.get_mut(path) {
            Some(file) => !std::mem::replace(&mut file.stamp, stamp).is_same_content(&stamp),
            None => {
                let role = Role::None;
                self.files.insert(path.to_owned(), File { stamp, role });
                stamp != Stamp::Missing
            }
        }
    }

    /// The news that `path` asks for another app, counted until it is [heard](Inputs::heard).
    fn announce(&mut self, path: PathBuf, effect: Effect) -> Event {
        self.unheard += 1;
        Event::Changed { path, effect }
    }
}

/// The path without `..`: `include_str!("../words.txt")` is told as it is written, and one file
/// under two names would be two changes.
pub(crate) fn straight(path: PathBuf) -> PathBuf {
    match path.components().any(|part| part == Component::ParentDir) {
        // One that has gone has no other name to be known by.
        true => path.canonicalize().unwrap_or(path),
        false => path,
    }
}

/// What the change of a file that the app reads while it runs asks of browsers.
fn on_browsers(path: &Path) -> Effect {
    reload::in_place(path).map_or(Effect::Refresh, Effect::Restyle)
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Whether a file is of a kind that apps write while they run. Each request would ask for a build.
fn is_written_by_apps(path: &Path) -> bool {
    const ENDINGS: [&str; 12] = [
        ".db", ".log", ".pid", ".sock", ".sqlite", ".sqlite3", ".tmp", "-journal", "-shm", "-wal",
        ".lock", ".redb",
    ];
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests;
