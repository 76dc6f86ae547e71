use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::dev::fast::call::{Call, Environment};

/// What is known when an edit is to be built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// The call that made the program, as cargo made it last.
    pub(crate) call: &'a Call,
    /// What has changed since the last good build.
    pub(crate) changed: &'a BTreeSet<PathBuf>,
    /// What that crate alone was made of.
    pub(crate) own: &'a HashSet<PathBuf>,
    /// What other crates and build scripts read: files, and folders with all in them.
    pub(crate) others: &'a HashSet<PathBuf>,
    /// A manifest, setting, library or tool that is not what it was.
    pub(crate) surroundings: Option<&'a Path>,
    /// Variables that the source asks for, as they were.
    pub(crate) asked: &'a [(String, Option<String>)],
    /// The environment that cargo would be given now.
    pub(crate) outer: &'a Environment,
    /// Whether the dependencies lie ready in one shared object, as they are now.
    pub(crate) library: Library,
}

/// How it stands with the shared object of the dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    /// It is there.
    Ready,
    /// It is not there yet, or not any more.
    Missing,
}

/// How the compiler's result is linked when cargo is passed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// As cargo has it.
    Whole,
    /// Against the shared object of the dependencies.
    Thin,
}

/// Why an edit goes through cargo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// No build by cargo has shown how the program is made.
    Unknown,
    /// No file is known to have changed.
    Nothing,
    /// The file is not one of the crate's own sources.
    Foreign(PathBuf),
    /// Another crate or a build script reads the file too.
    Shared(PathBuf),
    /// A manifest, setting, library or tool has changed.
    Surroundings(PathBuf),
    /// The variable is not what it was.
    Variable(String),
    /// An option of the compiler whose effect is not known.
    Option(String),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("no call of the compiler was seen"),
            Self::Nothing => f.write_str("no file of the program has changed"),
            Self::Foreign(path) => write!(f, "{} is not the program's own", path.display()),
            Self::Shared(path) => write!(f, "{} is also read by another", path.display()),
            Self::Surroundings(path) => write!(f, "{} has changed", path.display()),
            Self::Variable(name) => write!(f, "{name} has changed"),
            Self::Option(option) => write!(f, "the compiler is given {option}"),
        }
    }
}

/// Whether the edit may pass cargo by, and how it is linked then.
pub(crate) fn choose(facts: Facts<'_>) -> Result<Link, Doubt> {
    let call = facts.call;
    if !call.makes_a_program() || !call.has("--error-format=json") {
        return Err(Doubt::Unknown);
    }
    if let Some(option) = call.args.iter().find(|arg| arg.starts_with("-Z")) {
        return Err(Doubt::Option(option.clone()));
    }
    // Debug information in files of its own would be lost with the folder of the build.
    if let Some(kind) = call.codegen("split-debuginfo").find(|kind| *kind != "off") {
        return Err(Doubt::Option(format!("split-debuginfo={kind}")));
    }
    if let Some(path) = facts.surroundings {
        return Err(Doubt::Surroundings(path.to_owned()));
    }
    if let Some(name) = call.contradiction(facts.outer) {
        return Err(Doubt::Variable(name.to_owned()));
    }
    for (name, was) in facts.asked {
        if call.variable(name, facts.outer) != was.as_deref() {
            return Err(Doubt::Variable(name.clone()));
        }
    }
    if facts.changed.is_empty() {
        return Err(Doubt::Nothing);
    }
    for path in facts.changed {
        if !facts.own.contains(path) {
            return Err(Doubt::Foreign(path.clone()));
        }
        if path.ancestors().any(|above| facts.others.contains(above)) {
            return Err(Doubt::Shared(path.clone()));
        }
    }
    Ok(match facts.library {
        Library::Ready if can_be_thin(call) => Link::Thin,
        Library::Ready | Library::Missing => Link::Whole,
    })
}

