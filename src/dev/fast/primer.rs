use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use memchr::memmem;
use rustix::process::{Pid, setpriority_process};

use crate::dev::cargo;
use crate::dev::fast::call::Call;
use crate::dev::fast::link::{Line, is_private};
use crate::dev::fast::marks::Marks;
use crate::dev::fast::stand_in::{LINKER, Noted, PLAN, Plan, REAL_LINKER, Shim, Thin, write_whole};
use crate::dev::group::Group;
use crate::dev::guard::Guard;

/// What the shared objects' file names begin with.
const PREFIX: &str = "libdevserve-";
/// A third of the share of a process that somebody waits for. With less, a busy machine would
/// never get to it.
const LOW_PRIORITY: i32 = 5;

/// Links all dependencies into a shared object, on a thread of its own, at low priority. An edit
/// neither waits for it nor stops it.
#[derive(Debug)]
pub(crate) struct Primer {
    orders: Option<Sender<Order>>,
    group: Arc<Group>,
    shelf: Shelf,
    thread: Option<JoinHandle<()>>,
}

/// Where the shared object lies that was linked last.
pub(crate) type Shelf = Arc<Mutex<Option<Ready>>>;

/// A shared object for programs to be linked against.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(crate) thin: Thin,
    /// What it was made of, and itself.
    pub(crate) marks: Marks,
    order: Order,
}

/// For which program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) call: Call,
    /// The folder of this program.
    pub(crate) home: PathBuf,
    /// The program that stands in for the linker.
    pub(crate) stand_in: PathBuf,
    /// The archives that are linked as ever.
    pub(crate) kept: BTreeSet<String>,
}

impl Primer {
    /// A primer that waits for orders. It ends when dropped, and what it runs with it.
    pub(crate) fn start(guard: Arc<Guard>) -> io::Result<Self> {
        let (orders, ordered) = mpsc::channel();
        let group = Arc::new(Group::new(guard));
        let shelf = Shelf::default();
        let work = {
            let (group, shelf) = (Arc::clone(&group), Arc::clone(&shelf));
            move || {
                let mut failed = None;
                while let Ok(order) = ordered.recv() {
                    // Only the newest matters.
                    let order = ordered.try_iter().last().unwrap_or(order);
                    if failed.as_ref() == Some(&order) {
                        continue; // It would again.
                    }
                    if let Err(NotPrimed(why)) = prime(&order, &group, &shelf) {
                        log::debug!("programs are linked whole: {why}");
                        failed = Some(order);
                    }
                }
            }
        };
        let thread = thread::Builder::new()
            .name("prime".to_owned())
            .spawn(work)?;
        Ok(Self {
            orders: Some(orders),
            group,
            shelf,
            thread: Some(thread),
        })
    }

    /// Asks for a shared object; if it lies there already, nothing is done.
    pub(crate) fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // Fails only where the thread has ended, and then links are whole.
            let _ = orders.send(order);
        }
    }

    /// The shared object that was ordered last, if it is still what it was.
    pub(crate) fn ready(&self, call: &Call) -> Option<Thin> {
        let ready = lock(&self.shelf);
        let ready = ready.as_ref().filter(|ready| ready.order.call == *call)?;
        match ready.marks.difference() {
            None => Some(ready.thin.clone()),
            Some(path) => {
                log::debug!("no thin link: {} has changed", path.display());
                None
            }
        }
    }
}

