use std::io::Write;

use crate::http::h1::has_token;
use crate::http::{
    AcceptEncoding, ContentType, ETag, HeaderMap, HeaderValue, Method, StatusCode, header,
};
use crate::middleware::compression::Coding;
use crate::middleware::compression::coder::Coder;
use crate::middleware::doors;
use crate::wsgi::{
    App, Body, Environ, Error, Reply, Result, Route, StartError, StartResponse, Status,
};

/// An app whose answers are packed, by the coding that the client likes best.
///
/// A stream stays one: each chunk is packed and sent before the next is made. As they are go
/// answers that are small, packed already, parts of a resource, of a kind that does not shrink
/// (pictures, say), or marked `Cache-Control: no-transform`. A packed answer has a weak entity
/// tag, as its bytes are not those the app named.
///
/// ```
/// use devserve::Request;
/// use devserve::middleware::Compression;
/// use devserve::testing::Client;
///
/// let client = Client::new(Compression::new(|_: &Request| "la ".repeat(1000)));
/// let song = client.get("/").header("accept-encoding", "gzip, br").send()?;
/// assert_eq!(song.header("content-encoding"), Some("br"));
/// assert!(song.bytes().len() < 100);
/// # Ok::<(), devserve::Error>(())
/// ```
///
/// A page that holds a secret, such as a form's token, beside what a stranger can put into it
/// should not be packed: over TLS the length alone lets him guess the secret, a letter at a time
/// (the BREACH attack). `Cache-Control: no-transform` on such a page keeps it as it is.
#[derive(Clone, Debug)]
pub struct Compression<A> {
    app: A,
    rules: Rules,
}

impl<A: App> Compression<A> {
    /// `app`, with answers from 1 KiB on packed by zstd, brotli or gzip: the first of these
    /// among those the client likes equally.
    pub fn new(app: A) -> Self {
        Self {
            app,
            rules: Rules {
                least_bytes: 1 << 10,
                codings: vec![Coding::Zstd, Coding::Brotli, Coding::Gzip],
            },
        }
    }

    /// Packs answers from so many bytes on. Those whose length is not known are always packed.
    pub fn least_bytes(mut self, least_bytes: u64) -> Self {
        self.rules.least_bytes = least_bytes;
        self
    }

    /// Packs by these codings only, the favorite first.
    pub fn codings(mut self, codings: impl IntoIterator<Item = Coding>) -> Self {
        self.rules.codings = codings.into_iter().collect();
        self
    }
}

impl<A: App> App for Compression<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        let asked = self.rules.ask(environ);
        let mut reply = self.app.call(environ)?;
        let length = reply.body().len();
        let (status, headers) = (reply.status(), reply.headers_mut());
        match asked.packing(status, headers, length)? {
            None => Ok(reply),
            Some(coder) => Ok(reply.map(|body| packed(body, coder))),
        }
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        let mut start = Packing {
            asked: self.rules.ask(environ),
            start_response,
            stage: Stage::NoHead,
        };
        let body = self.app.wsgi(environ, &mut start)?;
        start.finish(body)
    }

    fn routes(&self) -> Result<Vec<Route>> {
        self.app.routes()
    }
}

#[derive(Clone, Debug)]
struct Rules {
    least_bytes: u64,
    codings: Vec<Coding>,
}

impl Rules {
    fn ask(&self, environ: &Environ) -> Asked {
        let accept = AcceptEncoding::from_headers(environ.headers());
        let names = self.codings.iter().map(|coding| coding.name());
        let offers: Vec<_> = names.chain(["identity"]).collect();
        // No field at all takes anything (RFC 9110 §12.5.3), and is mostly a client that knows
        // no coding.
        let is_told = environ.headers().contains_key(header::ACCEPT_ENCODING);
        let best = accept.best_match(&offers).filter(|_| is_told);
        Asked {
            coding: best.and_then(|best| {
                let mut codings = self.codings.iter().copied();
                codings.find(|coding| coding.name() == best)
            }),
            least_bytes: self.least_bytes,
            is_head: *environ.method() == Method::HEAD,
        }
    }
}

