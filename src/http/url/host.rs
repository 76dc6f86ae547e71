use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;
use std::sync::Arc;

use crate::http::url::reference::read_port;
use crate::text::domain;

/// The host a request is for: a name or an address, and a port (RFC 9110 §7.2).
///
/// Checked: a name is made of letters, digits, `-`, `.` and `_`, an IPv6 address stands in
/// brackets and is one, a port is a number below 65536. So nothing that a URL gives a meaning
/// gets into one built with it. Kept in lower case.
///
/// ```
/// # use devserve::http::Host;
/// let host = Host::parse("Example.org:8080")?;
/// assert_eq!((host.name(), host.port()), ("example.org", Some(8080)));
/// assert_eq!(Host::parse("[::1]:443")?.without_default_port("https").to_string(), "[::1]");
/// assert!(Host::parse("a.test/evil").is_err());
/// # Ok::<(), devserve::http::HostError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Host {
    name: String,
    port: Option<u16>,
}

impl Host {
    /// Reads a `Host` field, or the authority of a request target. An empty one is allowed (RFC
    /// 9112 §3.2), and so is an empty port (RFC 3986 §3.2.3).
    ///
    /// # Errors
    /// [`HostError::Invalid`], which answers the request with 400, as RFC 9112 §3.2 demands.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, HostError> {
        let bytes = text.as_ref();
        let read = std::str::from_utf8(bytes).ok().and_then(Self::read);
        read.ok_or_else(|| HostError::Invalid {
            host: String::from_utf8_lossy(bytes).into_owned(),
        })
    }

    /// The host a request asks for: what its field says, else the server's own name and port. A
    /// server's name that is none, such as a socket's path, makes it empty. A port that is the
    /// scheme's own is left out.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn of_request(
        scheme: &str,
        field: Option<&[u8]>,
        server: Option<(&str, Option<u16>)>,
    ) -> Result<Self, HostError> {
        let host = match (field, server) {
            (Some(field), _) => Self::parse(field)?,
            (None, Some((name, port))) => match Self::read(&bracketed(name)) {
                Some(host) => Self { port, ..host },
                None => Self::default(),
            },
            (None, None) => Self::default(),
        };
        Ok(host.without_default_port(scheme))
    }

    /// The name or address, without the port; an IPv6 address in its brackets. Empty where the
    /// field was.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port, where one was named.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The host without the port that `scheme` has anyway.
    #[must_use]
    pub fn without_default_port(mut self, scheme: &str) -> Self {
        let default = match scheme {
            "http" | "ws" => Some(80),
            "https" | "wss" => Some(443),
            _ => None,
        };
        if self.port == default {
            self.port = None;
        }
        self
    }

    /// The same host at another port.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        Self {
            port: Some(port),
            ..self
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                let _: Ipv6Addr = address.parse().ok()?;
                (&text[..address.len() + 2], port)
            }
            None => {
                let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
                let is_plain = name.bytes().all(is_name_byte);
                (is_plain && (!name.is_empty() || text.is_empty())).then_some((name, port))?
            }
        };
        Some(Self {
            name: name.to_ascii_lowercase(),
            port: read_port(port)?,
        })
    }
}

/// The host as it stands in a field or a URL.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// RFC 3986's `reg-name` without what nobody has in a host: escapes and sub-delimiters. The
/// underscore is no part of a DNS name either, but of names in container networks.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

fn bracketed(name: &str) -> Cow<'_, str> {
    match name.parse::<Ipv6Addr>() {
        Ok(_) => Cow::Owned(format!("[{name}]")),
        Err(_) => Cow::Borrowed(name),
    }
}

/// The hosts an app answers to. Whoever asks for another is refused with a 400: links in mails
/// and caches keep what a stranger put into the field.
///
/// An entry is a name or an address; ports do not count. `.example.org` means `example.org` and
/// everything below it, `*.example.org` only what is below it. Names of any script are compared
/// in their `xn--` form. Without entries, every host is trusted.
///
/// An app puts this into the environ's extensions, or
/// [`TrustHosts`](crate::middleware::TrustHosts) does:
///
/// ```
/// # use devserve::http::TrustedHosts;
/// let hosts = TrustedHosts::new(["example.org", ".bücher.example"]);
/// assert!(hosts.trust("example.org:8080"));
/// assert!(hosts.trust("www.xn--bcher-kva.example"));
/// assert!(!hosts.trust("example.org.evil.test"));
/// ```
#[derive(Clone, Debug)]
pub struct TrustedHosts {
    entries: Arc<[Entry]>,
    trusts_all: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    /// As [`comparable`] makes it.
    name: String,
    itself: bool,
    below: bool,
}

impl TrustedHosts {
    /// These. An entry that can be no host is left out, as no request can be for it.
    pub fn new<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Self {
        let mut entries = entries.into_iter().peekable();
        Self {
            trusts_all: entries.peek().is_none(),
            entries: entries
                .filter_map(|entry| Entry::parse(entry.as_ref()))
                .collect(),
        }
    }

    /// Whether a host, with or without a port, is one of these.
    pub fn trust(&self, host: &str) -> bool {
        Host::parse(host).is_ok_and(|host| self.check(&host).is_ok())
    }

