use std::net::IpAddr;

use crate::http::header;
use crate::wsgi::Environ;

/// The names under which details are shown: this machine's, and those the caller adds.
///
/// A stranger's page can make a browser call any address, also `127.0.0.1`, under a name of
/// the stranger's own (DNS rebinding), and then read the answer. The name is what gives it
/// away.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    /// Adds a name, without port.
    pub(super) fn add(&mut self, name: String) {
        self.0.push(name);
    }

    /// Whether the request was sent to one of the names. Without a `Host` it was not.
    pub(super) fn are_asked_for(&self, environ: &Environ) -> bool {
        let field = environ.headers().get(header::HOST);
        let names = [
            field.map(|value| value.as_bytes()),
            environ.target_authority(),
        ];
        let mut given = names.into_iter().flatten().peekable();
        given.peek().is_some()
            && given.all(|host| std::str::from_utf8(host).is_ok_and(|host| self.allow(host)))
    }

    fn allow(&self, host: &str) -> bool {
        let Some(name) = without_port(host) else {
            return false;
        };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        // An address cannot be rebound, and this one is ours.
        name.parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
            || name == "localhost"
            || name.ends_with(".localhost")
            || self
                .0
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(&name))
    }
}

/// The host of `host:port`, brackets taken off; `None` where there is more than that.
fn without_port(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, want: bool) {
        let mut hosts = Hosts::default();
        hosts.add("shop.test".to_owned());
        assert_eq!(hosts.allow(host), want, "{host}");
    }

    #[test]
    fn this_machines_names_are_allowed() {
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "shop.localhost:1",
            "127.0.0.1:80",
            "[::1]:80",
        ] {
            check(host, true);
        }
        check("shop.test:8000", true);
        check("localhost.:8000", true);
    }

    #[test]
    fn a_strangers_names_are_not() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evillocalhost",
            "localhost@evil.example",
            "localhost:80@evil.example",
            "0.0.0.0",
            "192.168.0.7",
            "[::1",
            "",
        ] {
            check(host, false);
        }
    }

    #[test]
    fn a_target_with_a_foreign_authority_does_not_hide_behind_its_host() {
        let mut environ = Environ::new(crate::http::Method::GET, "http://evil.example/");
        environ
            .headers_mut()
            .insert(header::HOST, "localhost".parse().unwrap());
        assert!(!Hosts::default().are_asked_for(&environ));
        environ.headers_mut().remove(header::HOST);
        assert!(!Hosts::default().are_asked_for(&environ));
    }
}
