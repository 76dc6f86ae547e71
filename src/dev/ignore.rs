use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ::ignore::Match;
use ::ignore::gitignore::{Gitignore, GitignoreBuilder};

/// What is never looked at: version control, what npm brings, and what editors leave beside a
/// file while they write it. The rest is git's business, and the user's.
const NEVER: [&str; 19] = [
    ".git/",
    ".hg/",
    ".jj/",
    ".svn/",
    "node_modules/",
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

/// Which files say nothing about the app: those git ignores, those of editors, those that can be
/// made anew, and those the user names.
///
/// `.gitignore` files count also where there is no repository, because a fresh project has the
/// file before it has the repository.
#[derive(Debug)]
pub(crate) struct Ignore {
    // The folders above which no `.gitignore` is read: each source folder's repository, or the
    // folder itself.
    tops: Vec<PathBuf>,
    // What is never looked at, and then the user's lines: the last one that matches decides.
    own: Gitignore,
    global: Gitignore,
    // What each folder says, read when it is first needed.
    folders: HashMap<PathBuf, Folder>,
}

#[derive(Debug)]
struct Folder {
    rules: Gitignore,
    // Tagged as one whose content can be made anew, as cargo tags each target folder
    // (https://bford.info/cachedir/).
    is_cache: bool,
}

impl Ignore {
    /// The rules for what is in `folders`, the package's first. `globs` are the user's, in git's
    /// notation, seen from the package; one that begins with `!` takes an earlier one back.
    pub(crate) fn new(folders: &[PathBuf], globs: &[String]) -> Result<Self, ::ignore::Error> {
        let package = folders.first().map_or(Path::new("/"), PathBuf::as_path);
        Ok(Self {
            tops: folders.iter().map(|folder| top_of(folder)).collect(),
            own: never(package, globs)?,
            global: Gitignore::global().0,
            folders: HashMap::new(),
        })
    }

    /// Whether `path`, or a folder it is in, is ignored.
    pub(crate) fn is_ignored(&mut self, path: &Path) -> bool {
        match self.tops.iter().find(|top| path.starts_with(top)).cloned() {
            Some(top) => self.is_ignored_below(&top, path),
            // Rules of one repository say nothing about another's files.
            None => self.is_refused(path),
        }
    }

    /// Whether `path`, or a folder between `root` and it, is ignored by what stands in `root` or
    /// below. What is said above does not count: somebody asked for `root` by name.
    pub(crate) fn is_ignored_below(&mut self, root: &Path, path: &Path) -> bool {
        let Ok(inside) = path.strip_prefix(root) else {
            return self.is_refused(path);
        };
        let mut place = root.to_owned();
        let mut names = inside.iter().peekable();
        while let Some(name) = names.next() {
            place.push(name);
            let is_dir = names.peek().is_some() || place.is_dir();
            if self.is_ignored_itself(&place, is_dir, root) {
                return true;
            }
        }
        false
    }

    /// Whether the user, or the common sense of this file, refuses `path` or a folder it is in,
    /// whatever git has to say.
    pub(crate) fn is_refused(&self, path: &Path) -> bool {
        let is_refused = |place: &Path| {
            let is_dir = place != path || path.is_dir();
            self.own.matched(place, is_dir).is_ignore()
        };
        match self.tops.iter().find(|top| path.starts_with(top)) {
            // The way to the project is not part of it, whatever it is called.
            Some(top) => path
                .ancestors()
                .take_while(|place| place != top)
                .any(is_refused),
            None => is_refused(path),
        }
    }

    /// Forgets what folders said, because a `.gitignore` has changed.
    pub(crate) fn forget(&mut self) {
        self.folders.clear();
    }

    /// The rule nearest to `path` decides, and a folder's last matching line (gitignore(5)).
    fn is_ignored_itself(&mut self, path: &Path, is_dir: bool, top: &Path) -> bool {
        match self.own.matched(path, is_dir) {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None => {}
        }
        if is_dir && self.folder(path).is_cache {
            return true;
        }
        for folder in path.ancestors().skip(1) {
            match self.folder(folder).rules.matched(path, is_dir) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None if folder == top => break,
                Match::None => {}
            }
        }
        self.global.matched(path, is_dir).is_ignore()
    }

    fn folder(&mut self, path: &Path) -> &Folder {
        self.folders
            .entry(path.to_owned())
            .or_insert_with(|| Folder {
                rules: read(path),
                is_cache: path.join("CACHEDIR.TAG").is_file(),
            })
    }
}

