//! What there is, for people and for programs.

use devserve::text::html;
use devserve::{Request, Response};
use serde_json::{Value, json};

use super::json::{Json, Members};

/// One endpoint, as the page and the description have it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    tag: &'static str,
    methods: &'static str,
    /// With the variables in braces; `{n:integer}` where they are not text.
    pub(crate) path: &'static str,
    /// What the query may hold.
    query: &'static str,
    about: &'static str,
}

const ANY: &str = "get post put delete patch trace";

const fn at(
    tag: &'static str,
    methods: &'static str,
    path: &'static str,
    query: &'static str,
    about: &'static str,
) -> Endpoint {
    Endpoint {
        tag,
        methods,
        path,
        query,
        about,
    }
}

#[rustfmt::skip]
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    at("HTTP Methods", "get", "/get", "", "What the query and the header say."),
    at("HTTP Methods", "post", "/post", "", "The same, and what the body says."),
    at("HTTP Methods", "put", "/put", "", "The same for PUT."),
    at("HTTP Methods", "patch", "/patch", "", "The same for PATCH."),
    at("HTTP Methods", "delete", "/delete", "", "The same for DELETE."),
    at("Anything", ANY, "/anything", "", "All that was sent, by any method."),
    at("Anything", ANY, "/anything/{anything}", "", "The same, with any path behind."),
    at("Request inspection", "get", "/headers", "", "The header fields."),
    at("Request inspection", "get", "/ip", "", "Who asks."),
    at("Request inspection", "get", "/user-agent", "", "By which program."),
    at("Status codes", ANY, "/status/{codes}", "", "That status; of several, as 200:3,500, one by chance and weight."),
    at("Auth", "get", "/basic-auth/{user}/{passwd}", "", "Asks for Basic credentials."),
    at("Auth", "get", "/hidden-basic-auth/{user}/{passwd}", "", "The same, with a 404 for whoever has none."),
    at("Auth", "get", "/bearer", "", "Asks for any Bearer token."),
    at("Auth", "get", "/digest-auth/{qop}/{user}/{passwd}", "require-cookie", "Asks for Digest credentials; qop is auth, auth-int, or a word for both."),
    at("Auth", "get", "/digest-auth/{qop}/{user}/{passwd}/{algorithm}", "require-cookie", "The same by MD5, SHA-256 or SHA-512."),
    at("Auth", "get", "/digest-auth/{qop}/{user}/{passwd}/{algorithm}/{stale_after}", "require-cookie", "The same, with a nonce for so many answers."),
    at("Redirects", "get", "/redirect/{n:integer}", "absolute", "Redirects n times."),
    at("Redirects", "get", "/relative-redirect/{n:integer}", "", "The same, by path."),
    at("Redirects", "get", "/absolute-redirect/{n:integer}", "", "The same, by whole address."),
    at("Redirects", ANY, "/redirect-to", "url! status_code:integer", "Redirects there."),
    at("Cookies", "get", "/cookies", "", "The cookies."),
    at("Cookies", "get", "/cookies/set", "freeform", "Sets each name in the query."),
    at("Cookies", "get", "/cookies/set/{name}/{value}", "", "Sets one."),
    at("Cookies", "get", "/cookies/delete", "freeform", "Deletes each name in the query."),
    at("Response inspection", "get post", "/response-headers", "freeform", "Sets each name in the query as a header field."),
    at("Response inspection", "get", "/cache", "", "304 for whoever asks with a condition."),
    at("Response inspection", "get", "/cache/{value:integer}", "", "May be kept for so many seconds."),
    at("Response inspection", "get", "/etag/{etag}", "", "Has this entity tag, and minds If-Match and If-None-Match."),
    at("Response formats", "get", "/html", "", "A page of Melville's."),
    at("Response formats", "get", "/json", "", "JSON."),
    at("Response formats", "get", "/xml", "", "XML."),
    at("Response formats", "get", "/robots.txt", "", "What robots may not see."),
    at("Response formats", "get", "/deny", "", "That."),
    at("Response formats", "get", "/encoding/utf8", "", "Text in many scripts."),
    at("Response formats", "get", "/forms/post", "", "A form that goes to /post."),
    at("Response formats", "get", "/gzip", "", "Packed by gzip."),
    at("Response formats", "get", "/deflate", "", "Packed by zlib."),
    at("Response formats", "get", "/brotli", "", "Packed by brotli."),
    at("Images", "get", "/image", "", "A picture of a type in Accept."),
    at("Images", "get", "/image/png", "", "A PNG."),
    at("Images", "get", "/image/jpeg", "", "A JPEG."),
    at("Images", "get", "/image/webp", "", "A WebP."),
    at("Images", "get", "/image/svg", "", "An SVG."),
    at("Dynamic data", "get", "/uuid", "", "A UUID."),
    at("Dynamic data", "get", "/base64/{value}", "", "The text in this base64."),
    at("Dynamic data", "get", "/bytes/{n:integer}", "seed:integer", "So many bytes by chance, or by a seed."),
    at("Dynamic data", "get", "/stream-bytes/{n:integer}", "seed:integer chunk_size:integer", "The same in chunks."),
    at("Dynamic data", "get", "/stream/{n:integer}", "", "So many lines of JSON, a chunk each."),
    at("Dynamic data", ANY, "/delay/{delay:number}", "", "Waits so many seconds, ten at most."),
    at("Dynamic data", "get", "/drip", "duration:number numbytes:integer code:integer delay:number", "A star at a time."),
    at("Dynamic data", "get", "/range/{numbytes:integer}", "chunk_size:integer duration:number", "The part that Range asks for."),
    at("Dynamic data", "get", "/links/{n:integer}", "", "Redirects to the first of n pages."),
    at("Dynamic data", "get", "/links/{n:integer}/{offset:integer}", "", "A page of links to n pages like it."),
];

