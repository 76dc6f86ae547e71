//! Bodies of many types, which are always the same.

use std::io::{self, Write};

use devserve::http::StatusCode;
use devserve::{Request, Response, Result};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::json;

use super::json::{Json, Members, pretty};
use super::{inspect, status};

const SAD: &str = r"
          .--------.
         /  _    _  \
        |   o    o   |
        |     /\     |
        |    .--.    |
         \  '    '  /
          '--------'
     YOU SHOULDN'T BE HERE
";

pub(crate) fn html(_: &Request) -> Response {
    Response::html(include_str!("pages/moby-dick.html"))
}

pub(crate) fn xml(_: &Request) -> Response {
    Response::new("application/xml", include_str!("pages/slideshow.xml"))
}

pub(crate) fn utf8(_: &Request) -> Response {
    Response::html(include_str!("pages/utf8.html"))
}

pub(crate) fn form(_: &Request) -> Response {
    Response::html(include_str!("pages/form.html"))
}

pub(crate) fn robots(_: &Request) -> Response {
    Response::new("text/plain", "User-agent: *\nDisallow: /deny\n")
}

pub(crate) fn deny(_: &Request) -> Response {
    Response::new("text/plain", SAD)
}

pub(crate) fn json(_: &Request) -> Json {
    Json(json!({
        "slideshow": {
            "author": "Yours Truly",
            "date": "date of publication",
            "slides": [
                { "title": "Wake up to WonderWidgets!", "type": "all" },
                {
                    "items": [
                        "Why <em>WonderWidgets</em> are great",
                        "Who <em>buys</em> WonderWidgets",
                    ],
                    "title": "Overview",
                    "type": "all",
                },
            ],
            "title": "Sample Slide Show",
        },
    }))
}

pub(crate) fn gzip(request: &Request) -> Result<Response> {
    packed(request, "gzipped", "gzip", |text| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(text)?;
        packer.finish()
    })
}

pub(crate) fn deflate(request: &Request) -> Result<Response> {
    packed(request, "deflated", "deflate", |text| {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        packer.write_all(text)?;
        packer.finish()
    })
}

pub(crate) fn brotli(request: &Request) -> Result<Response> {
    packed(request, "brotli", "br", |text| {
        let mut packer = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
        packer.write_all(text)?;
        Ok(packer.into_inner())
    })
}

/// The request in this coding, whether or not the client takes it.
///
/// An app of your own leaves that to [`Compression`](devserve::middleware), which asks first.
fn packed(
    request: &Request,
    name: &str,
    coding: &str,
    pack: impl Fn(&[u8]) -> io::Result<Vec<u8>>,
) -> Result<Response> {
    let told = Members::from_iter([
        (name.into(), true.into()),
        ("headers".into(), inspect::headers(request)),
        ("method".into(), request.method().as_str().into()),
        ("origin".into(), inspect::origin(request)),
    ]);
    let body = pack(pretty(&told.into()).as_bytes())?;
    Ok(Response::new("application/json", body).content_encoding([coding]))
}

/// A picture of the type the client names; the first of ours, whichever it likes best.
pub(crate) fn image(request: &Request) -> Response {
    let Some(accept) = request.header("accept") else {
        return png(request);
    };
    let accept = accept.to_ascii_lowercase();
    let takes = |name: &str| accept.contains(name);
    if takes("image/webp") {
        webp(request)
    } else if takes("image/svg+xml") {
        svg(request)
    } else if takes("image/jpeg") {
        jpeg(request)
    } else if takes("image/png") || takes("image/*") {
        png(request)
    } else {
        status::answer(StatusCode::NOT_ACCEPTABLE)
    }
}

pub(crate) fn png(_: &Request) -> Response {
    Response::new("image/png", &include_bytes!("pages/tea.png")[..])
}

pub(crate) fn jpeg(_: &Request) -> Response {
    Response::new("image/jpeg", &include_bytes!("pages/tea.jpg")[..])
}

pub(crate) fn webp(_: &Request) -> Response {
    Response::new("image/webp", &include_bytes!("pages/tea.webp")[..])
}

pub(crate) fn svg(_: &Request) -> Response {
    Response::new("image/svg+xml", include_str!("pages/tea.svg"))
}
