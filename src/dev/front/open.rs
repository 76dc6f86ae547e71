use std::net::SocketAddr;

use http::{HeaderMap, HeaderName, header};

use crate::http::TrustedHosts;
use crate::security::constant_time_eq;
use crate::text::percent;

/// Proves that the request comes from a page that we made.
const TOKEN: HeaderName = HeaderName::from_static("devserve-token");
/// What to open, percent-encoded: `src/main.rs:3:5`.
const PLACE: HeaderName = HeaderName::from_static("devserve-place");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The place that a request asks to be opened; `Err` is why nobody opens it for this one.
///
/// To start a program is more than to show a page. So the peer must be on this machine, the host
/// must be its name (a stranger's page can have a browser call us under another), the browser
/// must not say that another site asks, and the token of our own pages must be there.
pub(super) fn place(
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
    token: &str,
) -> Result<String, &'static str> {
    let field = |name: &HeaderName| Some(headers.get(name)?.to_str().unwrap_or("\0"));
    if peer.is_some_and(|peer| !peer.ip().to_canonical().is_loopback()) {
        return Err("only this machine may open an editor here");
    }
    let host = field(&header::HOST).unwrap_or_default();
    let names = TrustedHosts::new(["localhost", ".localhost", "127.0.0.1", "[::1]"]);
    if !names.trust(host) {
        return Err("open the page as localhost");
    }
    let is_same_site = field(&FETCH_SITE).is_none_or(|site| site == "same-origin");
    let is_same_origin = field(&header::ORIGIN).is_none_or(|origin| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority == Some(host)
    });
    if !is_same_site || !is_same_origin {
        return Err("another site asked");
    }
    if !field(&TOKEN).is_some_and(|given| constant_time_eq(given, token)) {
        return Err("the page is of an earlier run: load it again");
    }
    let place = field(&PLACE).ok_or("no place was named")?;
    Ok(percent::decode_text(place.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 5] = [
        ("host", "localhost:8000"),
        ("origin", "http://localhost:8000"),
        ("sec-fetch-site", "same-origin"),
        ("devserve-token", "secret"),
        ("devserve-place", "src/a%20b.rs:3:5"),
    ];

    /// The good request with one field changed; `None` takes it away.
    #[track_caller]
    fn check(name: &str, value: Option<&str>, want: Result<&str, &str>) {
        let fields = GOOD.iter().filter(|(known, _)| *known != name).copied();
        let fields = fields.chain(value.map(|value| (name, value)));
        let headers = fields
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
        let peer = Some("127.0.0.1:4711".parse().unwrap());
        let got = place(&headers.collect(), peer, "secret");
        assert_eq!(
            got.as_deref().map_err(|why| *why),
            want,
            "{name}: {value:?}"
        );
    }

    #[test]
    fn our_own_page_is_heard() {
        let place = Ok("src/a b.rs:3:5");
        check("x", None, place);
        // What does not send these fields is no browser.
        check("origin", None, place);
        check("sec-fetch-site", None, place);
    }

    #[test]
    fn others_are_not() {
        let early = Err("the page is of an earlier run: load it again");
        check("devserve-token", Some("secreT"), early);
        check("devserve-token", None, early);
        let other = Err("another site asked");
        check("origin", Some("http://evil.test"), other);
        check("origin", Some("null"), other);
        check("origin", Some("http://localhost:9000"), other);
        check("sec-fetch-site", Some("cross-site"), other);
        check("sec-fetch-site", Some("same-site"), other);
        let name = Err("open the page as localhost");
        check("host", Some("rebound.evil.test:8000"), name);
        check("host", None, name);
        check("devserve-place", None, Err("no place was named"));
    }

    #[test]
    fn neither_is_another_machine() {
        let headers = HeaderMap::new();
        let peer = |text: &str| Some(text.parse().unwrap());
        let far = Err("only this machine may open an editor here");
        assert_eq!(place(&headers, peer("192.168.1.7:80"), "secret"), far);
        assert_ne!(
            place(&headers, peer("[::ffff:127.0.0.1]:80"), "secret"),
            far
        );
        // Through a Unix socket.
        assert_ne!(place(&headers, None, "secret"), far);
    }
}