impl Drop for Primer {
    fn drop(&mut self) {
        self.orders = None;
        self.group.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn lock(shelf: &Mutex<Option<Ready>>) -> MutexGuard<'_, Option<Ready>> {
    // Nothing that can panic runs under this lock.
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Carries out the order, if it is not done already; an error is why it cannot be.
fn prime(order: &Order, group: &Group, shelf: &Mutex<Option<Ready>>) -> Result<(), NotPrimed> {
    let is_there = lock(shelf)
        .as_ref()
        .is_some_and(|ready| ready.order == *order && ready.marks.difference().is_none());
    if is_there {
        return Ok(());
    }
    let (thin, marks) = make(order, group)?;
    let place = thin.library.display().to_string();
    *lock(shelf) = Some(Ready {
        thin,
        marks,
        order: order.clone(),
    });
    log::debug!("dependencies are in {place}");
    Ok(())
}

/// Why there is no shared object, for the log.
struct NotPrimed(String);

impl From<io::Error> for NotPrimed {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

fn make(order: &Order, group: &Group) -> Result<(Thin, Marks), NotPrimed> {
    let noted = note(order, group)?;
    let line =
        Line::parse(&noted.args).map_err(|arg| NotPrimed(format!("the linker is given {arg}")))?;
    let shim = noted
        .shim
        .as_ref()
        .ok_or_else(|| NotPrimed("the program has an allocator of its own".to_owned()))?;
    let replaced: BTreeSet<String> = line
        .archives()
        .filter(|archive| !order.kept.contains(*archive) && !is_private(archive))
        .map(str::to_owned)
        .collect();
    let parts = replaced.iter().map(PathBuf::from);
    let marks = Marks::of(parts.chain([order.call.rustc.clone()]));
    for archive in replaced
        .iter()
        .filter(|archive| !is_of_the_toolchain(archive))
    {
        if does_more_than_define(&fs::read(archive)?) {
            return Err(NotPrimed(format!(
                "{archive} has parts that run by themselves"
            )));
        }
    }
    let shim_bytes = fs::read(&shim.copy)?;
    let unnamed = line.for_library(&replaced, Path::new(""), Path::new(""), "");
    let name = format!("{PREFIX}{:016x}.so", key(&marks, &unnamed, &shim_bytes));
    let library = order.home.join(&name);
    let shim = Shim {
        unit: shim.unit.clone(),
        copy: library.with_extension("o"),
    };
    if !library.is_file() || fs::read(&shim.copy).ok().as_ref() != Some(&shim_bytes) {
        write_whole(&shim.copy, &shim_bytes)?;
        let unfinished = library.with_extension("tmp");
        let mut command = Command::new(REAL_LINKER);
        command
            .args(line.for_library(&replaced, &shim.copy, &unfinished, &name))
            .envs(noted.path.iter().map(|path| ("PATH", path)));
        let is_linked = run_quietly(&mut command, group)?;
        if !is_linked {
            // Also where it was killed half-way.
            let _ = fs::remove_file(&unfinished);
            return Err(NotPrimed(
                "the dependencies do not link by themselves".to_owned(),
            ));
        }
        fs::rename(&unfinished, &library)?;
    }
    remove_others(&order.home, &name)?;
    let marks = marks.and(Marks::of([library.clone(), shim.copy.clone()]));
    let thin = Thin {
        library,
        replaced,
        kept: order.kept.clone(),
        shim,
    };
    Ok((thin, marks))
}

/// Has the compiler repeat the call up to the linker, and notes what that is asked.
fn note(order: &Order, group: &Group) -> Result<Noted, NotPrimed> {
    let folder = order.home.join("note");
    renew_dir(&folder)?;
    let linker = folder.join(LINKER);
    symlink(&order.stand_in, &linker)?;
    let noted = order.home.join("noted.json");
    let plan = serde_json::to_vec(&Plan::Note(noted.clone())).map_err(io::Error::from)?;
    write_whole(&folder.join(PLAN), &plan)?;
    // What an earlier run has left.
    let _ = fs::remove_file(&noted);
    let mut command = command(&order.call, &folder, Some(&linker), false);
    run_quietly(&mut command, group)?;
    fs::remove_dir_all(&folder)?;
    let bytes = fs::read(&noted).map_err(|error| {
        NotPrimed(format!(
            "the linker was not called ({}: {error})",
            noted.display()
        ))
    })?;
    Ok(serde_json::from_slice(&bytes).map_err(io::Error::from)?)
}

/// The compiler's call with its results in `out_dir`.
pub(crate) fn command(
    call: &Call,
    out_dir: &Path,
    linker: Option<&Path>,
    has_colors: bool,
) -> Command {
    let mut command = Command::new(&call.rustc);
    cargo::forget_outer_package(&mut command);
    command
        .args(call.args_for(out_dir, linker, has_colors))
        .current_dir(&call.dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    for name in ["MAKEFLAGS", "MFLAGS"] {
        // A job server's descriptors are not ours to hand on.
        command.env_remove(name);
    }
    for (name, change) in &call.changes {
        match &change.after {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Runs it at low priority; whether it ended well.
fn run_quietly(command: &mut Command, group: &Group) -> io::Result<bool> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let done = group.run(command, |process| {
        // Without it the edit loop is a little slower for a moment.
        let _ = setpriority_process(Some(Pid::from_child(process)), LOW_PRIORITY);
        Ok(())
    })?;
    Ok(done.is_some_and(|((), status)| status.success()))
}

fn is_of_the_toolchain(archive: &str) -> bool {
    archive.contains("/lib/rustlib/")
}

/// Whether an archive has constructors, or sections that are gathered over the whole program:
/// what is linked and in what order then matters, and a shared object changes both.
fn does_more_than_define(archive: &[u8]) -> bool {
    const SIGNS: [&[u8]; 4] = [b".init_array", b".ctors", b"__start_", b"linkme_"];
    SIGNS
        .iter()
        .any(|sign| memmem::find(archive, sign).is_some())
}

/// A number for the archives, the compiler, the linker's options and the shim.
fn key(marks: &Marks, options: &[String], shim: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    marks.hash().hash(&mut hasher);
    // Folders that rustc makes for one call have a new name each time.
    let options = options.iter().filter(|option| !option.contains("/note/"));
    options.collect::<Vec<_>>().hash(&mut hasher);
    shim.hash(&mut hasher);
    hasher.finish()
}

/// Removes the shared objects of earlier sets of dependencies. A program that still runs keeps
/// what it has mapped.
fn remove_others(home: &Path, name: &str) -> io::Result<()> {
    let stem = name.trim_end_matches(".so");
    for entry in fs::read_dir(home)?.flatten() {
        let file = entry.file_name();
        let file = file.to_string_lossy();
        if file.starts_with(PREFIX) && !file.starts_with(stem) {
            // The next time, if not now.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// An empty folder at `path`.
pub(crate) fn renew_dir(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {} // It has gone.
    }
    fs::create_dir_all(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_that_do_something_by_themselves_are_told() {
        assert!(does_more_than_define(b"!<arch>\n..\0.init_array\0"));
        assert!(does_more_than_define(b"\0__start_linkme_ROUTES\0"));
        assert!(!does_more_than_define(b"\0.text\0.data\0"));
    }

    #[test]
    fn the_key_changes_with_what_is_linked_and_not_with_a_call_s_own_folders() {
        let marks = Marks::default();
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let one = key(&marks, &words("-shared -L /h/note/rustcA/raw -lc"), b"shim");
        let two = key(&marks, &words("-shared -L /h/note/rustcB/raw -lc"), b"shim");
        assert_eq!(one, two);
        assert_ne!(one, key(&marks, &words("-shared -L -lm"), b"shim"));
        assert_ne!(one, key(&marks, &words("-shared -L -lc"), b"other"));
    }

    #[test]
    fn libraries_of_earlier_dependencies_are_removed() {
        let home = tempfile::tempdir().unwrap();
        for name in [
            "libdevserve-1.so",
            "libdevserve-1.o",
            "libdevserve-2.so",
            "shop",
        ] {
            fs::write(home.path().join(name), "").unwrap();
        }
        remove_others(home.path(), "libdevserve-2.so").unwrap();
        let mut left: Vec<String> = fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["libdevserve-2.so", "shop"]);
    }
}
