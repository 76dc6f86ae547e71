use crate::http::{Accept, AcceptCharset, AcceptEncoding, AcceptLanguage};
use crate::request::Request;

/// What the client takes, and how gladly (RFC 9110 §12.5). A field that was not sent takes
/// anything.
impl Request<'_> {
    /// `Accept`: media types.
    pub fn accept_mimetypes(&self) -> Accept {
        Accept::from_headers(self.headers())
    }

    /// `Accept-Language`.
    pub fn accept_languages(&self) -> AcceptLanguage {
        AcceptLanguage::from_headers(self.headers())
    }

    /// `Accept-Encoding`: content codings.
    pub fn accept_encodings(&self) -> AcceptEncoding {
        AcceptEncoding::from_headers(self.headers())
    }

    /// `Accept-Charset`, which browsers do not send any more.
    pub fn accept_charsets(&self) -> AcceptCharset {
        AcceptCharset::from_headers(self.headers())
    }

    /// The media type of `offers` that the client likes best.
    pub fn best_match<'o>(&self, offers: &[&'o str]) -> Option<&'o str> {
        self.accept_mimetypes().best_match(offers)
    }
}
