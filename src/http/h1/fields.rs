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

/// `name: value CRLF`.
pub(super) fn write(out: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// `name: number CRLF`.
pub(super) fn write_number(out: &mut Vec<u8>, name: &HeaderName, number: u64) {
    write(out, name, number.to_string().as_bytes());
}
