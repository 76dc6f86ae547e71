use std::net::SocketAddr;

use http::header::{FORWARDED, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::net::handover::PEER_FIELD;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// Says in `headers`, for a program that knows no front of ours, who asked and how: in the
/// `X-Forwarded-…` fields that every framework reads.
///
/// A peer of this machine may be a tunnel that says in them whom it speaks for; it is believed
/// and added to. What anybody else claims is taken out.
pub(crate) fn tell(headers: &mut HeaderMap, peer: Option<SocketAddr>, scheme: &'static str) {
    // Only our own programs are told by it; these would take it for the client's word.
    headers.remove(PEER_FIELD);
    let is_of_this_machine = peer.is_none_or(|peer| peer.ip().to_canonical().is_loopback());
    if !is_of_this_machine {
        for name in [FOR, PROTO, X_HOST, PORT, FORWARDED] {
            headers.remove(name);
        }
    }
    if let Some(peer) = peer {
        let chain = headers.get_all(&FOR).iter().map(HeaderValue::as_bytes);
        let ip = peer.ip().to_canonical().to_string();
        let chain: Vec<&[u8]> = chain.chain([ip.as_bytes()]).collect();
        if let Ok(chain) = HeaderValue::from_bytes(&chain.join(b", ".as_slice())) {
            headers.insert(FOR, chain);
        }
    }
    headers
        .entry(PROTO)
        .or_insert(HeaderValue::from_static(scheme));
    if let Some(host) = headers.get(HOST).cloned() {
        headers.entry(X_HOST).or_insert(host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(peer: &str, sent: &[(&'static str, &str)], want: &str) {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, value.parse().unwrap());
        }
        tell(&mut headers, peer.parse().ok(), "https");
        let mut lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        assert_eq!(lines.join("\n"), want);
    }

    #[test]
    fn a_program_is_told_who_asked_and_how() {
        check(
            "192.0.2.7:5000",
            &[("host", "shop.test:8000")],
            "host: shop.test:8000\nx-forwarded-for: 192.0.2.7\n\
             x-forwarded-host: shop.test:8000\nx-forwarded-proto: https",
        );
        check(
            "[::ffff:192.0.2.7]:1",
            &[],
            "x-forwarded-for: 192.0.2.7\nx-forwarded-proto: https",
        );
        check("", &[], "x-forwarded-proto: https"); // over a Unix socket
    }

    const CLAIMS: [(&str, &str); 6] = [
        ("host", "a"),
        ("x-forwarded-for", "203.0.113.1"),
        ("x-forwarded-for", "203.0.113.2"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "tunnel.example"),
        ("devserve-peer", "203.0.113.9:1"),
    ];

    #[test]
    fn a_tunnel_on_this_machine_is_believed_and_nobody_else() {
        check(
            "127.0.0.1:5000",
            &CLAIMS,
            "host: a\nx-forwarded-for: 203.0.113.1, 203.0.113.2, 127.0.0.1\n\
             x-forwarded-host: tunnel.example\nx-forwarded-proto: http",
        );
        check(
            "192.0.2.7:5000",
            &CLAIMS,
            "host: a\nx-forwarded-for: 192.0.2.7\nx-forwarded-host: a\nx-forwarded-proto: https",
        );
    }
}
