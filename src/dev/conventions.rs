/// What a program of any framework is told so that it listens at `port` of this machine alone:
/// environment variables that one or another of them reads.
///
/// Most read `PORT` and `HOST`, or have been made to in `main`. The others are frameworks' own.
pub(crate) fn told(port: u16) -> impl Iterator<Item = (&'static str, String)> {
    const HOST: &str = "127.0.0.1";
    const PORTS: [&str; 4] = ["PORT", "ROCKET_PORT", "FLASK_RUN_PORT", "UVICORN_PORT"];
    const HOSTS: [&str; 4] = ["HOST", "ROCKET_ADDRESS", "FLASK_RUN_HOST", "UVICORN_HOST"];
    const BOTH: [&str; 1] = ["LEPTOS_SITE_ADDR"];
    let ports = PORTS.into_iter().map(move |name| (name, port.to_string()));
    let hosts = HOSTS.into_iter().map(|name| (name, HOST.to_owned()));
    let both = BOTH
        .into_iter()
        .map(move |name| (name, format!("{HOST}:{port}")));
    ports.chain(hosts).chain(both)
}

/// Whether a program's last words say that it could not listen where it wanted to, because
/// somebody else does: the system's words (`EADDRINUSE`), which all languages pass on.
pub(crate) fn says_address_is_taken<'a>(lines: impl IntoIterator<Item = &'a str>) -> bool {
    const WORDS: [&str; 3] = ["address already in use", "eaddrinuse", "addrinuse"];
    lines.into_iter().any(|line| {
        let line = line.to_ascii_lowercase();
        WORDS.iter().any(|words| line.contains(words))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_convention_names_the_same_place() {
        for (name, value) in told(4000) {
            match (name.contains("PORT"), name.contains("ADDR")) {
                (true, _) => assert_eq!(value, "4000", "{name}"),
                (_, true) if name.starts_with("LEPTOS") => assert_eq!(value, "127.0.0.1:4000"),
                _ => assert_eq!(value, "127.0.0.1", "{name}"),
            }
        }
    }

    #[test]
    fn a_taken_address_is_known_in_every_language() {
        for line in [
            "Error: Os { code: 98, kind: AddrInUse, message: \"Address already in use\" }",
            "OSError: [Errno 98] Address already in use",
            "Error: listen EADDRINUSE: address already in use :::3000",
            "listen tcp :8080: bind: address already in use",
        ] {
            assert!(
                says_address_is_taken(["thread main panicked", line]),
                "{line}"
            );
        }
        assert!(!says_address_is_taken(["no such address", "port 98"]));
        assert!(!says_address_is_taken([]));
    }
}
