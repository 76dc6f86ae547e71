use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What an app may find beside itself, the later over the earlier.
const NAMES: [&str; 2] = [".env", ".env.local"];

/// Where variables for the app's environment are read, each time it starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Variables {
    /// In `.env` and `.env.local`, as far as they are there: those in the workspace's root, then
    /// those in the package's folder.
    #[default]
    Beside,
    /// In these files, and only there.
    Files(Vec<PathBuf>),
    /// Nowhere.
    None,
}

/// The files, looked up; the later ones go over the earlier ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct VariableFiles {
    paths: Vec<PathBuf>,
    // Whether one that is not there is a mistake.
    are_needed: bool,
}

impl VariableFiles {
    /// Those for an app in the last of `folders`.
    pub(crate) fn new(variables: &Variables, folders: &[&Path]) -> Result<Self, VariablesError> {
        let files = match variables {
            Variables::None => Self::default(),
            Variables::Files(paths) => Self {
                paths: paths
                    .iter()
                    .map(|path| absolute(path))
                    .collect::<Result<_, _>>()?,
                are_needed: true,
            },
            Variables::Beside => {
                let mut paths = Vec::new();
                for folder in folders {
                    paths.extend(NAMES.map(|name| folder.join(name)));
                }
                Self {
                    paths,
                    are_needed: false,
                }
            }
        };
        Ok(files)
    }

    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// What they say now, without what devserve's own environment says.
    pub(crate) fn read(&self) -> Result<BTreeMap<String, String>, VariablesError> {
        let mut variables = BTreeMap::new();
        for path in &self.paths {
            match fs::read_to_string(path) {
                Ok(text) => variables.extend(parse(path, &text)?),
                Err(error) if error.kind() == io::ErrorKind::NotFound && !self.are_needed => {}
                Err(source) => {
                    let path = path.clone();
                    return Err(VariablesError::Unreadable { path, source });
                }
            }
        }
        variables.retain(|name, _| std::env::var_os(name).is_none());
        Ok(variables)
    }
}

fn absolute(path: &Path) -> Result<PathBuf, VariablesError> {
    path.canonicalize()
        .map_err(|source| VariablesError::Unreadable {
            path: path.to_owned(),
            source,
        })
}

/// The variables of one file, in its order.
fn parse(path: &Path, text: &str) -> Result<Vec<(String, String)>, VariablesError> {
    let mut variables = Vec::new();
    for variable in dotenvy::from_read_iter(text.as_bytes()) {
        variables.push(variable.map_err(|error| {
            let line = match &error {
                // The text of the line, or of several where a value goes on.
                dotenvy::Error::LineParse(wrong, _) => text.find(wrong.trim_end()),
                _ => None, // no fault of a line
            };
            let before = &text[..line.unwrap_or(0)];
            VariablesError::Wrong {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
            }
        })?);
    }
    Ok(variables)
}

/// Why there are no variables.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VariablesError {
    /// A file that was asked for is not there, or may not be read.
    #[error("cannot read variables from {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A line is none.
    #[error("{}:{line}: this is no NAME=value", .path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The first line that is wrong, from 1.
        line: usize,
    },
}

impl VariablesError {
    /// What the person at the keyboard can do, in one line.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "see whether it is there, or leave --env-file out",
            Self::Wrong { .. } => {
                "write NAME=value, with quotes around a value that has spaces; # begins a comment"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = match parse(Path::new(".env"), text) {
            Ok(variables) => {
                let one = |(name, value): &(String, String)| format!("{name}={value}");
                variables.iter().map(one).collect::<Vec<_>>().join("; ")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(got, want, "{text:?}");
    }

    #[test]
    fn variables_are_lines_with_quotes_and_comments() {
        check("", "");
        check("A=1\nB=two # a comment\n", "A=1; B=two");
        check("# A=1\n\nexport B='it is'\n", "B=it is");
        check("A=\"one\\ntwo\"", "A=one\ntwo");
        check("A=1\nB=${A}2", "A=1; B=12");
    }

    #[test]
    fn a_wrong_line_is_named() {
        let wrong = |line: usize| format!(".env:{line}: this is no NAME=value");
        check("A=1\nB C\n", &wrong(2));
        check("A=1\n\n# no\n=3", &wrong(4));
        check("A='open\nB=1\n", &wrong(1));
        check("A=two words", &wrong(1));
    }

    #[test]
    fn later_files_go_over_earlier_ones_and_the_environment_over_all() {
        let dir = tempfile::tempdir().unwrap();
        let (root, package) = (dir.path().join("root"), dir.path().join("root/package"));
        fs::create_dir_all(&package).unwrap();
        fs::write(root.join(".env"), "A_DEVSERVE=1\nB_DEVSERVE=1\nPATH=none").unwrap();
        fs::write(package.join(".env"), "B_DEVSERVE=2\nC_DEVSERVE=2").unwrap();
        fs::write(package.join(".env.local"), "C_DEVSERVE=3").unwrap();
        let files = VariableFiles::new(&Variables::Beside, &[&root, &package]).unwrap();
        let read = files.read().unwrap();
        let read: Vec<_> = read
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(read, ["A_DEVSERVE=1", "B_DEVSERVE=2", "C_DEVSERVE=3"]);
        let named = Variables::Files(vec![package.join(".env.local")]);
        let read = VariableFiles::new(&named, &[]).unwrap().read().unwrap();
        assert_eq!(read.len(), 1);
        let named = Variables::Files(vec![package.join("none.env")]);
        assert!(VariableFiles::new(&named, &[]).is_err());
    }
}