pub(crate) fn page(_: &Request) -> Response {
    let mut page = HEAD.to_owned();
    let mut tag = "";
    for endpoint in ENDPOINTS {
        if tag != endpoint.tag {
            tag = endpoint.tag;
            page += &format!("<h2>{tag}</h2>\n");
        }
        let methods = endpoint.methods.to_ascii_uppercase();
        let path = html::escape(endpoint.path);
        let path = match path.contains('{') || !methods.contains("GET") {
            true => format!("<code>{path}</code>"),
            false => format!("<a href=\"{path}\"><code>{path}</code></a>"),
        };
        page += &format!(
            "<p>{path} <small>{methods}</small><br>{}</p>\n",
            endpoint.about
        );
    }
    Response::html(page)
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>httpbin</title>
<style>
:root { color-scheme: light dark }
body { max-width: 44rem; margin: 3rem auto; padding: 0 1.5rem; font: 1rem/1.5 system-ui, sans-serif }
small { opacity: .75 }
</style>
<h1>httpbin</h1>
<p>Whatever you send is told back to you, or answered as the path asks. Programs read
<a href=\"/spec.json\">the description</a>.</p>
";

/// The endpoints in Swagger 2.0.
pub(crate) fn spec(request: &Request) -> devserve::Result<Json> {
    let mut paths = Members::new();
    for endpoint in ENDPOINTS {
        let methods = endpoint.methods.split(' ');
        let operations = methods.map(|method| (method.to_owned(), endpoint.operation()));
        paths.insert(bare(endpoint.path), operations.collect::<Members>().into());
    }
    Ok(Json(json!({
        "swagger": "2.0",
        "info": { "title": "httpbin", "version": env!("CARGO_PKG_VERSION") },
        "host": request.host()?.to_string(),
        "basePath": "/",
        "schemes": [request.scheme()],
        "paths": paths,
    })))
}

impl Endpoint {
    fn operation(&self) -> Value {
        let in_path = variables(self.path).map(|variable| parameter("path", variable, true));
        let in_query = self.query.split_whitespace().map(|name| {
            let is_required = name.ends_with('!');
            parameter("query", name.trim_end_matches('!'), is_required)
        });
        json!({
            "tags": [self.tag],
            "summary": self.about,
            "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
            "responses": { "default": { "description": self.about } },
        })
    }
}

/// A name, or a name and its type: `n:integer`.
fn parameter(place: &str, described: &str, is_required: bool) -> Value {
    let (name, kind) = described.split_once(':').unwrap_or((described, "string"));
    json!({ "in": place, "name": name, "type": kind, "required": is_required })
}

/// What is in the braces.
fn variables(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
}

/// The path without types: `/bytes/{n}`.
fn bare(path: &str) -> String {
    variables(path).fold(path.to_owned(), |path, variable| {
        let name = variable.split(':').next().unwrap_or_default();
        path.replace(variable, name)
    })
}
