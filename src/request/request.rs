use std::borrow::Cow;
use std::cell::OnceCell;

use bytes::Bytes;

use crate::forms::{FormError, FormLimits};
use crate::http::{ContentType, HeaderMap, Method};
use crate::request::form::FormCache;
use crate::wsgi::Environ;

/// One request, read through the environ the server made.
///
/// Nothing is parsed before it is asked for, and nothing twice. The body is read from the
/// connection by the first of [`form`](Self::form), [`files`](Self::files),
/// [`data`](Self::data), [`json`](Self::json) or [`stream`](Self::stream).
///
/// ```
/// use devserve::{Request, Response};
///
/// fn app(request: &Request) -> devserve::Result<Response> {
///     let name = request.args().get("name").unwrap_or("World");
///     Ok(Response::text(format!("Hello, {name}!")))
/// }
/// ```
#[derive(Debug)]
pub struct Request<'a> {
    pub(super) environ: &'a Environ,
    pub(super) content_type: OnceCell<ContentType>,
    pub(super) data: OnceCell<Result<Bytes, FormError>>,
    pub(super) form: FormCache,
}

impl<'a> Request<'a> {
    /// Reads through `environ`.
    pub fn new(environ: &'a Environ) -> Self {
        Self {
            environ,
            content_type: OnceCell::new(),
            data: OnceCell::new(),
            form: FormCache::default(),
        }
    }

    /// What the server handed over, for what has no method here.
    pub fn environ(&self) -> &'a Environ {
        self.environ
    }

    /// The method.
    pub fn method(&self) -> &'a Method {
        self.environ.method()
    }

    /// The header fields.
    pub fn headers(&self) -> &'a HeaderMap {
        self.environ.headers()
    }

    /// The path within the app, decoded: `/café`. What is no UTF-8 becomes U+FFFD.
    ///
    /// It begins with one slash, however many were sent: `//elsewhere.test` is a host to every
    /// browser. The environ has the path as it came.
    pub fn path(&self) -> Cow<'a, str> {
        match self.path_bytes() {
            Some(path) => String::from_utf8_lossy(path),
            None => Cow::Owned(format!("/{}", self.environ.path())),
        }
    }

    /// The path from the last of its leading slashes on; `None` where it has none.
    pub(super) fn path_bytes(&self) -> Option<&'a [u8]> {
        let path = self.environ.path_info();
        let slashes = path.iter().take_while(|byte| **byte == b'/').count();
        Some(&path[slashes.checked_sub(1)?..])
    }

    /// Where the app is mounted, decoded and without a slash at its end; empty at the root of
    /// the server.
    pub fn script_root(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.script_root_bytes())
    }

    pub(super) fn script_root_bytes(&self) -> &'a [u8] {
        let root = self.environ.script_root();
        let kept = root.iter().rposition(|byte| *byte != b'/');
        &root[..kept.map_or(0, |last| last + 1)]
    }

    /// What follows `?`, as sent.
    pub fn query_string(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.environ.query_string())
    }

    /// How much of the body is taken: the app's own [`FormLimits`] from the environ's
    /// extensions, or the defaults.
    pub fn limits(&self) -> FormLimits {
        self.environ.extensions().get().copied().unwrap_or_default()
    }
}

impl AsRef<Environ> for Request<'_> {
    fn as_ref(&self) -> &Environ {
        self.environ
    }
}
