use http::{HeaderMap, HeaderName, HeaderValue};

use crate::http::h1::Fault;

/// Whether a list field's value has `token` among its items, in any case (RFC 9110 §5.6.1).
pub fn has_token(value: &HeaderValue, token: &str) -> bool {
    value
        .as_bytes()
        .split(|&byte| byte == b',')
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// What the parser found, as a map. Names and values were checked by it.
pub(super) fn collect(
    parsed: &[httparse::Header<'_>],
    head: &bytes::Bytes,
) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::with_capacity(parsed.len());
    for field in parsed {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| Fault::Field)?;
        // `slice_ref` shares the head's bytes, so a value costs no copy.
        let value = match field.value.is_empty() {
            true => HeaderValue::from_static(""),
            false => HeaderValue::from_maybe_shared(head.slice_ref(field.value))
                .map_err(|_| Fault::Field)?,
        };
        headers.append(name, value);
    }
    Ok(headers)
}

/// `Name: value CRLF`. Case means nothing in a name (RFC 9110 §5.1), but people read names as
/// RFCs write them, and so do programs that compare them letter by letter.
pub(super) fn write(out: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    write_named(out, name.as_str(), value);
}

/// The same, of a name in small letters that is none of the map's.
pub(super) fn write_named(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    write_name(out, name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// A name in small letters with capitals where they belong: at the start of each word, but for
/// the few names whose RFCs have their own way.
fn write_name(out: &mut Vec<u8>, name: &str) {
    let own = match name {
        "dnt" => "DNT",
        "etag" => "ETag",
        "sec-websocket-accept" => "Sec-WebSocket-Accept",
        "sec-websocket-extensions" => "Sec-WebSocket-Extensions",
        "sec-websocket-key" => "Sec-WebSocket-Key",
        "sec-websocket-protocol" => "Sec-WebSocket-Protocol",
        "sec-websocket-version" => "Sec-WebSocket-Version",
        "te" => "TE",
        "www-authenticate" => "WWW-Authenticate",
        _ => "",
    };
    if !own.is_empty() {
        out.extend_from_slice(own.as_bytes());
        return;
    }
    let mut before = b'-';
    out.extend(name.bytes().map(|byte| {
        let written = match before {
            b'-' => byte.to_ascii_uppercase(),
            _ => byte,
        };
        before = byte;
        written
    }));
}

/// `Name: number CRLF`.
pub(super) fn write_number(out: &mut Vec<u8>, name: &HeaderName, number: u64) {
    write(out, name, number.to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_rfcs_write_them() {
        for (name, want) in [
            ("content-type", "Content-Type"),
            ("etag", "ETag"),
            ("www-authenticate", "WWW-Authenticate"),
            ("sec-websocket-accept", "Sec-WebSocket-Accept"),
            ("x-request-id", "X-Request-Id"),
            ("x_odd--name-", "X_odd--Name-"),
            ("4u", "4u"),
        ] {
            let mut out = Vec::new();
            write(&mut out, &HeaderName::from_static(name), b"1");
            assert_eq!(out, format!("{want}: 1\r\n").into_bytes());
        }
    }
}
