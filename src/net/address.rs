use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where to listen: `host:port`, `unix:path`, or `fd:number` for a socket that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host name or IP address, and a port; port 0 takes any free one.
    Tcp {
        /// A name or an address; IPv6 without brackets.
        host: String,
        /// 0 to 65535.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
    /// A listening socket that this process inherited.
    Fd(i32),
}

impl Address {
    /// `host:port`.
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::Tcp {
            host: host.into(),
            port,
        }
    }

    /// A Unix socket at `path`.
    pub fn unix(path: impl AsRef<Path>) -> Self {
        Self::Unix(path.as_ref().to_owned())
    }

    /// Whether only this machine can reach it.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp { host, .. } => {
                host == "localhost"
                    || host
                        .parse::<std::net::IpAddr>()
                        .is_ok_and(|address| address.is_loopback())
            }
            Self::Unix(_) => true,
            Self::Fd(_) => false,
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let bad = |mend| AddressError {
            text: text.into(),
            mend,
        };
        if let Some(path) = text.strip_prefix("unix:") {
            return match path.is_empty() {
                true => Err(bad("give the socket's path, as in unix:/run/shop.sock")),
                false => Ok(Self::unix(path)),
            };
        }
        if let Some(number) = text.strip_prefix("fd:") {
            return match number.parse() {
                Ok(number @ 0..) => Ok(Self::Fd(number)),
                _ => Err(bad("give the descriptor's number, as in fd:3")),
            };
        }
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| bad("give host and port, as in 127.0.0.1:8000"))?;
        let port = port
            .parse()
            .map_err(|_| bad("a port is a number from 0 to 65535"))?;
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        match bare {
            None if host.contains(':') => {
                Err(bad("put an IPv6 address in brackets, as in [::1]:8000"))
            }
            None if host.is_empty() => Err(bad("give the host, as in 127.0.0.1:8000")),
            _ => Ok(Self::tcp(bare.unwrap_or(host), port)),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Fd(number) => write!(f, "fd:{number}"),
        }
    }
}

/// An address that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no address: {mend}")]
pub struct AddressError {
    text: String,
    mend: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = match text.parse::<Address>() {
            Ok(address) => address.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, want);
    }

    #[test]
    fn reads_each_form_and_prints_it_again() {
        for text in [
            "127.0.0.1:8000",
            "localhost:0",
            "[::1]:80",
            "unix:/run/a.sock",
            "fd:3",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn says_how_to_mend_what_it_cannot_read() {
        check(
            "::1:80",
            "\"::1:80\" is no address: put an IPv6 address in brackets, as in [::1]:8000",
        );
        check(
            "localhost",
            "\"localhost\" is no address: give host and port, as in 127.0.0.1:8000",
        );
        check(
            "a:70000",
            "\"a:70000\" is no address: a port is a number from 0 to 65535",
        );
        check(
            "unix:",
            "\"unix:\" is no address: give the socket's path, as in unix:/run/shop.sock",
        );
        check(
            "fd:x",
            "\"fd:x\" is no address: give the descriptor's number, as in fd:3",
        );
    }

    #[test]
    fn knows_what_only_this_machine_reaches() {
        let is_local = |text: &str| text.parse::<Address>().unwrap().is_local();
        assert!(is_local("127.0.0.1:1") && is_local("[::1]:1") && is_local("localhost:1"));
        assert!(!is_local("0.0.0.0:1") && !is_local("example.org:1"));
    }
}