    /// Refuses a host that is none of these.
    ///
    /// # Errors
    /// [`HostError::Untrusted`], which answers the request with 400.
    pub fn check(&self, host: &Host) -> Result<(), HostError> {
        let name = comparable(host.name());
        let is_trusted = !name.is_empty()
            && (self.trusts_all || self.entries.iter().any(|entry| entry.covers(&name)));
        if is_trusted {
            Ok(())
        } else {
            Err(HostError::Untrusted { host: host.clone() })
        }
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        let (rest, itself, below) = match (text.strip_prefix('.'), text.strip_prefix("*.")) {
            (Some(rest), _) => (rest, true, true),
            (_, Some(rest)) => (rest, false, true),
            (None, None) => (text, true, false),
        };
        let ascii = to_ascii(bracketed(rest).as_ref())?;
        let name = comparable(Host::parse(ascii).ok()?.name());
        // Everything is below the empty name.
        (!name.is_empty()).then_some(Self {
            name,
            itself,
            below,
        })
    }

    fn covers(&self, name: &str) -> bool {
        match name.strip_suffix(self.name.as_str()) {
            Some("") => self.itself,
            Some(above) => self.below && above.ends_with('.'),
            None => false,
        }
    }
}

/// A name as hosts are compared: one spelling for each address, and no dot of the root.
fn comparable(name: &str) -> String {
    let address = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match address.and_then(|address| address.parse::<Ipv6Addr>().ok()) {
        Some(address) => format!("[{address}]"),
        None => name.strip_suffix('.').unwrap_or(name).to_owned(),
    }
}

/// A host name in its `xn--` form, in lower case; `None` where it has none. A port stays, and
/// so do labels in ASCII, whatever they hold.
pub(super) fn to_ascii(name: &str) -> Option<String> {
    let (name, port) = name.split_at(name.find(':').unwrap_or(name.len()));
    let labels: Option<Vec<_>> = name.split('.').map(domain::to_ascii).collect();
    Some(format!("{}{port}", labels?.join(".")).to_ascii_lowercase())
}

/// A host that a request asks for and does not get: 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// It is none.
    #[error("the request's host {host:?} is no name or address")]
    Invalid {
        /// What was sent.
        host: String,
    },
    /// It is not among the [`TrustedHosts`].
    #[error("the request's host {:?} is not one this server answers to", .host.to_string())]
    Untrusted {
        /// What was sent.
        host: Host,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        let got = Host::parse(text).ok().map(|host| host.to_string());
        assert_eq!(got.as_deref(), want, "{text}");
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_a_port() {
        check("A.Test", Some("a.test"));
        check("a.test:", Some("a.test"));
        check("a.test:0080", Some("a.test:80"));
        check("a.test:0", Some("a.test:0"));
        check("[FE80::1]:1", Some("[fe80::1]:1"));
        check("[::ffff:1.2.3.4]", Some("[::ffff:1.2.3.4]"));
        check("", Some(""));
    }

    #[test]
    fn nothing_with_a_meaning_in_urls_passes() {
        for text in [
            ":80",
            "a:+80",
            "a:-1",
            "a:65536",
            "a:8 0",
            "a:80:80",
            "a:\u{0661}",
            "::1",
            "[::1",
            "[]",
            "[::1]x",
            "[::1]x:80",
            "[fe80::1%eth0]",
            "[v1.x]",
            "[127.0.0.1]",
            "u@a",
            "a/b",
            "a?b",
            "a#b",
            "a\\b",
            "a b",
            "a,b",
            "a;b",
            "a%2eb",
            "a\0",
            "a\r\n",
            "ü",
            "a'b",
            "a*b",
        ] {
            check(text, None);
        }
        assert!(Host::parse(b"a\xff").is_err());
    }

    #[test]
    fn a_server_without_a_name_has_no_host() {
        let of_server = |name, port| Host::of_request("http", None, Some((name, port))).unwrap();
        assert_eq!(of_server("::1", Some(80)).to_string(), "[::1]");
        assert_eq!(of_server("/run/app.sock", None).to_string(), "");
    }

    #[track_caller]
    fn trusts(entry: &str, host: &str, want: bool) {
        assert_eq!(
            TrustedHosts::new([entry]).trust(host),
            want,
            "{entry}: {host}"
        );
    }

    #[test]
    fn an_entry_covers_itself_or_what_is_below_it() {
        trusts("a.test", "A.TEST.:80", true);
        trusts("a.test", "b.a.test", false);
        trusts(".a.test", "a.test", true);
        trusts(".a.test", "c.b.a.test", true);
        trusts(".a.test", "xa.test", false);
        trusts("*.a.test", "a.test", false);
        trusts("*.a.test", "b.a.test", true);
        trusts("A.test:5000", "a.test:80", true);
        trusts("::1", "[0:0::1]:80", true);
        trusts("[::1]", "[::1]", true);
        trusts("bücher.example:80", "xn--bcher-kva.example", true);
        trusts("faß.example", "xn--fa-hia.example", true);
    }

    #[test]
    fn what_is_no_host_is_trusted_by_nobody() {
        trusts("a.test", "", false);
        trusts("", "a.test", false);
        trusts("a/b", "a/b", false);
        trusts("*", "a.test", false);
        trusts(".", "a..", false);
        trusts("*.", "a..", false);
        assert!(
            !TrustedHosts::new(["", "a b"]).trust("a.test"),
            "not an empty list"
        );
        let all = TrustedHosts::new([""; 0]);
        assert!(all.trust("a.test") && !all.trust("") && !all.trust("a/b"));
    }
}
