use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version, header};

use crate::http::field_scope::is_connection_header;
use crate::http::h1::message::{declared, head_len};
use crate::http::h1::request::MOST_FIELDS;
use crate::http::h1::{Fault, Framing, Limits, Persistence, fields};

/// The head of an answer.
#[derive(Clone, Debug)]
pub struct ResponseHead {
    /// The status.
    pub status: StatusCode,
    /// The reason phrase as sent; may be empty.
    pub reason: Bytes,
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// The fields.
    pub headers: HeaderMap,
    /// Whether the other side goes on afterwards.
    pub persistence: Persistence,
}

impl ResponseHead {
    /// How the body of this answer to `method` is cut (RFC 9112 §6.3).
    ///
    /// # Errors
    /// [`Fault`] where the head contradicts itself.
    pub fn framing(&self, method: &Method) -> Result<Framing, Fault> {
        if is_bodiless(method, self.status) {
            return Ok(Framing::None);
        }
        Ok(declared(self.version, &self.headers)?.unwrap_or(Framing::UntilClose))
    }
}

/// How long the head of an answer at the start of `bytes` is; `None` while it is not whole.
/// `searched` is how many of the bytes an earlier call has already seen.
///
/// # Errors
/// [`Fault`] where it is already too long.
pub fn response_len(
    bytes: &[u8],
    searched: usize,
    limits: &Limits,
) -> Result<Option<usize>, Fault> {
    let len = head_len(bytes, searched);
    match len.unwrap_or(bytes.len()) > limits.head_bytes {
        true => Err(Fault::HeadTooLong {
            limit: limits.head_bytes,
        }),
        false => Ok(len),
    }
}

/// Reads the head of an answer that is whole: what [`response_len`] measured.
///
/// # Errors
/// [`Fault`] where it is malformed.
pub fn read_response(head: &Bytes) -> Result<ResponseHead, Fault> {
    let mut storage = [const { std::mem::MaybeUninit::uninit() }; MOST_FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    let parsing = httparse::ParserConfig::default();
    match parsing.parse_response_with_uninit_headers(&mut parsed, head, &mut storage) {
        Ok(httparse::Status::Complete(len)) if len == head.len() => {}
        _ => return Err(Fault::Field), // as in requests
    }
    let (Some(code), Some(minor)) = (parsed.code, parsed.version) else {
        return Err(Fault::Field);
    };
    let version = if minor == 0 {
        Version::HTTP_10
    } else {
        Version::HTTP_11
    };
    let headers = fields::collect(parsed.headers, head)?;
    Ok(ResponseHead {
        status: StatusCode::from_u16(code).map_err(|_| Fault::Field)?,
        reason: Bytes::copy_from_slice(parsed.reason.unwrap_or_default().as_bytes()),
        persistence: Persistence::of(version, &headers),
        version,
        headers,
    })
}

/// How to frame a body whose length is `len`, if known, in an answer to `method` from a client
/// that speaks `version` (RFC 9112 §6.1, §6.3).
pub fn response_framing(
    method: &Method,
    status: StatusCode,
    version: Version,
    len: Option<u64>,
) -> Framing {
    match len {
        _ if is_bodiless(method, status) => Framing::None,
        Some(len) => Framing::Length(len),
        None if version >= Version::HTTP_11 => Framing::Chunked,
        None => Framing::UntilClose,
    }
}

/// Writes an answer's head. The fields that speak of the connection and the framing are ours:
/// those in `headers` are left out, but for `Content-Length` where the body is left out
/// (`HEAD`, 304), which then tells what it would have been.
pub fn write_response(
    out: &mut Vec<u8>,
    head: (StatusCode, &str),
    headers: &HeaderMap,
    framing: Framing,
    persistence: (Version, Persistence),
) {
    let (status, reason) = head;
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(reason.as_bytes());
    out.extend_from_slice(b"\r\n");
    let leaves_http = status == StatusCode::SWITCHING_PROTOCOLS;
    let keeps_length =
        framing == Framing::None && !status.is_informational() && status != StatusCode::NO_CONTENT;
    for (name, value) in headers {
        let is_ours = is_connection_header(name) && !(leaves_http && name == header::UPGRADE);
        if !is_ours && (name != header::CONTENT_LENGTH || keeps_length) {
            fields::write(out, name, value.as_bytes());
        }
    }
    match framing {
        Framing::Length(len) => fields::write_number(out, &header::CONTENT_LENGTH, len),
        Framing::Chunked => fields::write(out, &header::TRANSFER_ENCODING, b"chunked"),
        Framing::None | Framing::UntilClose => {}
    }
    match persistence {
        _ if leaves_http => fields::write(out, &header::CONNECTION, b"upgrade"),
        (_, Persistence::Close) => fields::write(out, &header::CONNECTION, b"close"),
        (Version::HTTP_11, Persistence::KeepAlive) => {}
        // A client that speaks 1.0 does not know unless it is told.
        (_, Persistence::KeepAlive) => fields::write(out, &header::CONNECTION, b"keep-alive"),
    }
    out.extend_from_slice(b"\r\n");
}

/// Whether an answer has no body whatever its fields say (RFC 9112 §6.3).
fn is_bodiless(method: &Method, status: StatusCode) -> bool {
    method == Method::HEAD
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &'static str, method: Method, want: Result<Framing, Fault>) {
        assert_eq!(
            response_len(head.as_bytes(), 0, &Limits::default()),
            Ok(Some(head.len()))
        );
        let read = read_response(&Bytes::from_static(head.as_bytes())).unwrap();
        assert_eq!(read.framing(&method), want, "{head:?}");
    }

    #[test]
    fn an_answer_s_framing_follows_rfc_9112_section_6_3() {
        check(
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            Method::GET,
            Ok(Framing::Length(5)),
        );
        check(
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            Method::HEAD,
            Ok(Framing::None),
        );
        check(
            "HTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n",
            Method::GET,
            Ok(Framing::None),
        );
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            Method::GET,
            Ok(Framing::Chunked),
        );
        check(
            "HTTP/1.0 200 OK\r\n\r\n",
            Method::GET,
            Ok(Framing::UntilClose),
        );
        check(
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            Method::GET,
            Err(Fault::ContentLength),
        );
    }

    #[test]
    fn writes_only_its_own_words_on_framing_and_connection() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-a", "1"),
            ("content-length", "9"),
            ("transfer-encoding", "x"),
            ("connection", "y"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let mut out = Vec::new();
        let keep = (Version::HTTP_11, Persistence::KeepAlive);
        write_response(
            &mut out,
            (StatusCode::OK, "Fine"),
            &headers,
            Framing::Length(2),
            keep,
        );
        assert_eq!(
            out,
            b"HTTP/1.1 200 Fine\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n"
        );
        out.clear();
        let close = (Version::HTTP_10, Persistence::KeepAlive);
        write_response(
            &mut out,
            (StatusCode::OK, "OK"),
            &headers,
            Framing::None,
            close,
        );
        assert_eq!(
            out,
            b"HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 9\r\nConnection: keep-alive\r\n\r\n"
        );
    }
}