/// The repository `folder` is in, or the folder itself.
fn top_of(folder: &Path) -> PathBuf {
    let repository = folder.ancestors().find(|above| above.join(".git").exists());
    repository.unwrap_or(folder).to_owned()
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
        let mut ignore = Ignore::new(&[dir.path().to_owned()], &globs).unwrap();
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
        let mut ignore = Ignore::new(&[dir.path().join("shop")], &[]).unwrap();
        assert!(ignore.is_ignored(&dir.path().join("shop/notes/today.rs")));
        assert!(!ignore.is_ignored(&dir.path().join("shop/a.rs")));
    }

    #[test]
    fn a_changed_file_of_rules_is_read_again() {
        let dir = folder(&[(".gitignore", "a.txt\n")]);
        let mut ignore = Ignore::new(&[dir.path().to_owned()], &[]).unwrap();
        assert!(ignore.is_ignored(&dir.path().join("a.txt")));
        fs::write(dir.path().join(".gitignore"), "b.txt\n").unwrap();
        ignore.forget();
        assert!(!ignore.is_ignored(&dir.path().join("a.txt")));
    }

    #[test]
    fn the_users_own_globs_are_obeyed_and_bad_ones_refused() {
        check(&[], &["*.md", "/data"], "docs/a.md", true);
        check(&[], &["*.md", "/data"], "data/a.rs", true);
        assert!(Ignore::new(&[], &["a{b".to_owned()]).is_err());
    }

    #[test]
    fn a_later_line_of_the_users_takes_back_an_earlier_one_and_git_s() {
        let files = [(".gitignore", "*.log\n")];
        check(&files, &["*.md", "!notes.md"], "notes.md", false);
        check(&files, &["*.md", "!notes.md"], "other.md", true);
        check(&files, &["!shop.log"], "shop.log", false);
        check(&files, &["!shop.log", "*.log"], "shop.log", true);
    }

    #[test]
    fn the_users_lines_are_seen_from_the_package() {
        let dir = folder(&[(".git/HEAD", ""), ("shop/data/a.rs", ""), ("data/a.rs", "")]);
        let mut ignore = Ignore::new(&[dir.path().join("shop")], &["/data".to_owned()]).unwrap();
        assert!(ignore.is_ignored(&dir.path().join("shop/data/a.rs")));
        assert!(!ignore.is_ignored(&dir.path().join("data/a.rs")));
    }

    #[test]
    fn what_was_asked_for_by_name_is_ignored_by_the_rules_inside_it_only() {
        let dir = folder(&[
            (".gitignore", "/data/*\n"),
            ("data/.gitignore", "*.tmp\n"),
            ("data/x.json", ""),
        ]);
        let mut ignore = Ignore::new(&[dir.path().to_owned()], &[]).unwrap();
        let data = dir.path().join("data");
        assert!(ignore.is_ignored(&data.join("x.json")));
        assert!(!ignore.is_ignored_below(&data, &data.join("x.json")));
        assert!(ignore.is_ignored_below(&data, &data.join("x.tmp")));
        assert!(!ignore.is_refused(&data.join("x.json")));
    }

    #[test]
    fn any_target_folder_is_ignored_by_its_tag() {
        let files = [(
            "fuzz/out/CACHEDIR.TAG",
            "Signature: 8a477f597d28d172789f06886806bc55",
        )];
        check(&files, &[], "fuzz/out/debug/gen.rs", true);
        check(&files, &[], "fuzz/src/gen.rs", false);
    }

    #[test]
    fn a_path_dependency_has_rules_of_its_own() {
        let dir = folder(&[
            ("base/.gitignore", "*.gen\n"),
            ("shop/.gitignore", "*.log\n"),
        ]);
        let folders = [dir.path().join("shop"), dir.path().join("base")];
        let mut ignore = Ignore::new(&folders, &["*.skip".to_owned()]).unwrap();
        assert!(ignore.is_ignored(&dir.path().join("base/a.gen")));
        assert!(!ignore.is_ignored(&dir.path().join("base/a.log")));
        assert!(ignore.is_ignored(&dir.path().join("base/a.skip")));
    }
}
