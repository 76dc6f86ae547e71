use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Version, header};

use crate::http::Target;
use crate::http::field_scope::is_connection_header;
use crate::http::h1::message::{declared, head_len};
use crate::http::h1::{Fault, Framing, Limits, Persistence, fields, has_token};

/// More fields than any configuration allows.
pub(super) const MOST_FIELDS: usize = 256;

/// The head of a request, checked, with what follows from it.
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// The method; any token.
    pub method: Method,
    /// The target in its parts.
    pub target: Target,
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// The fields; an absolute target's host stands in `Host`.
    pub headers: HeaderMap,
    /// How the body is cut.
    pub framing: Framing,
    /// Whether the client wants to go on afterwards.
    pub persistence: Persistence,
    /// What the client waits for before it sends the body.
    pub expectation: Expectation,
}

/// Whether the client waits for an interim answer before it sends the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// It sends the body unasked.
    None,
    /// It waits for `100 Continue` (RFC 9110 §10.1.1).
    Continue,
}

impl RequestHead {
    /// Whether the client asks to leave HTTP (RFC 9110 §7.8).
    pub fn asks_upgrade(&self) -> bool {
        self.version == Version::HTTP_11
            && self.headers.contains_key(header::UPGRADE)
            && self
                .headers
                .get_all(header::CONNECTION)
                .iter()
                .any(|line| has_token(line, "upgrade"))
    }
}

/// How long the head at the start of `bytes` is, its blank line included; `None` while it is not
/// whole. `searched` is how many of the bytes an earlier call has already seen.
///
/// Empty lines before it are passed over (RFC 9112 §2.2) and count as part of it.
///
/// # Errors
/// [`Fault`] where it is already too long.
pub fn request_len(bytes: &[u8], searched: usize, limits: &Limits) -> Result<Option<usize>, Fault> {
    let blank = blank_len(bytes);
    // Before all else, or the fault would depend on how much has arrived.
    if blank > limits.request_line_bytes {
        return Err(Fault::RequestLine);
    }
    let rest = &bytes[blank..];
    let len = head_len(rest, searched.saturating_sub(blank));
    check_sizes(&rest[..len.unwrap_or(rest.len())], limits)?;
    Ok(len.map(|len| blank + len))
}

fn blank_len(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count()
}

fn check_sizes(head: &[u8], limits: &Limits) -> Result<(), Fault> {
    let line = memchr::memchr(b'\n', head).unwrap_or(head.len());
    if line > limits.request_line_bytes {
        return Err(Fault::RequestLineTooLong {
            limit: limits.request_line_bytes,
        });
    }
    if head.len() > limits.head_bytes {
        return Err(Fault::HeadTooLong {
            limit: limits.head_bytes,
        });
    }
    Ok(())
}

/// Reads a head that is whole: what [`request_len`] measured.
///
/// # Errors
/// [`Fault`]; the connection cannot go on after it.
pub fn read_request(head: &Bytes, limits: &Limits) -> Result<RequestHead, Fault> {
    let head = &head.slice(blank_len(head)..);
    let mut storage = [const { std::mem::MaybeUninit::uninit() }; MOST_FIELDS];
    let most = limits.fields.min(MOST_FIELDS);
    let mut parsed = httparse::Request::new(&mut []);
    match parsed.parse_with_uninit_headers(head, &mut storage[..most]) {
        Ok(httparse::Status::Complete(len)) if len == head.len() => {}
        // The parser and the search disagree about where the head ends.
        Ok(_) => return Err(Fault::Field),
        Err(error) => return Err(fault_of(error, head, most)),
    }
    let (Some(method), Some(target), Some(minor)) = (parsed.method, parsed.path, parsed.version)
    else {
        return Err(Fault::RequestLine);
    };
    let version = if minor == 0 {
        Version::HTTP_10
    } else {
        Version::HTTP_11
    };
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Fault::RequestLine)?;
    if method == Method::CONNECT {
        return Err(Fault::Connect);
    }
    let target = Target::parse(head.slice_ref(target.as_bytes())).ok_or(Fault::Target)?;
    if target.path.as_ref() == b"*" && method != Method::OPTIONS {
        return Err(Fault::Target);
    }
    let mut headers = fields::collect(parsed.headers, head)?;
    check_host(version, &headers)?;
    if let Some(authority) = &target.authority {
        let host = HeaderValue::from_maybe_shared(authority.clone()).map_err(|_| Fault::Target)?;
        if !is_host(host.as_bytes()) {
            return Err(Fault::Target);
        }
        headers.insert(header::HOST, host); // RFC 9112 §3.2.2: the target outweighs the field
    }
    let framing = declared(version, &headers)?.unwrap_or(Framing::None);
    check_body(framing, limits)?;
    Ok(RequestHead {
        expectation: expectation(version, &headers, framing)?,
        persistence: Persistence::of(version, &headers),
        method,
        target,
        version,
        headers,
        framing,
    })
}

