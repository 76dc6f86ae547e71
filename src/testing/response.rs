use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;

use crate::http::{HeaderMap, StatusCode, header};
use crate::request::Request;
use crate::testing::StoredCookie;
use crate::testing::jar::Place;
use crate::wsgi::Environ;

/// An app's whole answer.
#[derive(Clone, Debug)]
pub struct TestResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    environ: Environ,
    history: Vec<Self>,
}

impl TestResponse {
    pub(super) fn new(
        head: http::response::Parts,
        body: Bytes,
        environ: Environ,
        history: Vec<Self>,
    ) -> Self {
        Self {
            status: head.status,
            headers: head.headers,
            body,
            environ,
            history,
        }
    }

    /// The status; compares with a number.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The header fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The value of a field, where it is text; of several the first.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body; empty for a `HEAD`.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as text; what is no UTF-8 becomes U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The cookies this answer sets, as a browser would keep them; one that it deletes has
    /// expired. Those that a browser would refuse are left out.
    pub fn cookies(&self) -> Vec<StoredCookie> {
        let (place, now) = (Place::of(&self.environ), SystemTime::now());
        let fields = self.headers.get_all(header::SET_COOKIE).iter();
        fields
            .filter_map(|field| StoredCookie::read(field, &place, now))
            .collect()
    }

    /// The answers that led here by redirects, the first one first.
    pub fn history(&self) -> &[Self] {
        &self.history
    }

    /// The request that was answered. The app has read its body.
    pub fn request(&self) -> Request<'_> {
        Request::new(&self.environ)
    }

    /// The environ as the app left it.
    pub fn environ(&self) -> &Environ {
        &self.environ
    }
}
