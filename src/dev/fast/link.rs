use std::collections::BTreeSet;
use std::path::Path;

/// What belongs to the linker's call for a program: objects of the crate, archives of the
/// dependencies, libraries of the system, and how to put them together.
///
/// Only arguments that are known to mean the same with and without the shared object are taken.
/// A script of the linker, an export list or a static program is left to an ordinary link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    args: Vec<Arg<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arg<'a> {
    Object(&'a str),
    Archive(&'a str),
    /// `-lpthread`: a library of the system, linked at run time.
    Library(&'a str),
    /// Where libraries are searched.
    Search(&'a str),
    Output(&'a str),
    /// Which linker, and for which machine.
    Machine(&'a str),
    /// What the thin link leaves out: it costs time and gains nothing for a program that lives
    /// until the next save.
    Luxury(&'a str),
    Other(&'a str),
}

impl<'a> Line<'a> {
    /// Reads the arguments; the first that is not understood is the error.
    pub(crate) fn parse(args: &'a [String]) -> Result<Self, &'a str> {
        let mut line = Vec::with_capacity(args.len());
        let mut is_static = false;
        let mut is_pie = false;
        let mut rest = args.iter().map(String::as_str);
        while let Some(arg) = rest.next() {
            line.push(match arg {
                "-L" => Arg::Search(rest.next().ok_or(arg)?),
                "-o" => Arg::Output(rest.next().ok_or(arg)?),
                "-Wl,-Bstatic" | "-Wl,-Bdynamic" => {
                    is_static = arg == "-Wl,-Bstatic";
                    Arg::Other(arg)
                }
                "-Wl,--gc-sections" | "-Wl,-z,relro,-z,now" => Arg::Luxury(arg),
                "-pie" => {
                    is_pie = true;
                    Arg::Other(arg)
                }
                "-Wl,--as-needed" | "-Wl,--no-as-needed" | "-Wl,--eh-frame-hdr"
                | "-Wl,-z,noexecstack" | "-Wl,--strip-debug" | "-Wl,-O1" | "-nodefaultlibs" => {
                    Arg::Other(arg)
                }
                "-m64" => Arg::Machine(arg),
                _ if arg.starts_with("-fuse-ld=") => Arg::Machine(arg),
                _ if arg.starts_with("-B/") => Arg::Machine(arg),
                // An archive of C code linked twice would have its state twice.
                _ if arg.starts_with("-l") && !is_static => Arg::Library(arg),
                _ if arg.starts_with('-') || arg.starts_with('@') => return Err(arg),
                _ if arg.ends_with(".o") => Arg::Object(arg),
                _ if arg.ends_with(".rlib") => Arg::Archive(arg),
                _ => return Err(arg),
            });
        }
        match is_pie {
            true => Ok(Self { args: line }),
            false => Err("no -pie"),
        }
    }

    /// The archives of dependencies.
    pub(crate) fn archives(&self) -> impl Iterator<Item = &'a str> {
        self.args.iter().filter_map(|arg| match arg {
            Arg::Archive(path) => Some(*path),
            _ => None, // whatever else it is made of
        })
    }

    /// The objects of the crate.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &'a str> {
        self.args.iter().filter_map(|arg| match arg {
            Arg::Object(path) => Some(*path),
            _ => None, // whatever else it is made of
        })
    }

    /// The arguments that link `archives` and the object `shim` into one shared object `output`,
    /// known to programs as `name`.
    pub(crate) fn for_library(
        &self,
        archives: &BTreeSet<String>,
        shim: &Path,
        output: &Path,
        name: &str,
    ) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        let mut args = vec![
            "-shared".to_owned(),
            "-o".to_owned(),
            text(output),
            text(shim),
            "-Wl,--whole-archive".to_owned(),
        ];
        args.extend(archives.iter().cloned());
        args.push("-Wl,--no-whole-archive".to_owned());
        // What each object carries itself, such as arithmetic that the machine does not have.
        args.extend(
            self.archives()
                .filter(|path| is_private(path))
                .map(str::to_owned),
        );
        for arg in &self.args {
            match arg {
                Arg::Machine(arg) | Arg::Library(arg) => args.push((*arg).to_owned()),
                Arg::Search(folder) => args.extend(["-L".to_owned(), (*folder).to_owned()]),
                // The program's own.
                Arg::Object(_)
                | Arg::Archive(_)
                | Arg::Output(_)
                | Arg::Luxury(_)
                | Arg::Other(_) => {}
            }
        }
        args.extend([
            "-nodefaultlibs".to_owned(),
            "-Wl,--eh-frame-hdr".to_owned(),
            "-Wl,-z,noexecstack".to_owned(),
            "-Wl,-z,lazy".to_owned(),
            format!("-Wl,-soname,{name}"),
        ]);
        args
    }

    /// The same call with `library` in the place of the archives in it, `replaced`, and of the
    /// object `shim`. `None` where an archive is neither in it nor in `kept`.
    pub(crate) fn thin(
        &self,
        library: &Path,
        replaced: &BTreeSet<String>,
        kept: &BTreeSet<String>,
        shim: &str,
    ) -> Option<Vec<String>> {
        let mut args = Vec::with_capacity(self.args.len() + 8);
        for arg in &self.args {
            match *arg {
                Arg::Archive(path) if replaced.contains(path) => {}
                Arg::Archive(path) if !kept.contains(path) && !is_private(path) => return None,
                Arg::Object(path) if path == shim => {}
                Arg::Luxury(_) => {}
                Arg::Search(folder) => args.extend(["-L".to_owned(), folder.to_owned()]),
                Arg::Output(path) => args.extend(["-o".to_owned(), path.to_owned()]),
                Arg::Object(text)
                | Arg::Archive(text)
                | Arg::Library(text)
                | Arg::Machine(text)
                | Arg::Other(text) => args.push(text.to_owned()),
            }
        }
        let folder = library.parent()?;
        for arg in [Path::new("-rpath"), folder] {
            args.extend(["-Xlinker".to_owned(), arg.display().to_string()]);
        }
        args.extend([library.display().to_string(), "-Wl,-z,lazy".to_owned()]);
        Some(args)
    }
}

/// Whether every object that uses the archive has a copy of its own: its symbols are hidden.
pub(crate) fn is_private(archive: &str) -> bool {
    let name = Path::new(archive).file_name().unwrap_or_default();
    name.to_string_lossy().starts_with("libcompiler_builtins-")
}

/// The part of an object's name that stays from call to call: `shop-77.UNIT.CALL.rcgu.o`.
pub(crate) fn unit_of(object: &str) -> Option<&str> {
    let name = object.rsplit('/').next()?;
    let (name, _call) = name.strip_suffix(".rcgu.o")?.rsplit_once('.')?;
    name.rsplit_once('.').map(|(_, unit)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "-m64 /n/rustcA/symbols.o /n/shop-7.aa.1.rcgu.o /n/shop-7.bb.1.rcgu.o \
        -Wl,--as-needed -Wl,-Bstatic /d/libcart-1.rlib /d/liblog-2.rlib /s/libstd-3.rlib \
        /s/libcompiler_builtins-4.rlib -Wl,-Bdynamic -lgcc_s -lc -L /n/raw -B/s/gcc-ld \
        -fuse-ld=lld -Wl,--eh-frame-hdr -Wl,-z,noexecstack -L /s -o /n/shop-7 \
        -Wl,--gc-sections -pie -Wl,-z,relro,-z,now -nodefaultlibs";

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn dependencies_become_one_library() {
        let line = words(LINE);
        let line = Line::parse(&line).unwrap();
        let replaced = set(&["/d/liblog-2.rlib", "/s/libstd-3.rlib"]);
        let args = line.for_library(
            &replaced,
            Path::new("/h/shim.o"),
            Path::new("/h/x.so"),
            "x.so",
        );
        let want = "-shared -o /h/x.so /h/shim.o -Wl,--whole-archive /d/liblog-2.rlib \
            /s/libstd-3.rlib -Wl,--no-whole-archive /s/libcompiler_builtins-4.rlib -m64 -lgcc_s \
            -lc -L /n/raw -B/s/gcc-ld -fuse-ld=lld -L /s -nodefaultlibs -Wl,--eh-frame-hdr \
            -Wl,-z,noexecstack -Wl,-z,lazy -Wl,-soname,x.so";
        assert_eq!(args.join(" "), words(want).join(" "));
    }

    #[test]
    fn a_thin_link_has_the_library_in_their_place() {
        let line = words(LINE);
        let line = Line::parse(&line).unwrap();
        let replaced = set(&["/d/liblog-2.rlib", "/s/libstd-3.rlib"]);
        let thin = |kept: &[&str]| {
            let library = Path::new("/h/x.so");
            line.thin(library, &replaced, &set(kept), "/n/shop-7.bb.1.rcgu.o")
        };
        let want = "-m64 /n/rustcA/symbols.o /n/shop-7.aa.1.rcgu.o -Wl,--as-needed \
            -Wl,-Bstatic /d/libcart-1.rlib /s/libcompiler_builtins-4.rlib -Wl,-Bdynamic -lgcc_s \
            -lc -L /n/raw -B/s/gcc-ld -fuse-ld=lld -Wl,--eh-frame-hdr -Wl,-z,noexecstack -L /s \
            -o /n/shop-7 -pie -nodefaultlibs -Xlinker -rpath -Xlinker /h /h/x.so -Wl,-z,lazy";
        let args = thin(&["/d/libcart-1.rlib"]).unwrap();
        assert_eq!(args.join(" "), words(want).join(" "));
        // An archive that came after the library was made.
        assert_eq!(thin(&[]), None);
    }

    #[test]
    fn a_line_with_anything_unknown_is_left_alone() {
        #[track_caller]
        fn check(more: &str, want: &str) {
            let line = words(&format!("{LINE} {more}"));
            assert_eq!(Line::parse(&line), Err(want));
        }
        check("-Wl,-T,layout.ld", "-Wl,-T,layout.ld");
        check("-Wl,--dynamic-list=/x", "-Wl,--dynamic-list=/x");
        check("-static-pie", "-static-pie");
        check("@/tmp/args", "@/tmp/args");
        check("/d/libbevy_dylib.so", "/d/libbevy_dylib.so");
        check("-Wl,-Bstatic -lsqlite3", "-lsqlite3");
        check("-L", "-L");
        let fixed = words(&LINE.replace("-pie", ""));
        assert_eq!(Line::parse(&fixed), Err("no -pie"));
    }

    #[test]
    fn an_object_is_known_by_its_unit() {
        assert_eq!(unit_of("/n/shop-7.bb.1.rcgu.o"), Some("bb"));
        assert_eq!(unit_of("/n/rustcA/symbols.o"), None);
    }
}
