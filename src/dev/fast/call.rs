use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A call of the compiler, as cargo made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) rustc: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) dir: PathBuf,
    /// What cargo changed in the environment it was given.
    pub(crate) changes: BTreeMap<String, Change>,
}

/// What became of an environment variable; `None` stands for unset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// Environment variables by name.
pub(crate) type Environment = BTreeMap<String, String>;

/// What holds for one call only: the job server's descriptors, and our own stand-in.
const OF_ONE_CALL: [&str; 4] = [
    "CARGO_MAKEFLAGS",
    "MAKEFLAGS",
    "MFLAGS",
    "RUSTC_WORKSPACE_WRAPPER",
];

impl Call {
    /// The call with this environment, by a cargo that was given the environment `outer`.
    pub(crate) fn new(
        rustc: PathBuf,
        args: Vec<String>,
        dir: PathBuf,
        env: &Environment,
        outer: &Environment,
    ) -> Self {
        let names = env.keys().chain(outer.keys());
        let changes = names
            .filter(|name| !OF_ONE_CALL.contains(&name.as_str()))
            .map(|name| {
                let (before, after) = (outer.get(name).cloned(), env.get(name).cloned());
                (name.clone(), Change { before, after })
            })
            .filter(|(_, change)| change.before != change.after)
            .collect();
        Self {
            rustc,
            args,
            dir,
            changes,
        }
    }

    /// Whether it makes a program and nothing else.
    pub(crate) fn makes_a_program(&self) -> bool {
        let kinds: Vec<&str> = self.values("--crate-type").collect();
        let emits = |what| {
            self.values("--emit")
                .any(|list| list.split(',').any(|emitted| emitted == what))
        };
        kinds == ["bin"]
            && emits("link")
            && emits("dep-info")
            && !self.args.iter().any(|arg| arg == "--test")
    }

    /// What its results are called, without an extension: `shop-0123456789abcdef`.
    pub(crate) fn stem(&self) -> Option<String> {
        let name = self.values("--crate-name").next()?;
        let suffix = self.codegen("extra-filename").last().unwrap_or_default();
        Some(format!("{name}{suffix}"))
    }

    /// Where its results go.
    pub(crate) fn out_dir(&self) -> Option<&Path> {
        self.values("--out-dir").last().map(Path::new)
    }

    /// The libraries that are named to it, in files.
    pub(crate) fn externs(&self) -> impl Iterator<Item = &Path> {
        self.values("--extern")
            .filter_map(|named| named.split_once('='))
            .map(|(_, path)| Path::new(path))
    }

    /// The values given for the code generator's option `name`.
    pub(crate) fn codegen<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let short = self.args.iter().filter_map(|arg| arg.strip_prefix("-C"));
        let separate = self.values("-C").chain(self.values("--codegen"));
        short.chain(separate).filter_map(move |option| {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            (key.replace('_', "-") == name).then_some(value)
        })
    }

    /// Whether it has an option that starts like this.
    pub(crate) fn has(&self, start: &str) -> bool {
        self.args.iter().any(|arg| arg.starts_with(start))
    }

    /// The values of `option`, written in one argument or in two.
    pub(crate) fn values<'a>(&'a self, option: &'a str) -> impl Iterator<Item = &'a str> {
        self.args.iter().enumerate().filter_map(move |(at, arg)| {
            let rest = arg.strip_prefix(option)?;
            match rest.is_empty() {
                true => self.args.get(at + 1).map(String::as_str),
                false => rest.strip_prefix('='),
            }
        })
    }

    /// The arguments for the same call with its results in `out_dir`, and `linker`, if any, as
    /// the linker.
    pub(crate) fn args_for(
        &self,
        out_dir: &Path,
        linker: Option<&Path>,
        has_colors: bool,
    ) -> Vec<String> {
        let mut args = Vec::with_capacity(self.args.len() + 4);
        let mut given = self.args.iter();
        while let Some(arg) = given.next() {
            match arg.as_str() {
                "--out-dir" => {
                    given.next();
                }
                _ if arg.starts_with("--out-dir=") => {}
                _ => match arg.strip_prefix("--json=") {
                    Some(list) => args.push(format!("--json={}", with_colors(list, has_colors))),
                    None => args.push(arg.clone()),
                },
            }
        }
        args.extend(["--out-dir".to_owned(), out_dir.display().to_string()]);
        if let Some(linker) = linker {
            args.extend(["-C".to_owned(), format!("linker={}", linker.display())]);
        }
        args
    }

    /// The variable whose value cargo had changed from another one than `outer` has now.
    pub(crate) fn contradiction(&self, outer: &Environment) -> Option<&str> {
        self.changes
            .iter()
            .find(|(name, change)| outer.get(*name) != change.before.as_ref())
            .map(|(name, _)| name.as_str())
    }

    /// What the compiler would find under `name`, where devserve finds `outer`.
    pub(crate) fn variable<'a>(&'a self, name: &str, outer: &'a Environment) -> Option<&'a str> {
        match self.changes.get(name) {
            Some(change) => change.after.as_deref(),
            None => outer.get(name).map(String::as_str),
        }
    }
}

