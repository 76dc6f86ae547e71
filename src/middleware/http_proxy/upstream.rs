use std::fmt;

use crate::http::{HeaderMap, HeaderName, HeaderValue, Host, header};
use crate::net::{Address, Dial, Trust};

/// Another server, and how it is asked.
///
/// Its origin is `http://127.0.0.1:5173`, `https://api.example` or `unix:/run/app.sock`; a path
/// behind it is where it has what is asked of it: `https://api.example/v2`,
/// `unix:/run/app.sock:/v2`. A text that is one becomes an upstream wherever one is wanted.
///
/// ```
/// use devserve::Request;
/// use devserve::middleware::{HttpProxy, Upstream};
///
/// let api = Upstream::at("https://api.example/v2")
///     .remove_prefix() // /api/carts is /v2/carts there
///     .header("x-api-key", "s3cret");
/// let site = HttpProxy::new(|_: &Request| "ours").pass("/api", api);
/// # let _ = site;
/// ```
#[derive(Clone, Debug)]
#[must_use = "an upstream is given to `HttpProxy::pass`"]
pub struct Upstream {
    pub(super) dial: Dial,
    /// The path under which it has what is asked of it; without a slash at its end.
    pub(super) path: String,
    pub(super) is_prefix_kept: bool,
    host: ToldHost,
    headers: HeaderMap,
}

/// What the other server gets as `Host`.
#[derive(Clone, Debug)]
enum ToldHost {
    Given(HeaderValue),
    Asked,
}

impl Upstream {
    /// The server at this origin. It is told its own name as `Host`, and the whole path.
    ///
    /// # Panics
    /// If that is no origin; and for `https` in a build without feature `tls`.
    #[track_caller]
    pub fn at(origin: &str) -> Self {
        match Self::parse(origin) {
            Ok(upstream) => upstream,
            Err(mend) => panic!("{origin:?} is no origin to pass requests to; {mend}"),
        }
    }

    /// Leaves the prefix out of the path that it is asked for.
    pub fn remove_prefix(mut self) -> Self {
        self.is_prefix_kept = false;
        self
    }

    /// Tells it the host that the client asked for.
    pub fn keep_host(mut self) -> Self {
        self.host = ToldHost::Asked;
        self
    }

    /// Tells it this host.
    ///
    /// # Panics
    /// If it is none.
    #[track_caller]
    pub fn host(mut self, host: &str) -> Self {
        let value = Host::parse(host).ok().map(|host| host.to_string());
        match value.and_then(|host| HeaderValue::try_from(host).ok()) {
            Some(host) => self.host = ToldHost::Given(host),
            None => panic!("{host:?} is no host; write \"shop.example\" or \"shop.example:8080\""),
        }
        self
    }

    /// Sends this field with each request, in place of any that the client sent.
    ///
    /// # Panics
    /// If no such field can be sent.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => drop(self.headers.append(name, value)),
            _ => panic!("no request can have a field {name:?} with {value:?}"),
        }
        self
    }

    /// Where it speaks TLS, takes its certificate on the word of these, in place of the
    /// system's authorities.
    pub fn trust(mut self, trust: Trust) -> Self {
        if let Some(trusted) = &mut self.dial.trust {
            *trusted = trust;
        }
        self
    }

    /// Sets what it is told in the request's own fields.
    pub(super) fn edit(&self, headers: &mut HeaderMap) {
        if let ToldHost::Given(host) = &self.host {
            headers.insert(header::HOST, host.clone());
        }
        for name in self.headers.keys() {
            headers.remove(name);
        }
        let own = self.headers.iter();
        headers.extend(own.map(|(name, value)| (name.clone(), value.clone())));
    }

    fn parse(origin: &str) -> Result<Self, &'static str> {
        const MEND: &str = "write \"http://127.0.0.1:5173\", \"https://api.example\" or \
                            \"unix:/run/app.sock\"";
        let (dial, host, path) = if let Some(rest) = origin.strip_prefix("unix:") {
            let (socket, path) = rest.split_at(rest.find(":/").unwrap_or(rest.len()));
            let dial = Dial {
                address: Address::unix(socket),
                trust: None,
            };
            let is_there = !socket.is_empty();
            let host = Some("localhost".to_owned()).filter(|_| is_there);
            (dial, host, path.trim_start_matches(':'))
        } else {
            let (scheme, rest) = origin.split_once("://").ok_or(MEND)?;
            let (trust, port) = match scheme {
                "http" => (None, 80),
                "https" => match Trust::of_system() {
                    None => return Err("`https` needs feature `tls` of devserve"),
                    trust => (trust, 443),
                },
                _ => return Err(MEND),
            };
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = Host::parse(authority).map_err(|_| MEND)?;
            let bare = host.name().trim_matches(['[', ']']);
            let dial = Dial {
                address: Address::tcp(bare, host.port().unwrap_or(port)),
                trust,
            };
            let is_named = !host.name().is_empty();
            (dial, is_named.then(|| host.to_string()), path)
        };
        let host = HeaderValue::try_from(host.ok_or(MEND)?).map_err(|_| MEND)?;
        if path.contains(['?', '#', ' ']) || !path.is_ascii() {
            return Err("its path is plain, without a query; escape what a URL cannot have");
        }
        Ok(Self {
            dial,
            path: path.trim_end_matches('/').to_owned(),
            is_prefix_kept: true,
            host: ToldHost::Given(host),
            headers: HeaderMap::new(),
        })
    }
}