fn check_body(framing: Framing, limits: &Limits) -> Result<(), Fault> {
    let limit = limits.body_bytes;
    match framing {
        Framing::Length(len) if len > limit => Err(Fault::BodyTooLong { limit }),
        Framing::Chunked if limits.needs_length => Err(Fault::NoLength),
        _ => Ok(()),
    }
}

fn fault_of(error: httparse::Error, head: &[u8], most: usize) -> Fault {
    match error {
        httparse::Error::TooManyHeaders => Fault::TooManyFields { limit: most },
        httparse::Error::Version if names_other_version(head) => Fault::Version,
        httparse::Error::Version | httparse::Error::Token | httparse::Error::NewLine => {
            Fault::RequestLine
        }
        _ => Fault::Field, // header name and value; statuses do not occur in requests
    }
}

/// Whether the request line ends in a well-formed version that is not ours.
fn names_other_version(head: &[u8]) -> bool {
    let line = head
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default()
        .trim_ascii_end();
    let word = line.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
    match word.strip_prefix(b"HTTP/") {
        Some([major, b'.', minor]) => {
            major.is_ascii_digit()
                && minor.is_ascii_digit()
                && !matches!((major, minor), (b'1', b'0' | b'1'))
        }
        _ => false, // no version at all
    }
}

/// RFC 9112 §3.2: HTTP/1.1 needs exactly one; a second, or one that is no host, is refused always.
fn check_host(version: Version, headers: &HeaderMap) -> Result<(), Fault> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version == Version::HTTP_10 => Ok(()),
        (Some(host), None) if is_host(host.as_bytes()) => Ok(()),
        _ => Err(Fault::Host), // none, several, or malformed
    }
}

/// `uri-host [ ":" port ]` (RFC 9110 §7.2); may be empty.
fn is_host(value: &[u8]) -> bool {
    let (host, port) = match value.strip_prefix(b"[") {
        Some(rest) => match memchr::memchr(b']', rest) {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => return false,
        },
        None => value.split_at(memchr::memchr(b':', value).unwrap_or(value.len())),
    };
    let port_fits = match port.strip_prefix(b":") {
        Some(digits) => digits.iter().all(u8::is_ascii_digit),
        None => port.is_empty(),
    };
    port_fits
        && host
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:".contains(byte))
}

fn expectation(
    version: Version,
    headers: &HeaderMap,
    framing: Framing,
) -> Result<Expectation, Fault> {
    let Some(expect) = headers.get(header::EXPECT) else {
        return Ok(Expectation::None);
    };
    if version < Version::HTTP_11 {
        return Ok(Expectation::None); // RFC 9110 §10.1.1: ignored in HTTP/1.0
    }
    match expect.as_bytes().eq_ignore_ascii_case(b"100-continue") {
        false => Err(Fault::Expectation),
        true if framing == Framing::None => Ok(Expectation::None),
        true => Ok(Expectation::Continue),
    }
}

/// Writes a request's head for the next hop: fields about this connection are left out, but
/// for the wish to leave HTTP, and the body is framed anew by `framing`. `extra` goes last.
pub fn write_request(
    out: &mut Vec<u8>,
    head: &RequestHead,
    framing: Framing,
    extra: &[(&str, &[u8])],
) {
    out.extend_from_slice(head.method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(&head.target.raw);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    let listed = |name: &http::HeaderName| {
        let mut lines = head.headers.get_all(header::CONNECTION).iter();
        // `Host` is for everyone, and the next hop would refuse a request without it.
        name != header::HOST && lines.any(|line| has_token(line, name.as_str()))
    };
    for (name, value) in &head.headers {
        let framed = name == header::CONTENT_LENGTH || is_connection_header(name) || listed(name);
        // What HTTP/1.0 expects is ignored (RFC 9110 §10.1.1); in HTTP/1.1 it would be obeyed.
        let ignored = name == header::EXPECT && head.version < Version::HTTP_11;
        if !framed
            && !ignored
            && !extra
                .iter()
                .any(|(own, _)| own.eq_ignore_ascii_case(name.as_str()))
        {
            fields::write(out, name, value.as_bytes());
        }
    }
    match framing {
        Framing::Length(len) => fields::write_number(out, &header::CONTENT_LENGTH, len),
        Framing::Chunked => fields::write(out, &header::TRANSFER_ENCODING, b"chunked"),
        // A length that was said stays said, so that an empty POST has one.
        Framing::None if head.headers.contains_key(header::CONTENT_LENGTH) => {
            fields::write_number(out, &header::CONTENT_LENGTH, 0);
        }
        Framing::None | Framing::UntilClose => {}
    }
    if head.asks_upgrade() {
        fields::write(out, &header::CONNECTION, b"upgrade");
        for protocol in head.headers.get_all(header::UPGRADE) {
            fields::write(out, &header::UPGRADE, protocol.as_bytes());
        }
    }
    for (name, value) in extra {
        fields::write_named(out, name, value);
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