/// The kinds of JSON that cargo asked for, with the colors that we want.
fn with_colors(list: &str, has_colors: bool) -> String {
    const COLORS: &str = "diagnostic-rendered-ansi";
    let kinds = list.split(',').filter(|kind| *kind != COLORS);
    let colors = has_colors.then_some(COLORS);
    kinds.chain(colors).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(line: &str) -> Call {
        let args = line.split_whitespace().map(str::to_owned).collect();
        let none = Environment::new();
        Call::new("/rustc".into(), args, "/shop".into(), &none, &none)
    }

    const SHOP: &str = "--crate-name shop --edition=2024 src/main.rs --error-format=json \
        --json=diagnostic-rendered-ansi,artifacts --crate-type bin --emit=dep-info,link \
        -C debuginfo=2 -Cmetadata=77 -C extra-filename=-77 --out-dir /t/deps \
        --extern log=/t/deps/liblog-1.rlib --extern noprelude:cart=/t/deps/libcart-2.rlib \
        --extern proc_macro";

    #[test]
    fn a_call_is_read_however_its_options_are_written() {
        let shop = call(SHOP);
        assert_eq!(shop.stem().as_deref(), Some("shop-77"));
        assert_eq!(shop.out_dir(), Some(Path::new("/t/deps")));
        assert_eq!(shop.codegen("metadata").collect::<Vec<_>>(), ["77"]);
        let together = call("--crate-name=shop --out-dir=/t --codegen extra_filename=-1");
        assert_eq!(together.stem().as_deref(), Some("shop-1"));
        assert_eq!(together.out_dir(), Some(Path::new("/t")));
        let externs: Vec<&Path> = shop.externs().collect();
        let want = ["/t/deps/liblog-1.rlib", "/t/deps/libcart-2.rlib"].map(Path::new);
        assert_eq!(externs, want);
    }

    #[test]
    fn only_a_call_that_makes_a_program_is_one() {
        #[track_caller]
        fn check(line: &str, want: bool) {
            assert_eq!(call(line).makes_a_program(), want, "{line}");
        }
        check(SHOP, true);
        check(&format!("{SHOP} --test"), false);
        check("--crate-type bin --emit=dep-info,metadata", false);
        check("--crate-type lib --emit=dep-info,metadata,link", false);
        check(
            "--crate-type bin --crate-type lib --emit=link,dep-info",
            false,
        );
        check("-vV", false);
    }

    #[test]
    fn a_repeated_call_puts_its_results_elsewhere() {
        let args = call(SHOP).args_for(Path::new("/new"), Some(Path::new("/our/cc")), false);
        let line = args.join(" ");
        assert!(!line.contains("/t/deps --extern"), "{line}");
        assert!(line.contains("--json=artifacts "), "{line}");
        assert!(line.ends_with("--out-dir /new -C linker=/our/cc"), "{line}");
        let colored = call("--json=artifacts --out-dir=/t").args_for(Path::new("/n"), None, true);
        assert_eq!(
            colored.join(" "),
            "--json=artifacts,diagnostic-rendered-ansi --out-dir /n"
        );
    }

    #[test]
    fn the_environment_is_kept_as_what_cargo_changed() {
        let env = |pairs: &[(&str, &str)]| -> Environment {
            let pairs = pairs.iter();
            pairs.map(|(a, b)| (a.to_string(), b.to_string())).collect()
        };
        let outer = env(&[("PATH", "/bin"), ("HOME", "/root"), ("GONE", "1")]);
        let inner = env(&[
            ("PATH", "/cargo:/bin"),
            ("HOME", "/root"),
            ("CARGO_PKG_NAME", "shop"),
            ("CARGO_MAKEFLAGS", "-j"),
            ("RUSTC_WORKSPACE_WRAPPER", "us"),
        ]);
        let call = Call::new("/rustc".into(), vec![], "/".into(), &inner, &outer);
        let names: Vec<&str> = call.changes.keys().map(String::as_str).collect();
        assert_eq!(names, ["CARGO_PKG_NAME", "GONE", "PATH"]);
        assert_eq!(call.contradiction(&outer), None);
        assert_eq!(call.variable("GONE", &outer), None);
        assert_eq!(call.variable("PATH", &outer), Some("/cargo:/bin"));
        assert_eq!(call.variable("HOME", &outer), Some("/root"));
        // What cargo left alone may be what it likes.
        let later = env(&[("PATH", "/bin"), ("HOME", "/home"), ("GONE", "1")]);
        assert_eq!(call.contradiction(&later), None);
        assert_eq!(call.variable("HOME", &later), Some("/home"));
        let other = env(&[("PATH", "/sbin"), ("GONE", "1")]);
        assert_eq!(call.contradiction(&other), Some("PATH"));
    }
}