/// The origin, as [`Upstream::at`] takes it, with its port where it has one.
impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dial { address, trust } = &self.dial;
        match (address, trust) {
            (Address::Tcp { .. }, None) => write!(f, "http://{address}{}", self.path),
            (Address::Tcp { .. }, Some(_)) => write!(f, "https://{address}{}", self.path),
            _ if self.path.is_empty() => write!(f, "{address}"),
            _ => write!(f, "{address}:{}", self.path),
        }
    }
}

/// # Panics
/// As [`Upstream::at`].
impl From<&str> for Upstream {
    #[track_caller]
    fn from(origin: &str) -> Self {
        Self::at(origin)
    }
}

/// # Panics
/// As [`Upstream::at`].
impl From<&String> for Upstream {
    #[track_caller]
    fn from(origin: &String) -> Self {
        Self::at(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(origin: &str, want: Option<&str>) {
        let told = Upstream::parse(origin).ok().map(|upstream| {
            let again = Upstream::parse(&upstream.to_string()).expect(origin);
            assert_eq!(again.to_string(), upstream.to_string(), "{origin}");
            let tls = if upstream.dial.trust.is_some() {
                " tls"
            } else {
                ""
            };
            let mut headers = HeaderMap::new();
            upstream.edit(&mut headers);
            let host = headers[header::HOST].to_str().unwrap();
            let (address, path) = (&upstream.dial.address, &upstream.path);
            format!("{address}{tls} {host} {path}")
                .trim_end()
                .to_owned()
        });
        assert_eq!(told.as_deref(), want, "{origin}");
    }

    #[test]
    fn an_origin_is_a_host_or_a_socket_with_or_without_a_path() {
        check("http://a.test", Some("a.test:80 a.test"));
        check("http://a.test:81/", Some("a.test:81 a.test:81"));
        check("http://[::1]:81/a/b/", Some("[::1]:81 [::1]:81 /a/b"));
        check("unix:/run/a.sock", Some("unix:/run/a.sock localhost"));
        check("unix:a.sock:/v2/", Some("unix:a.sock localhost /v2"));
        check("a.test", None);
        check("ftp://a.test", None);
        check("http://", None);
        check("http:///a", None);
        check("http://a.test/?q", None);
        check("unix:", None);
    }

    #[cfg(feature = "tls")]
    #[test]
    fn https_has_a_port_of_its_own() {
        check("https://a.test", Some("a.test:443 tls a.test"));
        check(
            "https://a.test:8443/v2",
            Some("a.test:8443 tls a.test:8443 /v2"),
        );
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    #[should_panic(expected = "needs feature `tls`")]
    fn https_is_no_origin_without_tls() {
        drop(Upstream::at("https://a.test"));
    }

    #[test]
    fn fields_of_ones_own_replace_the_clients() {
        let upstream = Upstream::at("http://a.test")
            .host("B.test:81")
            .header("x-key", "1")
            .header("x-key", "2");
        let mut headers = HeaderMap::new();
        headers.insert("x-key", HeaderValue::from_static("forged"));
        upstream.edit(&mut headers);
        let keys: Vec<_> = headers.get_all("x-key").iter().collect();
        assert_eq!(keys, ["1", "2"]);
        assert_eq!(headers[header::HOST], "b.test:81");
    }
}
