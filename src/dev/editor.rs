use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::pages;

/// The editor that places in source are opened with, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Editor {
    /// None is known.
    None,
    /// It follows links of its own: a template as [`pages::Editor::Link`] has it.
    Link(String),
    /// It is started with these words, `{path}`, `{line}` and `{column}` filled in.
    Command(Vec<String>),
}

/// Starts the editor at places in source that pages ask for.
#[derive(Debug)]
pub(crate) struct Opener {
    editor: Editor,
    // The folder that the compiler names files from.
    root: PathBuf,
    // The folders whose files may be opened.
    allowed: Vec<PathBuf>,
    token: String,
}

/// Why nothing was opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// No editor is started, only linked to.
    #[error("no editor is started from here; set DEVSERVE_EDITOR to a command with {{path}}")]
    NoCommand,
    /// Not `file:line:column`.
    #[error("{place:?} names no place in a file")]
    NoPlace { place: String },
    /// Not there, or not the app's.
    #[error("{file} is no file of this workspace")]
    Outside { file: String },
    /// The command could not be started.
    #[error("cannot start {program}: {source}")]
    NotStarted { program: String, source: io::Error },
}

impl Editor {
    /// The editor that the environment names.
    ///
    /// `DEVSERVE_EDITOR` comes first: a known name, a link with `{path}`, a command with
    /// `{path}`, or `none`. Then what the terminal belongs to, then `VISUAL` and `EDITOR`, of
    /// which only known names count: others would need a terminal.
    pub(crate) fn choose(variable: impl Fn(&str) -> Option<String>) -> Self {
        if let Some(given) = variable("DEVSERVE_EDITOR").filter(|given| !given.trim().is_empty()) {
            return Self::read(&given, &variable);
        }
        let terminal = match variable("TERM_PROGRAM").as_deref() {
            Some("vscode") if variable("CURSOR_TRACE_ID").is_some() => Some("cursor"),
            Some("vscode") => Some("code"),
            Some("zed") => Some("zed"),
            _ => variable("NVIM").map(|_| "nvim"),
        };
        let named = ["VISUAL", "EDITOR"].into_iter().filter_map(&variable);
        let names = terminal.map(str::to_owned).into_iter().chain(named);
        names
            .filter_map(|name| Self::known(&name, &variable))
            .next()
            .unwrap_or(Self::None)
    }

