use std::io;

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::http::h1::Persistence;
use crate::server::exchange::Turn;
use crate::text::html;
use crate::text::latin1;
use crate::wire::{Head, Outgoing};

/// Answers a plain request that came to a TLS port: with the way to the same place by `https`.
/// What was sent, for a log; the connection is to be closed after it, for what came in plain
/// words was heard by others, and nothing more of it is taken.
///
/// 308, so that a method other than GET goes there as it is (RFC 9110 §15.4.9). Where the
/// request does not say what it took this host for, there is no way to be told, but the reason.
pub(crate) fn answer(turn: &Turn<'_>) -> io::Result<(StatusCode, u64)> {
    let url = secure_url(turn);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, html)]);
    let location = url
        .as_ref()
        .and_then(|url| HeaderValue::from_bytes(&latin1::to_bytes(url)?).ok());
    let status = match location {
        Some(location) => {
            headers.insert(header::LOCATION, location);
            StatusCode::PERMANENT_REDIRECT
        }
        None => StatusCode::BAD_REQUEST,
    };
    let text = page(status, url.as_deref());
    let head = Head {
        method: &turn.head.method,
        version: turn.head.version,
        status,
        reason: status.canonical_reason().unwrap_or_default(),
        headers: &headers,
        len: Some(text.len() as u64),
        persistence: Persistence::Close,
    };
    let outgoing = Outgoing::start(turn.stream.as_ref(), &head, text.as_bytes())?;
    Ok((status, outgoing.body_bytes()))
}

/// The same target by `https`, in WSGI's disguise.
fn secure_url(turn: &Turn<'_>) -> Option<String> {
    let target = &turn.head.target;
    let host = match &target.authority {
        Some(authority) => authority.as_ref(),
        None => turn.head.headers.get(header::HOST)?.as_bytes(),
    };
    if host.is_empty() || !target.path.starts_with(b"/") {
        return None; // `OPTIONS *` is asked of a server, not of a place
    }
    let mut url = format!(
        "https://{}{}",
        latin1::from_bytes(host),
        latin1::from_bytes(&target.path)
    );
    if !target.query.is_empty() {
        url += "?";
        url += &latin1::from_bytes(&target.query);
    }
    Some(url)
}

fn page(status: StatusCode, url: Option<&str>) -> String {
    let way = url.map(html::escape).map_or_else(
        || "Ask again with <code>https://</code>.".to_owned(),
        |url| format!("Go to <a href=\"{url}\">{url}</a>."),
    );
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<title>{status}</title>\n\
         <h1>This port speaks HTTPS</h1>\n<p>The request came in plain HTTP. {way}</p>\n"
    )
}
