use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;

use crate::forms::multipart::Encoder;
use crate::http::{
    Authorization, HeaderName, HeaderValue, Host, Method, Target, header, path_to_uri,
};
use crate::wsgi::{Environ, Errors, Input};

/// Makes an [`Environ`] of whatever a request is made of. With a client behind it
/// ([`TestRequest`](crate::testing::TestRequest)) it can also be sent.
///
/// A test that asks for what no request can be has a mistake in it, so what cannot be set
/// panics, at the line that tried.
///
/// ```
/// use devserve::Request;
/// use devserve::http::Method;
/// use devserve::testing::EnvironBuilder;
///
/// let environ = EnvironBuilder::new("/cart?id=7")
///     .method(Method::PUT)
///     .base_url("https://shop.test/api")
///     .header("accept", "text/html")
///     .body("text/plain", "tea")
///     .build();
/// let request = Request::new(&environ);
/// assert_eq!(request.url()?, "https://shop.test/api/cart?id=7");
/// assert_eq!(request.data()?, "tea");
/// # Ok::<(), devserve::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "an environ is made by `build`, a request by `send`"]
pub struct EnvironBuilder<C = ()> {
    // All but the target and the body; its script root is the base URL's.
    environ: Environ,
    // Within the app: its path and query.
    target: String,
    body: Body,
    pub(super) asker: C,
}

/// What the body is made of; the parts are joined when it is built.
#[derive(Clone, Debug)]
enum Body {
    /// That of the environ this was made from.
    Given,
    Bytes(Bytes),
    Parts(Encoder),
    Stream(Input),
}

impl EnvironBuilder {
    /// A `GET` of `target`: `/path?query`, or a URL whose scheme and host are taken too. It is
    /// asked of `localhost` by 127.0.0.1.
    ///
    /// # Panics
    /// If `target` is no request target: write `/search?q=tea`, with spaces as `%20`.
    #[track_caller]
    pub fn new(target: &str) -> Self {
        let remote = SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000));
        let mut builder = Self {
            environ: Environ::new(Method::GET, "/").with_remote(Some(remote)),
            target: String::new(),
            body: Body::Bytes(Bytes::new()),
            asker: (),
        };
        builder.aim(target);
        builder
    }

    /// What is in an environ already, to be changed. Its mount stays one. The body is the same
    /// stream: what one reads of it, the other no longer finds.
    pub fn from_environ(environ: &Environ) -> Self {
        let target = environ.target();
        let root = path_to_uri(environ.script_root()).into_owned();
        let raw = String::from_utf8_lossy(&target.path);
        let whole = [environ.script_root(), environ.path_info()].concat();
        // As it was sent where that is still meant, as `%2F` is lost in what is decoded.
        let path = match raw.strip_prefix(&root) {
            Some(rest) if target.decoded_path() == whole => rest.to_owned(),
            _ if environ.path_info().is_empty() => raw.into_owned(),
            _ => path_to_uri(environ.path_info()).into_owned(),
        };
        let query = String::from_utf8_lossy(environ.query_string());
        let mark = if query.is_empty() { "" } else { "?" };
        Self {
            environ: environ.clone(),
            target: format!("{path}{mark}{query}"),
            body: Body::Given,
            asker: (),
        }
    }

    /// The environ.
    pub fn build(self) -> Environ {
        self.environ()
    }
}

impl<C> EnvironBuilder<C> {
    /// With this method.
    pub fn method(mut self, method: Method) -> Self {
        self.environ.set_method(method);
        self
    }

    /// Where the app is: scheme, host, port, and the path it is mounted at.
    ///
    /// # Panics
    /// If it is no URL of the web, or has a query.
    #[track_caller]
    pub fn base_url(mut self, url: &str) -> Self {
        let target = parse(url);
        let (Some(authority), true) = (&target.authority, target.query.is_empty()) else {
            panic!("{url:?} is no base URL; write \"http://host/path\", without a query");
        };
        self.set_origin(scheme_of(url), authority);
        let root = target.decoded_path();
        let kept = root.iter().rposition(|byte| *byte != b'/');
        self.environ
            .set_mount(root.slice(..kept.map_or(0, |last| last + 1)), "");
        self
    }