/// What is known before the app is called.
#[derive(Clone, Copy, Debug)]
struct Asked {
    coding: Option<Coding>,
    least_bytes: u64,
    is_head: bool,
}

impl Asked {
    /// Whether and how an answer is packed; its head is changed to say so.
    ///
    /// The head of a `HEAD` is that of the `GET`, as far as its length is told; there is no body
    /// to pack.
    fn packing(
        self,
        status: StatusCode,
        headers: &mut HeaderMap,
        length: Option<u64>,
    ) -> Result<Option<Coder>> {
        if !shrinks(status, headers) {
            return Ok(None);
        }
        // Whoever asks with another field may get another answer, and so a cache is told.
        doors::vary(headers, &header::ACCEPT_ENCODING);
        let told = headers.get(header::CONTENT_LENGTH);
        let told = told.and_then(|length| length.to_str().ok()?.parse().ok());
        let length = match self.is_head {
            true => told.or(Some(0)), // a body that was left out says nothing
            false => told.or(length),
        };
        let is_small = length.is_some_and(|length| length < self.least_bytes.max(1));
        let Some(coding) = self.coding.filter(|_| !is_small) else {
            return Ok(None);
        };
        let name = HeaderValue::from_static(coding.name());
        headers.insert(header::CONTENT_ENCODING, name);
        for of_other_bytes in [
            "content-length",
            "content-digest",
            "content-md5",
            "accept-ranges",
        ] {
            headers.remove(of_other_bytes);
        }
        weaken(headers);
        match self.is_head {
            true => Ok(None),
            false => Ok(Some(Coder::new(coding)?)),
        }
    }
}

/// Whether an answer may be packed, and it makes sense to.
fn shrinks(status: StatusCode, headers: &HeaderMap) -> bool {
    let has_whole_content = !matches!(status.as_u16(), 100..=199 | 204..=206 | 304)
        && !headers.contains_key(header::CONTENT_RANGE);
    let is_packed = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|coding| coding.as_bytes().trim_ascii() != b"identity");
    let must_stay = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .any(|value| has_token(value, "no-transform"));
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    has_whole_content && !is_packed && !must_stay && is_text(&ContentType::parse(content_type))
}

/// Media types that are text, or shrink like it.
fn is_text(content_type: &ContentType) -> bool {
    let essence = content_type.essence();
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence,
            "application/javascript"
                | "application/json"
                | "application/manifest+json"
                | "application/rtf"
                | "application/vnd.ms-fontobject"
                | "application/wasm"
                | "application/x-javascript"
                | "application/x-ndjson"
                | "application/x-www-form-urlencoded"
                | "application/xml"
                | "application/yaml"
                | "font/otf"
                | "font/ttf"
                | "image/bmp"
                | "image/vnd.microsoft.icon"
                | "image/x-icon"
        )
}

/// A strong tag names bytes, and these are others now (RFC 9110 §8.8.3).
fn weaken(headers: &mut HeaderMap) {
    let Some(value) = headers.get(header::ETAG) else {
        return;
    };
    match ETag::from_header(value).map(|tag| ETag::weak(tag.tag())) {
        Some(Ok(weak)) => drop(headers.insert(header::ETAG, weak.to_header())),
        _ => drop(headers.remove(header::ETAG)), // it was none
    }
}

/// A body behind the coder, which may have packed something already.
fn packed(mut body: Body, mut coder: Coder) -> Body {
    let close = body.take_close();
    let packed = Body::writer(move |out| {
        body.send(&mut |chunk| {
            out.write_all(&coder.pack(chunk)?)?;
            Ok(out.flush()?)
        })?;
        Ok(out.write_all(&coder.finish()?)?)
    });
    packed.with_close(close)
}

/// The `start_response` before a packed answer: the head waits until it is clear what becomes
/// of it.
struct Packing<'a> {
    asked: Asked,
    start_response: &'a mut dyn StartResponse,
    stage: Stage,
}

enum Stage {
    NoHead,
    // Nothing is sent yet, so the head may still be replaced.
    Held(Status, HeaderMap, Option<Error>),
    Begun(Option<Coder>),
}

