use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::dev::fast::call::{Call, Environment};
use crate::dev::fast::link::{self, Line};

/// The name under which this program stands in for the compiler.
pub(crate) const COMPILER: &str = "devserve-rustc";
/// The name under which it stands in for the linker. rustc takes its end for the linker's kind.
pub(crate) const LINKER: &str = "devserve-cc";
/// The folder beside the compiler's stand-in for the calls it saw.
pub(crate) const CALLS: &str = "calls";
/// The file beside it with the environment that cargo was given.
pub(crate) const ENVIRONMENT: &str = "environment.json";
/// The file beside the linker's stand-in that says what to do.
pub(crate) const PLAN: &str = "plan.json";
/// The linker it stands in for: rustc's own choice where nobody makes another.
pub(crate) const REAL_LINKER: &str = "cc";

/// What the linker's stand-in does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Plan {
    /// Note the arguments in this file, and link nothing.
    Note(PathBuf),
    /// Link against the shared object.
    Thin(Thin),
}

/// A shared object that has all dependencies in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Thin {
    /// The shared object.
    pub(crate) library: PathBuf,
    /// The archives that are in it.
    pub(crate) replaced: BTreeSet<String>,
    /// The archives that are linked as ever: those of crates that are edited.
    pub(crate) kept: BTreeSet<String>,
    /// The shim in it.
    pub(crate) shim: Shim,
}

/// The object that says which allocator the program has: rustc makes one for each program, and
/// the shared object needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shim {
    /// Which of the program's objects it is.
    pub(crate) unit: String,
    /// A copy of it.
    pub(crate) copy: PathBuf,
}

/// What the linker was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Noted {
    pub(crate) args: Vec<String>,
    /// Where rustc has the linker look for its tools.
    pub(crate) path: Option<String>,
    pub(crate) shim: Option<Shim>,
}

/// Does the work of a compiler or linker, if this program was started under the name of one.
///
/// A program that runs a [`Supervisor`](crate::dev::Supervisor) with a fast path calls this
/// first in its `main`, and ends with the code if there is one.
pub fn stand_in() -> Option<ExitCode> {
    let mut args = std::env::args_os();
    let name = PathBuf::from(args.next()?);
    let args: Vec<OsString> = args.collect();
    let error = match name.file_name()?.to_str()? {
        COMPILER => compile(&name, &args),
        LINKER => match link(&name, &args) {
            Ok(code) => return Some(code),
            Err(error) => error,
        },
        _ => return None, // Most often devserve itself.
    };
    // The words reach whoever started it, as a compiler's do.
    let _ = writeln!(io::stderr(), "{}: {error}", name.display());
    Some(ExitCode::FAILURE)
}

/// Becomes the compiler that the first argument names, after taking a note if it is to make a
/// program. Returns only where that fails.
fn compile(name: &Path, args: &[OsString]) -> io::Error {
    let Some((rustc, args)) = args.split_first() else {
        return io::Error::other("no compiler is named");
    };
    // Without a note the program is built all the same.
    let _ = note_call(name, rustc.as_ref(), args);
    Command::new(rustc).args(args).exec()
}

fn note_call(name: &Path, rustc: &Path, args: &[OsString]) -> Option<()> {
    let folder = name.parent()?;
    let args: Option<Vec<String>> = args.iter().map(|arg| Some(arg.to_str()?.into())).collect();
    let outer = fs::read(folder.join(ENVIRONMENT)).ok()?;
    let outer: Environment = serde_json::from_slice(&outer).ok()?;
    let dir = std::env::current_dir().ok()?;
    let call = Call::new(rustc.to_owned(), args?, dir, &environment(), &outer);
    if !call.makes_a_program() {
        return None;
    }
    let path = folder.join(CALLS).join(format!("{}.json", call.stem()?));
    write_whole(&path, &serde_json::to_vec(&call).ok()?).ok()
}

/// This process's variables, as far as they are text.
pub(crate) fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Writes a file that nobody finds half-written.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path)
}

/// Does what the plan beside `name` says. Where there is a reason not to, links as ever.
fn link(name: &Path, args: &[OsString]) -> Result<ExitCode, io::Error> {
    let folder = name.parent().unwrap_or(Path::new("."));
    let plan: Plan = serde_json::from_slice(&fs::read(folder.join(PLAN))?)?;
    let text: Option<Vec<String>> = args.iter().map(|arg| Some(arg.to_str()?.into())).collect();
    let text = text.ok_or(io::ErrorKind::InvalidInput)?;
    match plan {
        Plan::Note(path) => {
            let noted = Noted {
                shim: keep_shim(&text, &path.with_extension("o")),
                path: std::env::var("PATH").ok(),
                args: text,
            };
            write_whole(&path, &serde_json::to_vec(&noted)?)?;
            // rustc takes it for a failed link, and that is all that is wanted of it.
            Ok(ExitCode::FAILURE)
        }
        Plan::Thin(thin) => {
            let thinned = Line::parse(&text).ok().and_then(|line| {
                let shim = find_shim(&line, &thin.shim)?;
                line.thin(&thin.library, &thin.replaced, &thin.kept, shim)
            });
            let args = match &thinned {
                Some(thinned) => thinned.iter().map(OsString::from).collect(),
                None => args.to_vec(),
            };
            Err(Command::new(REAL_LINKER).args(args).exec())
        }
    }
}

/// Copies the one object that names the standard library's allocator. A program with another
/// allocator has none.
fn keep_shim(args: &[String], copy: &Path) -> Option<Shim> {
    let line = Line::parse(args).ok()?;
    // rustc's list of symbols to keep names it too.
    let units = line
        .objects()
        .filter(|object| link::unit_of(object).is_some());
    let mut shims = units.filter(|object| names_default_allocator(object));
    let shim = shims.next()?;
    if shims.next().is_some() {
        return None;
    }
    fs::copy(shim, copy).ok()?;
    Some(Shim {
        unit: link::unit_of(shim)?.to_owned(),
        copy: copy.to_owned(),
    })
}

fn names_default_allocator(object: &str) -> bool {
    fs::read(object).is_ok_and(|bytes| memmem::find(&bytes, b"___rdl_alloc").is_some())
}

/// The object of this call that is the shim in the shared object, byte for byte: an edit may have
/// brought another allocator.
fn find_shim<'a>(line: &Line<'a>, shim: &Shim) -> Option<&'a str> {
    let object = line
        .objects()
        .find(|object| link::unit_of(object) == Some(&shim.unit))?;
    let is_same = fs::read(object).ok()? == fs::read(&shim.copy).ok()?;
    is_same.then_some(object)
}

/// Whether `path` can be written in JSON and in a program, as a place to find shared objects: there
/// a colon separates places, and a dollar sign begins a name.
pub(crate) fn is_plain(path: &Path) -> bool {
    let text = path.to_str();
    path.is_absolute() && text.is_some_and(|text| !text.contains([':', '$', '\n']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_folders_cannot_be_named_in_a_program() {
        #[track_caller]
        fn check(path: &str, want: bool) {
            assert_eq!(is_plain(Path::new(path)), want, "{path}");
        }
        check("/home/a shop, and more/target", true);
        check("/home/a:b", false);
        check("/home/$ORIGIN", false);
        check("target", false);
    }
}