    fn read(given: &str, variable: &impl Fn(&str) -> Option<String>) -> Self {
        if !given.contains("{path}") {
            return Self::known(given, variable).unwrap_or(Self::None);
        }
        let is_link = |scheme: &str| {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        match given.split_once("://") {
            Some((scheme, _)) if is_link(scheme) => Self::Link(given.to_owned()),
            _ => Self::Command(given.split_whitespace().map(str::to_owned).collect()),
        }
    }

    /// By the name of its program, whatever arguments stand behind that.
    fn known(words: &str, variable: &impl Fn(&str) -> Option<String>) -> Option<Self> {
        let program = words.split_whitespace().next()?;
        let name = Path::new(program).file_name()?.to_str()?;
        let link =
            |scheme: &str| Self::Link(format!("{scheme}://file{{path}}:{{line}}:{{column}}"));
        let command = |rest: &[&str]| {
            let words = [program].into_iter().chain(rest.iter().copied());
            Self::Command(words.map(str::to_owned).collect())
        };
        Some(match name {
            "code" => link("vscode"),
            "code-insiders" => link("vscode-insiders"),
            "codium" | "vscodium" => link("vscodium"),
            "cursor" => link("cursor"),
            "windsurf" => link("windsurf"),
            "zed" | "zeditor" | "zed-editor" => link("zed"),
            "subl" | "sublime_text" => command(&["{path}:{line}:{column}"]),
            "idea" | "rustrover" | "clion" => {
                command(&["--line", "{line}", "--column", "{column}", "{path}"])
            }
            "kate" => command(&["--line", "{line}", "--column", "{column}", "{path}"]),
            "gedit" | "gnome-text-editor" => command(&["+{line}:{column}", "{path}"]),
            "gvim" => command(&["--remote-silent", "+{line}", "{path}"]),
            "emacs" | "emacsclient" => Self::Command(
                ["emacsclient", "--no-wait", "+{line}:{column}", "{path}"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
            // Only one that runs already can show it: another would need a terminal.
            "nvim" => {
                let server = variable("NVIM").or_else(|| variable("NVIM_LISTEN_ADDRESS"))?;
                let edit = "execute(['edit ' . fnameescape('{path}'), \
                            'call cursor({line}, {column})'])";
                let words = ["nvim", "--server", &server, "--remote-expr", edit];
                Self::Command(words.map(str::to_owned).to_vec())
            }
            _ => return None,
        })
    }

    /// The words of its command for a place; `None` where it has none.
    fn command(&self, path: &str, line: u32, column: u32) -> Option<Vec<OsString>> {
        let Self::Command(words) = self else {
            return None;
        };
        let fill = |word: &String| {
            // Vim's way to have a quote in a text between quotes.
            let path = match word.contains("'{path}'") {
                true => path.replace('\'', "''"),
                false => path.to_owned(),
            };
            let word = word
                .replace("{line}", &line.to_string())
                .replace("{column}", &column.to_string());
            OsString::from(word.replace("{path}", &path))
        };
        Some(words.iter().map(fill).collect())
    }
}

impl Opener {
    /// Opens files in the folders of `allowed`, with names that start from `root`.
    pub(crate) fn new(
        editor: Editor,
        root: PathBuf,
        allowed: Vec<PathBuf>,
    ) -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self {
            editor,
            root,
            allowed,
            token: bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    /// How pages open places.
    pub(crate) fn for_pages(&self) -> pages::Editor {
        match &self.editor {
            Editor::None => pages::Editor::None,
            Editor::Link(template) => pages::Editor::Link {
                template: template.clone(),
                root: self.root.to_string_lossy().into_owned(),
            },
            Editor::Command(_) => pages::Editor::Ask {
                token: self.token.clone(),
            },
        }
    }

    /// What a request has to name.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Starts the editor at `place`, which is `file:line:column`.
    pub(crate) fn open(&self, place: &str) -> Result<(), OpenError> {
        let (file, line, column) = read_place(place).ok_or_else(|| OpenError::NoPlace {
            place: place.to_owned(),
        })?;
        let path = self.find(file).ok_or_else(|| OpenError::Outside {
            file: file.to_owned(),
        })?;
        let words = self.editor.command(&path, line, column);
        let words = words.ok_or(OpenError::NoCommand)?;
        start(&words).map_err(|source| OpenError::NotStarted {
            program: words[0].to_string_lossy().into_owned(),
            source,
        })
    }

    /// The file, with all links resolved; `None` where it is not one of ours.
    fn find(&self, file: &str) -> Option<String> {
        let path = self.root.join(file).canonicalize().ok()?;
        let is_inside = |folder: &PathBuf| {
            folder
                .canonicalize()
                .is_ok_and(|folder| path.starts_with(folder))
        };
        let is_ours = path.is_file() && self.allowed.iter().any(is_inside);
        is_ours.then(|| path.to_str().map(str::to_owned))?
    }
}

fn read_place(place: &str) -> Option<(&str, u32, u32)> {
    let mut parts = place.rsplitn(3, ':');
    let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let file = parts.next().filter(|file| !file.is_empty())?;
    Some((file, line, column))
}

/// Starts a command that goes on by itself, whatever becomes of us.
fn start(words: &[OsString]) -> io::Result<()> {
    let (program, args): (&OsStr, _) = match words {
        [program, args @ ..] => (program, args),
        [] => return Err(io::ErrorKind::NotFound.into()),
    };
    let mut process = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C at the terminal is not for the editor.
        .process_group(0)
        .spawn()?;
    // Collected when it ends, be it at once or when the window is closed.
    let wait = move || drop(process.wait());
    thread::Builder::new()
        .name("editor".to_owned())
        .spawn(wait)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The editor for an environment, as its link or its words at `/a b.rs`, line 3, column 5.
    #[track_caller]
    fn check(variables: &[(&str, &str)], want: &str) {
        let variable = |name: &str| {
            let mut found = variables.iter().filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| (*value).to_owned())
        };
        let editor = Editor::choose(variable);
        let shown = match &editor {
            Editor::None => "none".to_owned(),
            Editor::Link(template) => template.clone(),
            Editor::Command(_) => {
                let words = editor.command("/a b'.rs", 3, 5).unwrap();
                words.join(OsStr::new("|")).into_string().unwrap()
            }
        };
        assert_eq!(shown, want, "{variables:?}");
    }

    #[test]
    fn the_editor_is_told_or_found_out() {
        let code = "vscode://file{path}:{line}:{column}";
        check(&[], "none");
        check(&[("DEVSERVE_EDITOR", "code")], code);
        check(&[("VISUAL", "/usr/bin/code --wait")], code);
        check(
            &[("VISUAL", "vim"), ("EDITOR", "subl -w")],
            "subl|/a b'.rs:3:5",
        );
        check(&[("TERM_PROGRAM", "vscode"), ("EDITOR", "nano")], code);
        check(&[("DEVSERVE_EDITOR", "none"), ("EDITOR", "code")], "none");
        check(&[("DEVSERVE_EDITOR", " "), ("EDITOR", "code")], code);
        check(
            &[("EDITOR", "rustrover")],
            "rustrover|--line|3|--column|5|/a b'.rs",
        );
        check(
            &[("EDITOR", "emacs -nw")],
            "emacsclient|--no-wait|+3:5|/a b'.rs",
        );
    }

    #[test]
    fn links_and_commands_of_ones_own() {
        check(
            &[("DEVSERVE_EDITOR", "my-ed://open?f={path}&l={line}")],
            "my-ed://open?f={path}&l={line}",
        );
        check(
            &[("DEVSERVE_EDITOR", "my-ed --at {line}:{column} {path}")],
            "my-ed|--at|3:5|/a b'.rs",
        );
    }

    #[test]
    fn of_editors_in_a_terminal_only_one_that_runs_can_be_asked() {
        check(&[("EDITOR", "vim")], "none");
        check(&[("EDITOR", "nvim")], "none");
        check(
            &[("NVIM", "/run/nvim.1")],
            "nvim|--server|/run/nvim.1|--remote-expr|execute(['edit ' . fnameescape('/a b''.rs'), \
             'call cursor(3, 5)'])",
        );
    }

    #[test]
    fn only_files_of_the_workspace_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("shop");
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::fs::write(root.join("src/main.rs"), "").unwrap();
        std::fs::write(dir.path().join("secret"), "").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), root.join("link")).unwrap();
        // `true` does nothing with what it is given.
        let editor = Editor::Command(vec!["true".to_owned(), "{path}".to_owned()]);
        let opener = Opener::new(editor, root.clone(), vec![root.clone()]).unwrap();
        let why = |place: &str| opener.open(place).map_err(|error| error.to_string());
        assert_eq!(why("src/main.rs:1:1"), Ok(()));
        let absolute = root.join("src/main.rs");
        assert_eq!(why(&format!("{}:1:1", absolute.display())), Ok(()));
        for outside in ["../secret", "link", "src", "gone.rs", "/etc/passwd"] {
            let want = format!("{outside} is no file of this workspace");
            assert_eq!(why(&format!("{outside}:1:1")), Err(want));
        }
        for unclear in [
            "src/main.rs",
            "src/main.rs:1",
            ":1:1",
            "src/main.rs:x:1",
            "",
        ] {
            let want = format!("{unclear:?} names no place in a file");
            assert_eq!(why(unclear), Err(want));
        }
    }

    #[test]
    fn a_command_that_is_not_there_is_named() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("a.rs"), "").unwrap();
        let editor = Editor::Command(vec!["no-such-editor".to_owned()]);
        let folder = root.path().to_owned();
        let opener = Opener::new(editor, folder.clone(), vec![folder]).unwrap();
        let error = opener.open("a.rs:1:1").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot start no-such-editor: ")
        );
    }
}
