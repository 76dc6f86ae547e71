use std::path::{Path, PathBuf};

use crate::exceptions::HttpException;
use crate::http::{Method, header};
use crate::middleware::{Cors, SharedData};
use crate::request::Request;
use crate::response::Response;
use crate::site::Config;
use crate::wsgi::{App, Result};

const INDEX: &str = "index.html";
const NOT_FOUND: &str = "404.html";

/// The files of a folder as an app.
pub(super) fn app(folder: &Path, config: &Config) -> Box<dyn App> {
    let rest = Rest {
        folder: folder.to_owned(),
        has_routes: config.single_page,
    };
    let files = SharedData::new(move |request: &Request<'_>| rest.answer(request))
        .folder("/", folder)
        .index(INDEX)
        .listing(config.listing);
    let files = match config.hidden {
        true => files,
        false => files.hide(is_hidden),
    };
    match config.cors {
        false => Box::new(files),
        true => {
            let cors = Cors::new(files)
                .allow_any_origin()
                .allow_methods([Method::GET, Method::HEAD])
                .allow_headers(["cache-control", "if-none-match", "range"])
                .expose_headers(["accept-ranges", "content-length", "content-range", "etag"]);
            Box::new(cors)
        }
    }
}

/// Whether a path holds a name that begins with a dot: `.env`, `.git/config`. What is in
/// `.well-known` is there to be asked for (RFC 8615).
pub(super) fn is_hidden(path: &str) -> bool {
    path.split('/')
        .any(|name| name.starts_with('.') && name != ".well-known")
}

/// What answers where no file does.
struct Rest {
    folder: PathBuf,
    // Whether paths without a file are the page's own.
    has_routes: bool,
}

impl Rest {
    fn answer(&self, request: &Request<'_>) -> Result<Response> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let refusal = HttpException::method_not_allowed();
            return Err(refusal.with_allow([Method::GET, Method::HEAD]).into());
        }
        let accept = request.headers().get(header::ACCEPT);
        let accept = accept.and_then(|accept| accept.to_str().ok());
        if self.has_routes && is_route(&request.path(), accept) && self.folder.join(INDEX).is_file()
        {
            return Ok(Response::send_from_directory(&self.folder, INDEX, request));
        }
        if self.folder.join(NOT_FOUND).is_file() {
            let page = Response::from_directory(&self.folder, NOT_FOUND.as_bytes());
            return Ok(page.status(404_u16));
        }
        Err(HttpException::not_found().into())
    }
}

/// Whether a path without a file is a place in a page of one file, and not a file that is
/// missing: a script that is answered with a page fails where nobody looks for it.
fn is_route(path: &str, accept: Option<&str>) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    // A browser that opens a page names HTML, one that wants a script or a picture does not.
    !name.contains('.') || accept.is_some_and(|accept| accept.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_dot_before_them_are_hidden() {
        for path in [".env", ".git/", ".git/config", "a/.b/c", "a/.well-known/.b"] {
            assert!(is_hidden(path), "{path}");
        }
        for path in ["", "a.b", "a/b.", ".well-known/", ".well-known/acme/x"] {
            assert!(!is_hidden(path), "{path}");
        }
    }

    #[test]
    fn a_route_is_told_from_a_missing_file() {
        let page = Some("text/html,*/*;q=0.8");
        for (path, accept, want) in [
            ("/cart/17", None, true),
            ("/cart/17", Some("*/*"), true),
            ("/users/ada.lovelace", page, true),
            ("/app.js", Some("*/*"), false),
            ("/app.js", None, false),
            ("/v1.2/cart", Some("*/*"), true),
        ] {
            assert_eq!(is_route(path, accept), want, "{path} {accept:?}");
        }
    }
}
