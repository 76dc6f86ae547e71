use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use crate::dev::project::{Choice, Project, ProjectError};
use crate::http::Host;

/// What is to be served.
#[derive(Debug, Clone)]
pub enum Target {
    /// A program of a cargo package, which is built.
    Package(Choice),
    /// What a shell starts with this command line: any program that serves HTTP.
    Command {
        /// As one would type it.
        line: String,
        /// The folder it runs in and is made of; empty for the current one.
        folder: PathBuf,
    },
    /// A server that somebody else has started, or will.
    Elsewhere {
        /// Where it listens.
        server: Elsewhere,
        /// The folder it is made of; empty for the current one.
        folder: PathBuf,
    },
}

/// The same, looked up.
#[derive(Debug, Clone)]
pub(crate) enum Served {
    Package(Arc<Project>),
    Command {
        line: String,
        folder: PathBuf,
    },
    Elsewhere {
        server: Arc<Elsewhere>,
        folder: PathBuf,
    },
}

impl Served {
    /// Looks up what `target` means.
    pub(crate) fn find(target: &Target) -> Result<Self, ProjectError> {
        Ok(match target {
            Target::Package(choice) => Self::Package(Arc::new(Project::find(choice)?)),
            Target::Command { line, folder } => Self::Command {
                line: line.clone(),
                folder: find_folder(folder)?,
            },
            Target::Elsewhere { server, folder } => Self::Elsewhere {
                server: Arc::new(server.clone()),
                folder: find_folder(folder)?,
            },
        })
    }

    /// As the terminal names it: `shop`, `example guestbook`, `npm run dev`.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Package(project) => project.title(),
            Self::Command { line, .. } => line.clone(),
            Self::Elsewhere { server, .. } => server.to_string(),
        }
    }

    /// The folder it is in.
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::Package(project) => &project.package_dir,
            Self::Command { folder, .. } | Self::Elsewhere { folder, .. } => folder,
        }
    }

    /// The folder that its compiler's paths begin in: the workspace's.
    pub(crate) fn root(&self) -> &Path {
        match self {
            Self::Package(project) => &project.workspace_root,
            Self::Command { folder, .. } | Self::Elsewhere { folder, .. } => folder,
        }
    }

    /// The folders that may have variables for it, the nearest one last.
    pub(crate) fn homes(&self) -> Vec<&Path> {
        match self {
            Self::Package(project) if project.workspace_root != project.package_dir => {
                vec![&project.workspace_root, &project.package_dir]
            }
            Self::Package(_) | Self::Command { .. } => vec![self.folder()],
            // What is elsewhere is not ours to start.
            Self::Elsewhere { .. } => Vec::new(),
        }
    }

    /// The folders whose files it is made of, that one first.
    pub(crate) fn folders(&self) -> &[PathBuf] {
        match self {
            Self::Package(project) => &project.source_dirs,
            Self::Command { folder, .. } | Self::Elsewhere { folder, .. } => {
                std::slice::from_ref(folder)
            }
        }
    }

    /// `path` as one would name it there.
    pub(crate) fn relative(&self, path: &Path) -> PathBuf {
        match self {
            Self::Package(project) => project.relative(path),
            Self::Command { folder, .. } | Self::Elsewhere { folder, .. } => {
                path.strip_prefix(folder).unwrap_or(path).to_owned()
            }
        }
    }
}

fn find_folder(path: &Path) -> Result<PathBuf, ProjectError> {
    let given = match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    };
    let found = given.canonicalize().and_then(|found| match found.is_dir() {
        true => Ok(found),
        false => Err(std::io::ErrorKind::NotADirectory.into()),
    });
    found.map_err(|source| ProjectError::Unreadable {
        path: given.to_owned(),
        source,
    })
}

/// The URL of a server that is not ours to start: `http://localhost:3000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    host: Host,
    port: u16,
}

impl Elsewhere {
    /// A name or an address, IPv6 without brackets.
    pub(crate) fn host(&self) -> &str {
        self.host.name().trim_matches(['[', ']'])
    }

    /// 80 where the URL names none.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Elsewhere {
    type Err = ElsewhereError;

    fn from_str(text: &str) -> Result<Self, ElsewhereError> {
        let bad = |mend| ElsewhereError {
            text: text.to_owned(),
            mend,
        };
        let authority = match text.split_once("://") {
            Some(("http", authority)) => authority,
            Some(("https", _)) => {
                return Err(bad("give its http:// address; --tls is for the front"));
            }
            Some(_) => return Err(bad("begin with http://")),
            // As one would say it: localhost:3000.
            None => text,
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains(['/', '?', '#', '@']) {
            return Err(bad("give host and port alone, as in http://localhost:3000"));
        }
        match Host::parse(authority) {
            Ok(host) if !host.name().is_empty() => Ok(Self {
                port: host.port().unwrap_or(80),
                host,
            }),
            _ => Err(bad("give host and port, as in http://localhost:3000")),
        }
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.host)
    }
}

/// A URL that leads to no server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} leads to no server: {mend}")]
pub struct ElsewhereError {
    text: String,
    mend: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = match text.parse::<Elsewhere>() {
            Ok(server) => format!("{server} = {} {}", server.host(), server.port()),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, want);
    }

    #[test]
    fn a_server_is_named_by_its_url_or_its_host_and_port() {
        check(
            "http://localhost:3000",
            "http://localhost:3000 = localhost 3000",
        );
        check(
            "http://localhost:3000/",
            "http://localhost:3000 = localhost 3000",
        );
        check("127.0.0.1:81", "http://127.0.0.1:81 = 127.0.0.1 81");
        check("http://[::1]:8080", "http://[::1]:8080 = ::1 8080");
        check("http://example.org", "http://example.org = example.org 80");
    }

    #[test]
    fn what_is_no_server_is_refused_with_a_mend() {
        let refused = |text: &str, mend: &str| {
            check(text, &format!("{text:?} leads to no server: {mend}"));
        };
        refused(
            "https://a.org",
            "give its http:// address; --tls is for the front",
        );
        refused("ftp://a.org", "begin with http://");
        for text in ["http://a.org/api", "http://a.org?x", "http://u@a.org"] {
            refused(
                text,
                "give host and port alone, as in http://localhost:3000",
            );
        }
        for text in ["", "http://", "http://a.org:x", "http://a b"] {
            refused(text, "give host and port, as in http://localhost:3000");
        }
    }
}
