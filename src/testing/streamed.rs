use bytes::Bytes;

use crate::http::{HeaderMap, StatusCode};
use crate::request::Request;
use crate::testing::TestResponse;
use crate::wsgi::{Body, Chunks, Environ, Reply, Result};

/// An app's answer whose body is still to be read, as an iterator over its chunks.
///
/// Each is made when it is asked for. The body is closed, and its hooks run, after the last one
/// or when this is dropped: a client that went away.
///
/// ```
/// use devserve::testing::Client;
/// use devserve::{Request, Response};
///
/// let client = Client::new(|_: &Request<'_>| Response::stream(["a", "b"].map(Ok)));
/// let mut answer = client.get("/").stream()?;
/// assert_eq!(answer.next().transpose()?.unwrap(), "a");
/// assert_eq!(answer.finish()?.text(), "b");
/// # Ok::<(), devserve::Error>(())
/// ```
#[derive(Debug)]
pub struct StreamedResponse {
    head: http::response::Parts,
    chunks: Chunks,
    environ: Environ,
    history: Vec<TestResponse>,
}

impl StreamedResponse {
    pub(super) fn new(reply: Reply, environ: Environ) -> Self {
        let (head, chunks) = reply.map(Body::into_chunks).into_parts();
        Self {
            head,
            chunks,
            environ,
            history: Vec::new(),
        }
    }

    pub(super) fn with_history(self, history: Vec<TestResponse>) -> Self {
        Self { history, ..self }
    }

    /// The status; compares with a number.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The header fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The value of a field, where it is text; of several the first.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The answers that led here by redirects, the first one first.
    pub fn history(&self) -> &[TestResponse] {
        &self.history
    }

    /// The request that was answered.
    pub fn request(&self) -> Request<'_> {
        Request::new(&self.environ)
    }

    /// Reads what is left.
    ///
    /// # Errors
    /// What making it reports.
    pub fn finish(self) -> Result<TestResponse> {
        let rest = self.chunks.into_bytes()?;
        Ok(TestResponse::new(
            self.head,
            rest,
            self.environ,
            self.history,
        ))
    }
}

impl Iterator for StreamedResponse {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        self.chunks.next()
    }
}
