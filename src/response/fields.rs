use crate::http::{HeaderName, HeaderSet, Method, RetryAfter, header};
use crate::response::Response;
use crate::text::percent;

/// The header, field by field.
impl Response {
    /// What methods the resource has (RFC 9110 §10.2.1); a 405 tells them.
    pub fn allow(self, methods: impl IntoIterator<Item = Method>) -> Self {
        let methods = methods.into_iter().map(|method| method.to_string());
        self.list_field(header::ALLOW, methods)
    }

    /// When to try again, after a 429 or a 503: a time, or a while in whole seconds (RFC 9110
    /// §10.2.3).
    pub fn retry_after(self, when: impl Into<RetryAfter>) -> Self {
        self.header("retry-after", when.into().to_string())
    }

    /// How the body is encoded, such as `gzip`, in the order it was done (RFC 9110 §8.4).
    pub fn content_encoding<T: Into<String>>(self, codings: impl IntoIterator<Item = T>) -> Self {
        self.list_field(header::CONTENT_ENCODING, codings)
    }

    /// Whose languages the body is for, such as `de-CH` (RFC 9110 §8.5).
    pub fn content_language<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Self {
        self.list_field(header::CONTENT_LANGUAGE, tags)
    }

    /// Where the body has a URL of its own (RFC 9110 §8.7): a path or a URL, which may hold text.
    pub fn content_location(self, target: &str) -> Self {
        self.header("content-location", &*percent::encode_reference(target))
    }

    /// Sets a field to a list of items, each once.
    pub(super) fn list_field<T: Into<String>>(
        self,
        name: HeaderName,
        items: impl IntoIterator<Item = T>,
    ) -> Self {
        let items: HeaderSet = items.into_iter().collect();
        self.attempt(|response| {
            response.headers_mut().insert(name, items.to_header()?);
            Ok(())
        })
    }
}
