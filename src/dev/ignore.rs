use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ::ignore::Match;
use ::ignore::gitignore::{Gitignore, GitignoreBuilder};

/// What is never looked at: version control, and what editors leave beside a file while they
/// write it. The rest is git's business, and the user's.
const NEVER: [&str; 18] = [
    ".git/",
    ".hg/",
    ".jj/",
    ".svn/",
    "*~",
    "*.swp",
    "*.swo",
    "*.swx",
    "4913",
    ".#*",
    "\\#*#",
    "*.kate-swp",
    "*___jb_tmp___",
    "*___jb_old___",
    ".goutputstream-*",
    "*.bak",
    "*.orig",
    ".DS_Store",
];

/// What programs in other languages make beside their sources, or write while they run; for
/// folders of which nobody says what is read there.
pub(crate) const MADE: [&str; 22] = [
    "target/",
    "node_modules/",
    "__pycache__/",
    "*.py[cod]",
    ".venv/",
    "venv/",
    ".tox/",
    ".*_cache/",
    ".cache/",
    ".next/",
    ".nuxt/",
    ".output/",
    ".svelte-kit/",
    ".vite/",
    ".turbo/",
    "*.log",
    "*.pid",
    "*.sock",
    "*.sqlite*",
    "*.db",
    "*.db-*",
    "*.tmp",
];

/// Which files under one folder say nothing about the app: those git ignores, those of editors,
/// and those the user names.
///
/// `.gitignore` files count also where there is no repository, because a fresh project has the
/// file before it has the repository.
#[derive(Debug)]
pub(crate) struct Ignore {
    // The folder above which no `.gitignore` is read: the repository's.
    top: PathBuf,
    never: Gitignore,
    global: Gitignore,
    // Each folder's own rules, read when they are first needed.
    folders: HashMap<PathBuf, Gitignore>,
}

impl Ignore {
    /// The rules for `folder` and what is in it. `globs` are the user's, in git's notation.
    pub(crate) fn new(folder: &Path, globs: &[String]) -> Result<Self, ::ignore::Error> {
        let top = folder
            .ancestors()
            .find(|above| above.join(".git").exists())
            .unwrap_or(folder);
        Ok(Self {
            top: top.to_owned(),
            never: never(top, globs)?,
            global: Gitignore::global().0,
            folders: HashMap::new(),
        })
    }

    /// Whether `path`, or a folder it is in, is ignored.
    pub(crate) fn is_ignored(&mut self, path: &Path) -> bool {
        let Ok(inside) = path.strip_prefix(&self.top) else {
            // Rules of one repository say nothing about another's files.
            return self.never.matched(path, false).is_ignore();
        };
        let mut place = self.top.clone();
        let mut names = inside.iter().peekable();
        while let Some(name) = names.next() {
            place.push(name);
            let is_dir = names.peek().is_some() || place.is_dir();
            if self.is_ignored_itself(&place, is_dir) {
                return true;
            }
        }
        false
    }

    /// Forgets what `.gitignore` files said, because one of them has changed.
    pub(crate) fn forget(&mut self) {
        self.folders.clear();
    }

    /// The rule nearest to `path` decides, and a folder's last matching line (gitignore(5)).
    fn is_ignored_itself(&mut self, path: &Path, is_dir: bool) -> bool {
        if self.never.matched(path, is_dir).is_ignore() {
            return true;
        }
        for folder in path.ancestors().skip(1) {
            let rules = self
                .folders
                .entry(folder.to_owned())
                .or_insert_with(|| read(folder));
            match rules.matched(path, is_dir) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None if folder == self.top => break,
                Match::None => {}
            }
        }
        self.global.matched(path, is_dir).is_ignore()
    }
}

/// What is never looked at below `top`, and what `globs` name, in git's notation.
pub(crate) fn never(top: &Path, globs: &[String]) -> Result<Gitignore, ::ignore::Error> {
    let mut never = GitignoreBuilder::new(top);
    for glob in NEVER.into_iter().chain(globs.iter().map(String::as_str)) {
        never.add_line(None, glob)?;
    }
    never.build()
}

fn read(folder: &Path) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    for file in [folder.join(".git/info/exclude"), folder.join(".gitignore")] {
        // Absent nearly everywhere; and a line git cannot read, git does not obey either.
        builder.add(file);
    }
    builder.build().unwrap_or_else(|error| {
        log::debug!("the rules of {} are not obeyed: {error}", folder.display());
        Gitignore::empty()
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    #[track_caller]
    fn check(files: &[(&str, &str)], globs: &[&str], path: &str, want: bool) {
        let dir = folder(files);
        let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        let mut ignore = Ignore::new(dir.path(), &globs).unwrap();
        assert_eq!(ignore.is_ignored(&dir.path().join(path)), want, "{path}");
    }

    #[test]
    fn editors_and_version_control_are_never_looked_at() {
        for path in [
            "src/.main.rs.swp",
            "src/main.rs~",
            "src/4913",
            "src/.#main.rs",
            "src/#main.rs#",
            "src/main.rs___jb_tmp___",
            ".git/index",
            ".jj/store",
        ] {
            check(&[], &[], path, true);
        }
        check(&[], &[], "src/main.rs", false);
        check(&[], &[], ".env", false);
    }

    #[test]
    fn git_ignore_files_count_from_the_nearest_up_with_or_without_a_repository() {
        let files = [
            (".gitignore", "*.log\n/data\n!keep.log\n"),
            ("a/.gitignore", "!b.log\n"),
        ];
        check(&files, &[], "x.log", true);
        check(&files, &[], "a/x.log", true);
        check(&files, &[], "a/b.log", false);
        check(&files, &[], "keep.log", false);
        check(&files, &[], "data/book.json", true);
        check(&files, &[], "a/data/book.json", false);
    }

    #[test]
    fn what_is_in_an_ignored_folder_stays_ignored() {
        let files = [(".gitignore", "out/\n"), ("out/.gitignore", "!kept.rs\n")];
        check(&files, &[], "out/kept.rs", true);
    }

    #[test]
    fn the_repository_above_the_package_has_a_say() {
        let dir = folder(&[
            (".git/HEAD", ""),
            (".gitignore", "notes/\n"),
            ("shop/a.rs", ""),
        ]);
        let mut ignore = Ignore::new(&dir.path().join("shop"), &[]).unwrap();
        assert!(ignore.is_ignored(&dir.path().join("shop/notes/today.rs")));
        assert!(!ignore.is_ignored(&dir.path().join("shop/a.rs")));
    }

    #[test]
    fn a_changed_file_of_rules_is_read_again() {
        let dir = folder(&[(".gitignore", "a.txt\n")]);
        let mut ignore = Ignore::new(dir.path(), &[]).unwrap();
        assert!(ignore.is_ignored(&dir.path().join("a.txt")));
        fs::write(dir.path().join(".gitignore"), "b.txt\n").unwrap();
        ignore.forget();
        assert!(!ignore.is_ignored(&dir.path().join("a.txt")));
    }

    #[test]
    fn the_users_own_globs_are_obeyed_and_bad_ones_refused() {
        check(&[], &["*.md", "/data"], "docs/a.md", true);
        check(&[], &["*.md", "/data"], "data/a.rs", true);
        assert!(Ignore::new(Path::new("/"), &["a{b".to_owned()]).is_err());
    }
}
