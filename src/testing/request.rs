use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;

use crate::forms::multipart::Encoder;
use crate::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use crate::testing::{Client, TestResponse, location};
use crate::wsgi::{self, Environ, Result, ServerFacts};

/// More redirects than this are a circle; browsers stop at about as many.
const MAX_REDIRECTS: usize = 20;

/// A request on its way to the app.
#[derive(Debug)]
#[must_use = "a request is made by `send`"]
pub struct TestRequest<'a> {
    client: &'a Client,
    method: Method,
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    body: Body,
    follows_redirects: bool,
}

/// What the body is made of; the parts are joined when it is sent.
#[derive(Clone, Debug)]
enum Body {
    Bytes(Bytes),
    Parts(Encoder),
}

impl<'a> TestRequest<'a> {
    pub(super) fn new(client: &'a Client, method: Method, target: &str) -> Self {
        Self {
            client,
            method,
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: Body::Bytes(Bytes::new()),
            follows_redirects: false,
        }
    }

    /// Sets a header field, in place of those with its name.
    ///
    /// # Panics
    /// If no such field can be sent: a test that tries has a mistake in it.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let Ok(name) = name.parse::<HeaderName>() else {
            panic!("{name:?} is no field name");
        };
        let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else {
            panic!("{value:?} is no field value");
        };
        self.headers.insert(name, value);
        self
    }

    /// With this body, of this media type.
    #[track_caller]
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = Body::Bytes(body.into());
        self.header("content-type", content_type)
    }

    /// Adds a field to a multipart form. Replaces a body of another kind.
    pub fn field(self, name: &str, value: &str) -> Self {
        self.part(|form| form.field(name, value))
    }

    /// Adds a file to a multipart form. Replaces a body of another kind.
    pub fn file(
        self,
        name: &str,
        filename: &str,
        content_type: &str,
        data: impl AsRef<[u8]>,
    ) -> Self {
        self.part(|form| form.file(name, filename, Some(content_type), data.as_ref()))
    }

    /// Goes where a redirect points, as a browser does.
    pub fn follow_redirects(mut self) -> Self {
        self.follows_redirects = true;
        self
    }

    /// Calls the app and reads its whole answer.
    ///
    /// # Errors
    /// What the app returned as `Err` that is no answer, unchanged: let the test return it, and
    /// it is printed with its place and its causes.
    ///
    /// # Panics
    /// If the target is no request target; and wherever the app panics.
    #[track_caller]
    pub fn send(mut self) -> Result<TestResponse> {
        for _ in 0..=MAX_REDIRECTS {
            let response = self.call()?;
            let next = self
                .follows_redirects
                .then(|| location::next(&self.target, &response));
            let Some(next) = next.flatten() else {
                return Ok(response);
            };
            self.target = next;
            let keeps_method = matches!(
                response.status(),
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
            );
            if !keeps_method && self.method != Method::HEAD {
                self.method = Method::GET;
                self.body = Body::Bytes(Bytes::new());
                self.headers.remove(header::CONTENT_TYPE);
            }
        }
        Err(format!(
            "more than {MAX_REDIRECTS} redirects; the last was to {}",
            self.target
        )
        .into())
    }

    #[track_caller]
    fn call(&self) -> Result<TestResponse> {
        let mut environ = Environ::new(self.method.clone(), &self.target)
            .with_remote(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000))));
        let is_secure = self.target.starts_with("https:");
        if is_secure {
            let facts = ServerFacts {
                scheme: "https".into(),
                port: 443,
                ..ServerFacts::default()
            };
            environ = environ.with_server(Arc::new(facts));
        }
        let path = environ.path().into_owned();
        let mut headers = self.headers.clone();
        if let Some(cookies) = self.client.jar().field(&path, is_secure) {
            headers
                .entry(header::COOKIE)
                .or_insert(HeaderValue::try_from(cookies)?);
        }
        let body = match &self.body {
            Body::Bytes(bytes) => bytes.clone(),
            Body::Parts(form) => {
                headers.insert(header::CONTENT_TYPE, form.content_type().try_into()?);
                form.clone().finish().into()
            }
        };
        if !body.is_empty() {
            headers
                .entry(header::CONTENT_LENGTH)
                .or_insert(body.len().into());
        }
        environ.headers_mut().extend(headers);
        environ.set_input(Vec::from(body));
        let (head, body) = wsgi::call(&*self.client.app, &mut environ)?.into_parts();
        self.client.jar().take(&head.headers, &path);
        Ok(TestResponse::new(head, body))
    }

    fn part(mut self, add: impl FnOnce(Encoder) -> Encoder) -> Self {
        let form = match self.body {
            Body::Parts(form) => form,
            Body::Bytes(_) => Encoder::new("devserve-test-boundary"),
        };
        self.body = Body::Parts(add(form));
        self
    }
}