    /// Sets a header field, in place of those with its name.
    ///
    /// # Panics
    /// If no such field can be sent.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let (name, value) = field(name, value);
        self.environ.headers_mut().insert(name, value);
        self
    }

    /// Adds a header field to those with its name.
    ///
    /// # Panics
    /// If no such field can be sent.
    #[track_caller]
    pub fn append_header(mut self, name: &str, value: &str) -> Self {
        let (name, value) = field(name, value);
        self.environ.headers_mut().append(name, value);
        self
    }

    /// Sends a cookie along, in place of the client's own of that name. The value goes out as
    /// it is.
    ///
    /// # Panics
    /// If no field can hold it.
    #[track_caller]
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.append_header("cookie", &format!("{name}={value}"))
    }

    /// With these credentials (RFC 7617).
    ///
    /// # Panics
    /// If Basic credentials cannot hold them: a name has no colon, and neither a control
    /// character.
    #[track_caller]
    pub fn basic_auth(self, username: &str, password: &str) -> Self {
        self.authorization(&Authorization::basic(username, password))
    }

    /// With this token (RFC 6750).
    ///
    /// # Panics
    /// If no field can hold it.
    #[track_caller]
    pub fn bearer_auth(self, token: &str) -> Self {
        self.authorization(&Authorization::bearer(token))
    }

    /// With these credentials.
    ///
    /// # Panics
    /// If no field can hold them.
    #[track_caller]
    pub fn authorization(mut self, credentials: &Authorization) -> Self {
        match credentials.to_header() {
            Ok(value) => self
                .environ
                .headers_mut()
                .insert(header::AUTHORIZATION, value),
            Err(error) => panic!("{error}"),
        };
        self
    }

    /// With this body, of this media type.
    ///
    /// # Panics
    /// If no field can hold the type.
    #[track_caller]
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = Body::Bytes(body.into());
        self.header("content-type", content_type)
    }

    /// With a body that is read while the app reads it. It can be sent once, and has the length
    /// that a `Content-Length` says, or an unknown one.
    pub fn input(mut self, reader: impl Read + Send + 'static) -> Self {
        self.body = Body::Stream(Input::new(reader));
        self
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

    /// From this peer; `None` is one on a Unix socket.
    pub fn remote(mut self, remote: Option<SocketAddr>) -> Self {
        self.environ = self.environ.with_remote(remote);
        self
    }

    /// With this place for `wsgi.errors`.
    pub fn errors(mut self, errors: Errors) -> Self {
        self.environ = self.environ.with_errors(errors);
        self
    }

    /// Whether other threads may call the app meanwhile: `wsgi.multithread`.
    pub fn multithread(self, is_multithread: bool) -> Self {
        self.server(|facts| facts.is_multithread = is_multithread)
    }

    /// Whether other processes may call the same app: `wsgi.multiprocess`.
    pub fn multiprocess(self, is_multiprocess: bool) -> Self {
        self.server(|facts| facts.is_multiprocess = is_multiprocess)
    }

    /// Whether the process answers this request only: `wsgi.run_once`.
    pub fn run_once(self, is_run_once: bool) -> Self {
        self.server(|facts| facts.is_run_once = is_run_once)
    }

    /// Sets a classic key: `REMOTE_USER`, or one of the app's own. What the target says is the
    /// target's, whatever is set here.
    ///
    /// # Panics
    /// If the text cannot be that fact, or the key is the server's alone.
    #[track_caller]
    pub fn set(mut self, key: &str, value: &str) -> Self {
        if let Err(error) = self.environ.set(key, value) {
            panic!("{error}");
        }
        self
    }

    /// Adds a typed companion, as middleware does: limits, a session.
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.environ.extensions_mut().insert(value);
        self
    }

    /// The same request, to be sent by somebody else.
    pub(super) fn asked_by<D>(self, asker: D) -> EnvironBuilder<D> {
        EnvironBuilder {
            environ: self.environ,
            target: self.target,
            body: self.body,
            asker,
        }
    }

    pub(super) fn environ(&self) -> Environ {
        let mut environ = self.environ.clone();
        let root = Bytes::copy_from_slice(environ.script_root());
        let within = parse(&self.target);
        if within.raw != "*" && !root.is_empty() {
            let raw = format!("{}{}", path_to_uri(&root), self.target);
            environ.set_target(parse(&raw));
            environ.set_mount(root, within.decoded_path());
        } else {
            environ.set_target(within);
        }
        let body = match &self.body {
            Body::Given => return environ,
            Body::Stream(input) => {
                environ.set_input(input.clone());
                return environ;
            }
            Body::Bytes(bytes) => bytes.clone(),
            Body::Parts(form) => form.clone().finish().into(),
        };
        if !body.is_empty() {
            let headers = environ.headers_mut();
            headers
                .entry(header::CONTENT_LENGTH)
                .or_insert(body.len().into());
        }
        environ.set_input(Vec::from(body));
        environ
    }

    /// The URL this asks for, as it stands.
    pub(super) fn url(&self) -> String {
        let headers = self.environ.headers();
        let host = headers.get(header::HOST).map(HeaderValue::as_bytes);
        let host = String::from_utf8_lossy(host.unwrap_or(b"localhost"));
        let root = path_to_uri(self.environ.script_root());
        format!(
            "{}://{host}{root}{}",
            self.environ.scheme(),
            self.target.trim_start_matches('*')
        )
    }

    /// Asks for something else: a target within the app, or a URL. One beside the app's mount
    /// leaves it.
    #[track_caller]
    pub(super) fn aim(&mut self, target: &str) {
        let parsed = parse(target);
        let Some(authority) = &parsed.authority else {
            return target.clone_into(&mut self.target);
        };
        self.set_origin(scheme_of(target), authority);
        let authority_end = target.find("://").map_or(0, |at| at + 3) + authority.len();
        let mut path = target[authority_end..].to_owned();
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        let root = path_to_uri(self.environ.script_root()).into_owned();
        match path.strip_prefix(&root) {
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '?']) => {
                let slash = if rest.starts_with('/') { "" } else { "/" };
                self.target = format!("{slash}{rest}");
            }
            _ => {
                self.environ.set_mount("", "");
                self.target = path;
            }
        }
    }

    /// Whether the body can be sent again.
    pub(super) fn is_repeatable(&self) -> bool {
        match &self.body {
            Body::Bytes(_) | Body::Parts(_) => true,
            Body::Given => self.environ.input().is_empty(),
            Body::Stream(_) => false,
        }
    }

    /// No body, and no field that tells of one.
    pub(super) fn drop_body(&mut self) {
        self.body = Body::Bytes(Bytes::new());
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
            header::CONTENT_LANGUAGE,
            header::CONTENT_LOCATION,
            header::TRANSFER_ENCODING,
        ] {
            self.environ.headers_mut().remove(name);
        }
    }

    pub(super) fn method_in_use(&self) -> &Method {
        self.environ.method()
    }

    pub(super) fn set_method(&mut self, method: Method) {
        self.environ.set_method(method);
    }

    #[track_caller]
    fn set_origin(&mut self, scheme: &str, authority: &[u8]) {
        let host = match Host::parse(authority) {
            Ok(host) if !host.name().is_empty() => host.without_default_port(scheme),
            Ok(_) | Err(_) => panic!(
                "{:?} is no host; write \"shop.test\" or \"shop.test:8080\"",
                String::from_utf8_lossy(authority)
            ),
        };
        let own_port = if scheme == "https" { 443 } else { 80 };
        let facts = [
            ("wsgi.url_scheme", scheme.to_owned()),
            ("SERVER_NAME", host.name().to_owned()),
            ("SERVER_PORT", host.port().unwrap_or(own_port).to_string()),
            ("HTTP_HOST", host.to_string()),
        ];
        for (key, value) in facts {
            self.environ
                .set(key, value)
                .expect("a host that was read is text, and a port a number");
        }
    }

    fn server(mut self, change: impl FnOnce(&mut crate::wsgi::ServerFacts)) -> Self {
        let mut facts = self.environ.server().clone();
        change(&mut facts);
        self.environ = self.environ.with_server(Arc::new(facts));
        self
    }

    fn part(mut self, add: impl FnOnce(Encoder) -> Encoder) -> Self {
        let form = match self.body {
            Body::Parts(form) => form,
            Body::Given | Body::Bytes(_) | Body::Stream(_) => {
                Encoder::new("devserve-test-boundary")
            }
        };
        let content_type = HeaderValue::try_from(form.content_type());
        self.environ.headers_mut().insert(
            header::CONTENT_TYPE,
            content_type.expect("the boundary is plain text"),
        );
        self.body = Body::Parts(add(form));
        self
    }

    /// Adds names and values, as they stand in a URL, to the query.
    #[cfg(feature = "forms")]
    pub(super) fn add_query(&mut self, pairs: &str) {
        let mark = if self.target.contains('?') { '&' } else { '?' };
        self.target.push(mark);
        self.target.push_str(pairs);
    }
}

#[track_caller]
fn parse(target: &str) -> Target {
    let Some(target) = Target::parse(Bytes::copy_from_slice(target.as_bytes())) else {
        panic!("{target:?} is no request target; write \"/path?query\" with spaces as %20");
    };
    target
}

/// `https` or `http`, of a URL.
fn scheme_of(url: &str) -> &'static str {
    let is_https = url
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("https:"));
    if is_https { "https" } else { "http" }
}

#[track_caller]
fn field(name: &str, value: &str) -> (HeaderName, HeaderValue) {
    let Ok(name) = name.parse() else {
        panic!("{name:?} is no field name");
    };
    let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else {
        panic!("{value:?} is no field value");
    };
    (name, value)
}
