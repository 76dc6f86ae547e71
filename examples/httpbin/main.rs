//! httpbin: it answers each request with what it was, or as the request's path asks.
//!
//! `devserve run --example httpbin`, or over HTTPS and without the command:
//!
//! ```text
//! PORT=8443 TLS_CERT=cert.pem TLS_KEY=key.pem cargo run --example httpbin
//! curl -k https://127.0.0.1:8443/anything -d tea=green
//! ```
//!
//! Every path of httpbin 0.10 is here; `/` lists them, and `/spec.json` describes them to
//! programs. The answers are the same to the byte where they are JSON, but for these:
//!
//! - A request that makes no sense is a 400 where httpbin fails with 500 (`/redirect/0`,
//!   `/redirect-to` without an address, `/delay/soon`), ends the connection (`/status/100`), or
//!   takes it for another (a broken multipart body).
//! - Chunked bodies are taken. Error pages and pictures are our own, and so is every longer text
//!   but Melville's.
//! - Digest credentials are held to RFC 7616: user, realm, algorithm, quality of protection and
//!   address are those of the challenge.
//! - In JSON bodies, numbers of more than 64 bits come back as the nearest fraction.

mod auth;
mod caching;
mod cookies;
mod digest;
mod dynamic;
mod formats;
mod guide;
mod inspect;
mod json;
mod options;
mod random;
mod ranges;
mod redirects;
mod response_headers;
mod status;

use devserve::Result;
use devserve::http::{HeaderValue, Method, StatusCode, header};
use devserve::router::Router;
use devserve::routing::Rule;
use devserve::wsgi::{App, Reply};
use devserve::{Request, Response};

/// What the endpoints take that take any method.
const METHODS: [Method; 6] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
    Method::TRACE,
];

pub(crate) fn app() -> Result<impl App> {
    Ok(router().build()?)
}

pub(crate) fn router() -> Router {
    let any = |path| Rule::new(path, path).methods(METHODS);
    Router::new()
        .get("/", guide::page)
        .get("/legacy", guide::page)
        .get("/spec.json", guide::spec)
        // What the request says.
        .get("/ip", inspect::ip)
        .get("/headers", inspect::headers_alone)
        .get("/user-agent", inspect::user_agent)
        .get("/get", inspect::get)
        .post("/post", inspect::post)
        .put("/put", inspect::post)
        .patch("/patch", inspect::post)
        .delete("/delete", inspect::post)
        .route(any("/anything"), inspect::anything)
        .route(any("/anything/<path:anything>"), inspect::anything)
        // Answers that the path asks for.
        .route(any("/status/<codes>"), status::status)
        .route(any("/redirect-to"), redirects::redirect_to)
        .get("/redirect/<int:n>", redirects::redirect)
        .get("/relative-redirect/<int:n>", redirects::relative_redirect)
        .get("/absolute-redirect/<int:n>", redirects::absolute_redirect)
        .get("/response-headers", response_headers::response_headers)
        .post("/response-headers", response_headers::response_headers)
        .get("/cache", caching::cache)
        .get("/cache/<int:value>", caching::cache_control)
        .get("/etag/<etag>", caching::etag)
        .get("/cookies", cookies::cookies)
        .get("/cookies/set", cookies::set_all)
        .get("/cookies/set/<name>/<value>", cookies::set)
        .get("/cookies/delete", cookies::delete)
        // Credentials.
        .get("/basic-auth/<user>/<passwd>", auth::basic)
        .get("/hidden-basic-auth/<user>/<passwd>", auth::hidden_basic)
        .get("/bearer", auth::bearer)
        .get("/digest-auth/<qop>/<user>/<passwd>", digest::of_md5)
        .get(
            "/digest-auth/<qop>/<user>/<passwd>/<algorithm>",
            digest::of_algorithm,
        )
        .get(
            "/digest-auth/<qop>/<user>/<passwd>/<algorithm>/<stale_after>",
            digest::until_stale,
        )
        // Bodies that differ each time, or take theirs.
        .get("/uuid", dynamic::uuid)
        .get("/base64/<value>", dynamic::base64)
        .get("/bytes/<int:n>", dynamic::bytes)
        .get("/stream-bytes/<int:n>", dynamic::stream_bytes)
        .get("/stream/<int:n>", dynamic::stream)
        .route(any("/delay/<delay>"), dynamic::delay)
        .get("/drip", dynamic::drip)
        .get("/range/<int:numbytes>", ranges::range)
        .get("/links/<int:n>", dynamic::links)
        .get("/links/<int:n>/<int:offset>", dynamic::link_page)
        // Bodies that are always the same.
        .get("/html", formats::html)
        .get("/json", formats::json)
        .get("/xml", formats::xml)
        .get("/robots.txt", formats::robots)
        .get("/deny", formats::deny)
        .get("/encoding/utf8", formats::utf8)
        .get("/forms/post", formats::form)
        .get("/gzip", formats::gzip)
        .get("/deflate", formats::deflate)
        .get("/brotli", formats::brotli)
        .get("/image", formats::image)
        .get("/image/png", formats::png)
        .get("/image/jpeg", formats::jpeg)
        .get("/image/webp", formats::webp)
        .get("/image/svg", formats::svg)
        .after(options_as_flask)
        .after(allow_every_origin)
        .after(reasons_as_werkzeug)
}

/// The router answers `OPTIONS` with a 204; httpbin's, Flask, has a page without a word.
fn options_as_flask(request: &Request, reply: Reply) -> Result<Reply> {
    if request.method() != Method::OPTIONS || reply.status() != StatusCode::NO_CONTENT {
        return Ok(reply);
    }
    let mut page = Response::html("").into_reply()?;
    page.headers_mut().extend(reply.into_parts().0.headers);
    Ok(page)
}

/// Any page may read the answers, with its visitor's cookies: there is nothing to steal here.
fn allow_every_origin(request: &Request, mut reply: Reply) -> Result<Reply> {
    let (asked, allowed) = (request.headers(), reply.headers_mut());
    let everyone = HeaderValue::from_static("*");
    let origin = asked.get(header::ORIGIN).cloned().unwrap_or(everyone);
    allowed.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    allowed.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    if request.method() == Method::OPTIONS {
        allowed.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST, PUT, DELETE, PATCH, OPTIONS"),
        );
        allowed.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("3600"),
        );
        if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            allowed.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
    }
    Ok(reply)
}

/// Reason phrases are in capitals there; they mean nothing, but tests of clients compare them.
fn reasons_as_werkzeug(_: &Request, mut reply: Reply) -> Result<Reply> {
    let phrase = reply.status().canonical_reason().unwrap_or("unknown");
    let line = format!("{} {}", reply.status().as_u16(), phrase.to_uppercase());
    let spoken = Response::empty().status_line(&line).into_reply()?;
    reply
        .extensions_mut()
        .extend(spoken.into_parts().0.extensions);
    Ok(reply)
}

fn main() -> Result<()> {
    devserve::run(app()?)
}