impl Packing<'_> {
    /// Lets the head go. `length` is the body's, where it is known.
    fn begin_now(&mut self, length: Option<u64>) -> Result<()> {
        match std::mem::replace(&mut self.stage, Stage::NoHead) {
            Stage::NoHead => Err(StartError::NotYet.into()),
            Stage::Held(status, mut headers, cause) => {
                let coder = self.asked.packing(status.code(), &mut headers, length)?;
                match cause {
                    None => self.start_response.begin(status, headers)?,
                    Some(cause) => self.start_response.replace(status, headers, cause)?,
                }
                self.stage = Stage::Begun(coder);
                Ok(())
            }
            begun @ Stage::Begun(_) => {
                self.stage = begun;
                Ok(())
            }
        }
    }

    fn finish(mut self, body: Body) -> Result<Body> {
        self.begin_now(body.len())?;
        match self.stage {
            Stage::Begun(Some(coder)) => Ok(packed(body, coder)),
            _ => Ok(body), // it goes as it is
        }
    }
}

impl StartResponse for Packing<'_> {
    fn begin(&mut self, status: Status, headers: HeaderMap) -> Result<()> {
        if !matches!(self.stage, Stage::NoHead) {
            return Err(StartError::Twice.into());
        }
        self.stage = Stage::Held(status, headers, None);
        Ok(())
    }

    fn replace(&mut self, status: Status, headers: HeaderMap, cause: Error) -> Result<()> {
        if matches!(self.stage, Stage::Begun(_)) {
            return self.start_response.replace(status, headers, cause);
        }
        self.stage = Stage::Held(status, headers, Some(cause));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.begin_now(None)?;
        match &mut self.stage {
            Stage::Begun(Some(coder)) if !bytes.is_empty() => {
                let chunk = coder.pack(bytes)?;
                self.start_response.write(&chunk)
            }
            _ => self.start_response.write(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, fields: &[(&'static str, &str)], want: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        for (name, value) in fields {
            headers.insert(*name, value.parse().unwrap());
        }
        let asked = Asked {
            coding: Some(Coding::Gzip),
            least_bytes: 100,
            is_head: false,
        };
        let status = StatusCode::from_u16(status).unwrap();
        let coder = asked.packing(status, &mut headers, None).unwrap();
        let tag = headers.get(header::ETAG).map(|tag| tag.to_str().unwrap());
        let varies = headers.contains_key(header::VARY);
        let told = match (coder, varies) {
            (Some(_), true) => format!("packed {}", tag.unwrap_or("")),
            (None, true) => "varies".to_owned(),
            _ => "as it is".to_owned(),
        };
        assert_eq!(told.trim_end(), want, "{status} {fields:?}");
    }

    #[test]
    fn packs_what_is_whole_and_shrinks() {
        check(200, &[], "packed");
        check(404, &[], "packed");
        check(200, &[("content-length", "100")], "packed");
        check(200, &[("content-length", "99")], "varies");
        check(204, &[], "as it is");
        check(206, &[], "as it is");
        check(304, &[], "as it is");
        check(101, &[], "as it is");
        check(200, &[("content-range", "bytes 0-9/99")], "as it is");
        check(200, &[("content-encoding", "br")], "as it is");
        check(200, &[("content-encoding", "identity")], "packed");
        check(
            200,
            &[("cache-control", "public, no-transform")],
            "as it is",
        );
        check(200, &[("content-type", "image/png")], "as it is");
        check(200, &[("content-type", "image/svg+xml")], "packed");
        check(
            200,
            &[("content-type", "application/problem+json; x=1")],
            "packed",
        );
        check(200, &[("content-type", "")], "as it is");
    }

    #[test]
    fn a_packed_answer_has_a_weak_tag() {
        check(200, &[("etag", "\"v1\"")], "packed W/\"v1\"");
        check(200, &[("etag", "W/\"v1\"")], "packed W/\"v1\"");
        check(200, &[("etag", "v1")], "packed W/\"v1\"");
    }
}