/// Whether a shared object of the dependencies can stand for them in what the call makes.
/// Conservative: an unusual option is linked as cargo has it.
pub(crate) fn can_be_thin(call: &Call) -> bool {
    const UNUSUAL: [&str; 11] = [
        "instrument-coverage",
        "linker",
        "linker-flavor",
        "linker-plugin-lto",
        "link-arg",
        "link-args",
        "link-dead-code",
        "link-self-contained",
        "prefer-dynamic",
        "profile-generate",
        "relocation-model",
    ];
    let is =
        |option: &str, usual: &[&str]| call.codegen(option).all(|value| usual.contains(&value));
    let is_for_linux = call
        .values("--target")
        .all(|target| target.ends_with("-linux-gnu"));
    is_for_linux
        && UNUSUAL
            .iter()
            .all(|option| call.codegen(option).next().is_none())
        && is("lto", &["off", "no", "n", "false"])
        && is("panic", &["unwind"])
        && !call
            .codegen("target-feature")
            .any(|features| features.contains("crt-static"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = "--crate-name shop --error-format=json --crate-type bin \
        --emit=dep-info,link -C debuginfo=2 -C extra-filename=-7 --out-dir /t/deps";

    /// Everything in order; each test then spoils one thing.
    struct Setting {
        call: Call,
        changed: BTreeSet<PathBuf>,
        own: HashSet<PathBuf>,
        others: HashSet<PathBuf>,
        surroundings: Option<PathBuf>,
        asked: Vec<(String, Option<String>)>,
        outer: Environment,
        library: Library,
    }

    impl Setting {
        fn new() -> Self {
            Self::with("")
        }

        /// With more arguments in the call.
        fn with(args: &str) -> Self {
            let line = format!("{CALL} {args}");
            let args = line.split_whitespace().map(str::to_owned).collect();
            let outer = Environment::from([
                ("HOME".to_owned(), "/root".to_owned()),
                ("PATH".to_owned(), "/bin".to_owned()),
            ]);
            let mut inner = outer.clone();
            inner.insert("PATH".to_owned(), "/cargo:/bin".to_owned());
            inner.insert("CARGO_PKG_NAME".to_owned(), "shop".to_owned());
            let paths = ["/shop/src/main.rs", "/shop/src/cart.rs", "/shop/logo.svg"];
            Self {
                call: Call::new("/rustc".into(), args, "/shop".into(), &inner, &outer),
                changed: BTreeSet::from(["/shop/src/main.rs".into()]),
                own: paths.iter().map(PathBuf::from).collect(),
                others: HashSet::from(["/shop/build.rs".into(), "/shop/src/lib.rs".into()]),
                surroundings: None,
                asked: vec![
                    ("CARGO_PKG_NAME".to_owned(), Some("shop".to_owned())),
                    ("HOME".to_owned(), Some("/root".to_owned())),
                    ("GONE".to_owned(), None),
                ],
                outer,
                library: Library::Ready,
            }
        }

        #[track_caller]
        fn check(&self, want: Result<Link, Doubt>) {
            let facts = Facts {
                call: &self.call,
                changed: &self.changed,
                own: &self.own,
                others: &self.others,
                surroundings: self.surroundings.as_deref(),
                asked: &self.asked,
                outer: &self.outer,
                library: self.library,
            };
            assert_eq!(choose(facts), want);
        }

        #[track_caller]
        fn check_changed(changed: &[&str], want: Result<Link, Doubt>) {
            let mut setting = Self::new();
            setting.changed = changed.iter().map(PathBuf::from).collect();
            setting.check(want);
        }
    }

    #[test]
    fn an_edit_of_the_crate_s_own_files_passes_cargo_by() {
        Setting::check_changed(&["/shop/src/main.rs"], Ok(Link::Thin));
        // What `include_str!` names is one of them.
        Setting::check_changed(&["/shop/src/cart.rs", "/shop/logo.svg"], Ok(Link::Thin));
    }

    #[test]
    fn an_edit_of_anything_else_goes_through_cargo() {
        let foreign = |path: &str| Err(Doubt::Foreign(path.into()));
        for path in [
            "/shop/Cargo.toml",
            "/shop/Cargo.lock",
            "/shop/build.rs",
            "/shop/.cargo/config.toml",
            "/shop/rust-toolchain.toml",
            "/shop/macros/src/lib.rs",
            "/shop/src/lib.rs",
            "/shop/src/new.rs",
        ] {
            Setting::check_changed(&[path], foreign(path));
            Setting::check_changed(&["/shop/src/main.rs", path], foreign(path));
        }
        Setting::check_changed(&[], Err(Doubt::Nothing));
    }

    #[test]
    fn a_file_of_two_crates_goes_through_cargo() {
        let mut setting = Setting::new();
        setting.others.insert("/shop/src/main.rs".into());
        setting.check(Err(Doubt::Shared("/shop/src/main.rs".into())));
        // A build script that reads a folder, or the whole package.
        for folder in ["/shop/src", "/shop"] {
            let mut setting = Setting::new();
            setting.others.insert(folder.into());
            setting.check(Err(Doubt::Shared("/shop/src/main.rs".into())));
        }
    }

    #[test]
    fn changed_surroundings_go_through_cargo() {
        let mut setting = Setting::new();
        setting.surroundings = Some("/home/.cargo/config.toml".into());
        setting.check(Err(Doubt::Surroundings("/home/.cargo/config.toml".into())));
    }

    #[test]
    fn changed_variables_go_through_cargo() {
        for name in ["PATH", "HOME", "GONE"] {
            let mut setting = Setting::new();
            setting.outer.insert(name.to_owned(), "/other".to_owned());
            setting.check(Err(Doubt::Variable(name.to_owned())));
        }
        let mut setting = Setting::new();
        setting.asked = vec![("CARGO_PKG_NAME".to_owned(), Some("till".to_owned()))];
        setting.check(Err(Doubt::Variable("CARGO_PKG_NAME".to_owned())));
        // Nobody asks for this one.
        let mut setting = Setting::new();
        setting.outer.insert("TERM".to_owned(), "vt100".to_owned());
        setting.check(Ok(Link::Thin));
    }

    #[test]
    fn unusual_options_and_other_results_go_through_cargo() {
        let unstable = Err(Doubt::Option("-Zrandomize-layout".to_owned()));
        Setting::with("-Zrandomize-layout").check(unstable);
        let split = Err(Doubt::Option("split-debuginfo=unpacked".to_owned()));
        Setting::with("-C split-debuginfo=unpacked").check(split);
        Setting::with("-C split-debuginfo=off").check(Ok(Link::Thin));
        Setting::with("--test").check(Err(Doubt::Unknown));
        Setting::with("--crate-type cdylib").check(Err(Doubt::Unknown));
    }

    #[test]
    fn what_a_shared_object_could_change_is_linked_whole() {
        for unusual in [
            "-C lto",
            "-Clto=thin",
            "-C linker-plugin-lto",
            "-C panic=abort",
            "-C linker=clang",
            "-C link-arg=-s",
            "-Clink-args=-s",
            "-C prefer-dynamic",
            "-C relocation-model=static",
            "-C target-feature=+crt-static",
            "-C instrument-coverage",
            "--target x86_64-unknown-linux-musl",
            "--target=wasm32-wasip1",
        ] {
            Setting::with(unusual).check(Ok(Link::Whole));
        }
        for usual in ["-C lto=off", "-C panic=unwind", "-C target-feature=+aes"] {
            Setting::with(usual).check(Ok(Link::Thin));
        }
        let mut setting = Setting::new();
        setting.library = Library::Missing;
        setting.check(Ok(Link::Whole));
    }
}
