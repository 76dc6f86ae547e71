use std::time::SystemTime;

use crate::http::{CacheControl, ContentType, date};
use crate::request::Request;
use crate::text::digits;

/// The header, field by field.
impl<'a> Request<'a> {
    /// The value of a field, where it is UTF-8 text; of several the first.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.headers().get(name)?.as_bytes()).ok()
    }

    /// `Content-Type` with its parameters; empty where none was sent.
    pub fn content_type(&self) -> &ContentType {
        self.content_type.get_or_init(|| {
            let value = self.environ.content_type().map(|value| value.as_bytes());
            ContentType::parse(&String::from_utf8_lossy(value.unwrap_or_default()))
        })
    }

    /// The media type of the body in lower case, without parameters; empty where none was sent.
    pub fn mimetype(&self) -> &str {
        self.content_type().essence()
    }

    /// Whether the body claims to be JSON.
    pub fn is_json(&self) -> bool {
        self.content_type().is_json()
    }

    /// The length the body claims; `None` where it is chunked or there is none.
    pub fn content_length(&self) -> Option<u64> {
        self.environ.content_length()
    }

    /// `Referer`: the page the request came from, where the browser tells.
    pub fn referrer(&self) -> Option<&'a str> {
        self.header("referer")
    }

    /// `User-Agent`.
    pub fn user_agent(&self) -> Option<&'a str> {
        self.header("user-agent")
    }

    /// What the client wants of caches.
    pub fn cache_control(&self) -> CacheControl {
        CacheControl::from_headers(self.headers())
    }

    /// How the body is encoded, such as `gzip`; it is handed on as it came.
    pub fn content_encoding(&self) -> Option<&'a str> {
        self.header("content-encoding")
    }

    /// When the client says it made the request.
    pub fn date(&self) -> Option<SystemTime> {
        date::parse(self.header("date")?, SystemTime::now())
    }

    /// How often `TRACE` and `OPTIONS` may still be passed on (RFC 9110 §7.6.2).
    pub fn max_forwards(&self) -> Option<u64> {
        digits::parse(self.header("max-forwards")?)
    }
}
