//! What proxies tell of a request they pass on: `Forwarded` (RFC 7239), and the older
//! `X-Forwarded-…` fields.
//!
//! Each proxy adds an element at the end. What stands before the elements of one's own proxies
//! came with the request, and may be anything.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::http::HeaderMap;
use crate::text::{quoted, tokens};

/// The elements of `Forwarded` (RFC 7239 §4), the client's side first.
///
/// ```
/// # use devserve::http::Forwarded;
/// let forwarded = Forwarded::parse("for=203.0.113.7, for=\"[2001:db8::1]:443\";proto=https");
/// assert_eq!(forwarded.elements()[1].proto.as_deref(), Some("https"));
/// assert_eq!(forwarded.elements()[1].for_address(), "2001:db8::1".parse().ok());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    elements: Vec<ForwardedElement>,
}

/// What one proxy tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForwardedElement {
    /// `for`: who sent it the request, as an address or a name of the proxy's choice.
    pub for_node: Option<String>,
    /// `by`: where the proxy got it.
    pub by_node: Option<String>,
    /// `host`: the `Host` field it came with.
    pub host: Option<String>,
    /// `proto`: the scheme it came by.
    pub proto: Option<String>,
}

impl Forwarded {
    /// Reads a field value. What cannot be read is left out.
    ///
    /// Every comma ends an element, also inside quotes: no address, host or scheme has one, and
    /// a quote that a stranger opened must not swallow what the next proxy adds.
    pub fn parse(text: &str) -> Self {
        Self {
            elements: elements(text).map(ForwardedElement::parse).collect(),
        }
    }

    /// The elements, the client's side first.
    pub fn elements(&self) -> &[ForwardedElement] {
        &self.elements
    }
}

impl ForwardedElement {
    /// The address in `for`; `None` where it is `unknown` or a name.
    pub fn for_address(&self) -> Option<IpAddr> {
        node_address(self.for_node.as_deref()?)
    }

    fn parse(text: &str) -> Self {
        let mut element = Self::default();
        for pair in text.split(';') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let slot = match name.trim().to_ascii_lowercase().as_str() {
                "for" => &mut element.for_node,
                "by" => &mut element.by_node,
                "host" => &mut element.host,
                "proto" => &mut element.proto,
                _ => continue,
            };
            let value = quoted::unquote(value.trim());
            // A parameter occurs once (§4).
            if slot.is_none() && is_node(&value) {
                *slot = Some(value.into_owned());
            }
        }
        element
    }
}

/// As a field value.
impl fmt::Display for Forwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, element) in self.elements.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{element}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ForwardedElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = [
            ("for", &self.for_node),
            ("by", &self.by_node),
            ("host", &self.host),
            ("proto", &self.proto),
        ];
        if params.iter().all(|(_, value)| value.is_none()) {
            // An element without parameters (§4), which counts as one.
            return f.write_str(";");
        }
        let mut semicolon = "";
        for (name, value) in params {
            let Some(value) = value else { continue };
            match tokens::is_token(value) {
                true => write!(f, "{semicolon}{name}={value}")?,
                false => write!(f, "{semicolon}{name}=\"{value}\"")?,
            }
            semicolon = ";";
        }
        Ok(())
    }
}

/// The elements of a plain comma list such as `X-Forwarded-For`, over all fields of `name`,
/// empty ones left out. A comma parts two of them whatever the quotes: else a client's open
/// quote would hide what the proxies add after it.
pub(crate) fn list<'a>(headers: &'a HeaderMap, name: &str) -> Vec<Cow<'a, str>> {
    let values = headers.get_all(name).iter();
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|element| String::from_utf8_lossy(element.trim_ascii()))
        .filter(|element| !element.is_empty())
        .collect()
}

/// The address of a node: bare, in brackets, in quotes, with a port or without one.
pub(crate) fn node_address(node: &str) -> Option<IpAddr> {
    let node = quoted::unquote(node);
    if let Ok(address) = node.parse() {
        return Some(address);
    }
    if let Ok(address) = node.parse::<SocketAddr>() {
        return Some(address.ip());
    }
    if let Some(rest) = node.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        return is_node_port(port).then_some(address.into());
    }
    let (address, port) = node.split_at(node.find(':')?);
    let address: Ipv4Addr = address.parse().ok()?;
    is_node_port(port).then_some(address.into())
}

/// Nothing, or a colon and a port; the port may be a word (RFC 7239 §6).
fn is_node_port(text: &str) -> bool {
    let is_port = |port: &str| {
        port.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    text.is_empty() || text.strip_prefix(':').is_some_and(is_port)
}

fn elements(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|element| !element.is_empty())
}

/// Whether a value is one that can be written again: visible ASCII without quotes.
fn is_node(value: &str) -> bool {
    !value.is_empty()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"\"\\,;".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = Forwarded::parse(text);
        assert_eq!(got.to_string(), want, "{text}");
        assert_eq!(Forwarded::parse(want), got, "{text}");
    }

    #[test]
    fn elements_are_read_and_written() {
        check(
            "For=192.0.2.43, FOR=198.51.100.17;by=203.0.113.60;proto=http;host=example.com",
            "for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;host=example.com;proto=http",
        );
        check("for=\"_gazonk\"", "for=_gazonk");
        check(
            "for=\"[2001:db8:cafe::17]:4711\"",
            "for=\"[2001:db8:cafe::17]:4711\"",
        );
        check(",, for=a ,", "for=a");
        check("", "");
    }

    #[test]
    fn what_is_broken_counts_as_an_element_that_says_nothing() {
        let elements = |text: &str| Forwarded::parse(text).elements().len();
        assert_eq!(elements("for=\"6.6.6.6, for=1.1.1.1"), 2);
        assert_eq!(elements("nonsense, for=1.1.1.1"), 2);
        check("nonsense, for=1.1.1.1", ";, for=1.1.1.1");
    }

    #[track_caller]
    fn address(node: &str, want: Option<&str>) {
        assert_eq!(
            node_address(node)
                .map(|address| address.to_string())
                .as_deref(),
            want,
            "{node}"
        );
    }

    #[test]
    fn a_node_is_an_address_with_or_without_a_port() {
        address("1.2.3.4", Some("1.2.3.4"));
        address("1.2.3.4:80", Some("1.2.3.4"));
        address("1.2.3.4:_x", Some("1.2.3.4"));
        address("2001:db8::1", Some("2001:db8::1"));
        address("[2001:db8::1]", Some("2001:db8::1"));
        address("\"[2001:db8::1]:47011\"", Some("2001:db8::1"));
        for wrong in [
            "",
            "unknown",
            "_hidden",
            "1.2.3",
            "[::1",
            "[::1]x",
            "1.2.3.4:80@x",
            "a.test",
            "\"1.2.3.4",
        ] {
            address(wrong, None);
        }
    }
}
