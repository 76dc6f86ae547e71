use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Version, header};

use crate::http::Target;
use crate::text::latin1;
use crate::wsgi::{Errors, Input, Value};

/// One request, as a server hands it to an app: its head, its body's stream, and what the
/// server knows of itself.
///
/// The same facts can be read in two ways: typed ([`method`](Self::method),
/// [`headers`](Self::headers), …), and by the keys of CGI and PEP 3333
/// ([`get`](Self::get), [`set`](Self::set), [`iter`](Self::iter)). The keys are a view that is
/// made when asked for; setting one changes the fact.
///
/// A clone has the same facts and the same streams: what one reads of the input, the other no
/// longer finds.
#[derive(Clone, Debug)]
pub struct Environ {
    method: Method,
    target: Target,
    script_root: Bytes,
    path_info: Bytes,
    version: Version,
    headers: HeaderMap,
    input: Input,
    errors: Errors,
    remote: Option<SocketAddr>,
    server: Arc<ServerFacts>,
    extensions: Extensions,
    // Keys that are no fact of the request: the app's own, and a server's additions.
    own: BTreeMap<String, String>,
}

impl AsRef<Self> for Environ {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// What a server says of itself in every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// `wsgi.url_scheme`: `http` or `https`.
    pub scheme: Cow<'static, str>,
    /// `SERVER_NAME`; never empty.
    pub name: String,
    /// `SERVER_PORT`; `0` where there is none, as on a Unix socket.
    pub port: u16,
    /// Whether other threads may call the app meanwhile.
    pub is_multithread: bool,
    /// Whether other processes may call the same app.
    pub is_multiprocess: bool,
    /// Whether the process answers this request only, as CGI does.
    pub is_run_once: bool,
}

impl Default for ServerFacts {
    fn default() -> Self {
        Self {
            scheme: Cow::Borrowed("http"),
            name: "localhost".into(),
            port: 80,
            is_multithread: true,
            is_multiprocess: false,
            is_run_once: false,
        }
    }
}

impl Environ {
    /// An environ for `target` (`/path?query`, or an absolute URL whose host becomes `Host`),
    /// as if HTTP/1.1 had brought it to `localhost:80`.
    ///
    /// # Panics
    /// If `target` is no request target: write `/search?q=tea`, with spaces as `%20`.
    #[track_caller]
    pub fn new(method: Method, target: &str) -> Self {
        let Some(target) = Target::parse(Bytes::copy_from_slice(target.as_bytes())) else {
            panic!("{target:?} is no request target; write \"/path?query\" with spaces as %20");
        };
        let mut environ = Self::from_head(method, target, Version::HTTP_11, HeaderMap::new());
        let host = environ
            .target
            .authority
            .clone()
            .unwrap_or(Bytes::from_static(b"localhost"));
        if let Ok(host) = HeaderValue::from_maybe_shared(host) {
            environ.headers.insert(header::HOST, host);
        }
        environ
    }

    /// An environ for a head that was read; the path is decoded here.
    pub(crate) fn from_head(
        method: Method,
        target: Target,
        version: Version,
        headers: HeaderMap,
    ) -> Self {
        Self {
            method,
            path_info: path_info(&target),
            script_root: Bytes::new(),
            target,
            version,
            headers,
            input: Input::empty(),
            errors: Errors::default(),
            remote: None,
            server: Arc::default(),
            extensions: Extensions::new(),
            own: BTreeMap::new(),
        }
    }

    /// With this body. Sets no header field: a length is said by `Content-Length`.
    #[must_use]
    pub fn with_input(mut self, input: impl Into<Input>) -> Self {
        self.input = input.into();
        self
    }

    /// With this place for `wsgi.errors`.
    #[must_use]
    pub fn with_errors(mut self, errors: Errors) -> Self {
        self.errors = errors;
        self
    }

    /// With this peer.
    #[must_use]
    pub fn with_remote(mut self, remote: Option<SocketAddr>) -> Self {
        self.remote = remote;
        self
    }

    /// With these facts of the server.
    #[must_use]
    pub fn with_server(mut self, server: Arc<ServerFacts>) -> Self {
        self.server = server;
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Answers another method from here on, as method-override middleware wants.
    pub fn set_method(&mut self, method: Method) {
        self.method = method;
    }

    /// The request target, byte for byte as sent.
    pub fn raw_target(&self) -> &[u8] {
        &self.target.raw
    }

    /// Asks for another target, of the server's root: a mount is undone.
    pub fn set_target(&mut self, target: Target) {
        self.script_root = Bytes::new();
        self.path_info = path_info(&target);
        self.target = target;
    }

    /// The request target in its parts.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What follows `?`, as sent.
    pub fn query_string(&self) -> &[u8] {
        &self.target.query
    }

    /// Where the app is mounted: `SCRIPT_NAME`, decoded. Empty at the root.
    pub fn script_root(&self) -> &[u8] {
        &self.script_root
    }

    /// The path within the app: `PATH_INFO`, decoded, whatever its encoding.
    pub fn path_info(&self) -> &[u8] {
        &self.path_info
    }

    /// [`path_info`](Self::path_info) as text; what is no UTF-8 becomes U+FFFD.
    pub fn path(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.path_info)
    }

    /// Mounts: moves the border between [`script_root`](Self::script_root) and
    /// [`path_info`](Self::path_info).
    pub fn set_mount(&mut self, script_root: impl Into<Bytes>, path_info: impl Into<Bytes>) {
        self.script_root = script_root.into();
        self.path_info = path_info.into();
    }

    /// The protocol version the request came with.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The header fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The header fields, to change what the app below sees.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// `Content-Type` as sent.
    pub fn content_type(&self) -> Option<&HeaderValue> {
        self.headers.get(header::CONTENT_TYPE)
    }

    /// `Content-Length`; `None` also where the body is chunked.
    pub fn content_length(&self) -> Option<u64> {
        let length = self.headers.get(header::CONTENT_LENGTH)?;
        length.to_str().ok()?.parse().ok()
    }

    /// The authority of an absolute request target, which outweighs `Host` (RFC 9112 §3.2.2).
    pub fn target_authority(&self) -> Option<&[u8]> {
        self.target.authority.as_deref()
    }

    /// The body's stream.
    pub fn input(&self) -> Input {
        self.input.clone()
    }

    /// Puts another stream in the input's place, as decoding middleware does.
    pub fn set_input(&mut self, input: impl Into<Input>) {
        self.input = input.into();
    }

    /// Where to write for the person at the server.
    pub fn errors(&self) -> Errors {
        self.errors.clone()
    }

    /// Who connected; `None` on a Unix socket.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.remote
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        &self.server.scheme
    }

    /// What the server says of itself.
    pub fn server(&self) -> &ServerFacts {
        &self.server
    }

    /// Typed companions of the request: what middleware leaves for the app.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Typed companions of the request, to add to.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// The value of a classic key: `PATH_INFO`, `HTTP_HOST`, `wsgi.input`, or one that
    /// [`set`](Self::set) made.
    ///
    /// Fields with an underscore in their name are not found: `X_Y` and `X-Y` would be one key,
    /// and a stranger could choose which.
    pub fn get(&self, key: &str) -> Option<Value<'_>> {
        let field = |name| self.headers.get(name).map(|value| native(value.as_bytes()));
        Some(match key {
            "REQUEST_METHOD" => Value::Text(self.method.as_str().into()),
            "REQUEST_URI" | "RAW_URI" => native(&self.target.raw),
            "SCRIPT_NAME" => native(&self.script_root),
            "PATH_INFO" => native(&self.path_info),
            "QUERY_STRING" => native(&self.target.query),
            "CONTENT_TYPE" => field(header::CONTENT_TYPE)?,
            "CONTENT_LENGTH" => field(header::CONTENT_LENGTH)?,
            "GATEWAY_INTERFACE" => Value::Text("CGI/1.1".into()),
            "SERVER_NAME" => Value::Text(self.server.name.as_str().into()),
            "SERVER_PORT" => Value::Text(self.server.port.to_string().into()),
            "SERVER_SOFTWARE" => {
                Value::Text(concat!("devserve/", env!("CARGO_PKG_VERSION")).into())
            }
            "SERVER_PROTOCOL" => Value::Text(protocol(self.version).into()),
            "REMOTE_ADDR" => Value::Text(self.remote?.ip().to_string().into()),
            // 0 is what an address without a port has.
            "REMOTE_PORT" => match self.remote?.port() {
                0 => return None,
                port => Value::Text(port.to_string().into()),
            },
            "HTTPS" if self.scheme() == "https" => Value::Text("on".into()),
            "wsgi.version" => Value::Version(1, 0),
            "wsgi.url_scheme" => Value::Text(self.scheme().into()),
            "wsgi.input" => Value::Input(self.input()),
            "wsgi.input_terminated" => Value::Flag(true),
            "wsgi.errors" => Value::Errors(self.errors()),
            "wsgi.multithread" => Value::Flag(self.server.is_multithread),
            "wsgi.multiprocess" => Value::Flag(self.server.is_multiprocess),
            "wsgi.run_once" => Value::Flag(self.server.is_run_once),
            _ => match header_of_key(key) {
                Some(name) => Value::Text(self.joined(&name)?),
                None => Value::Text(self.own.get(key)?.as_str().into()),
            },
        })
    }

    /// Sets a classic key: a request's fact, an `HTTP_` field, or a key of the app's own.
    ///
    /// # Errors
    /// [`EnvironError`] where the text cannot be that fact, or the key is the server's alone.
    pub fn set(&mut self, key: &str, value: impl Into<String>) -> Result<(), EnvironError> {
        let value = value.into();
        let bad = || EnvironError::Value {
            key: key.into(),
            value: value.clone(),
        };
        let bytes = || {
            latin1::to_bytes(&value)
                .map(|bytes| Bytes::from(bytes.into_owned()))
                .ok_or_else(bad)
        };
        let field = || HeaderValue::from_maybe_shared(bytes()?).map_err(|_| bad());
        match key {
            "REQUEST_METHOD" => self.method = value.parse().map_err(|_| bad())?,
            "SCRIPT_NAME" => self.script_root = bytes()?,
            "PATH_INFO" => self.path_info = bytes()?,
            "QUERY_STRING" => self.target.query = bytes()?,
            // To be empty is to be absent (PEP 3333).
            "CONTENT_TYPE" | "CONTENT_LENGTH" if value.is_empty() => self.remove(key),
            "CONTENT_TYPE" => {
                let value = field()?;
                self.headers.insert(header::CONTENT_TYPE, value);
            }
            "CONTENT_LENGTH" => {
                value.parse::<u64>().map_err(|_| bad())?;
                let value = field()?;
                self.headers.insert(header::CONTENT_LENGTH, value);
            }
            "REMOTE_ADDR" => {
                let address = value.parse().map_err(|_| bad())?;
                let same = self.remote.filter(|remote| remote.ip() == address);
                self.remote = same.or(Some(SocketAddr::new(address, 0)));
            }
            "wsgi.url_scheme" => Arc::make_mut(&mut self.server).scheme = value.into(),
            "SERVER_NAME" => Arc::make_mut(&mut self.server).name = value,
            "SERVER_PORT" => {
                Arc::make_mut(&mut self.server).port = value.parse().map_err(|_| bad())?;
            }
            _ if FACTS.contains(&key) => return Err(EnvironError::ReadOnly { key: key.into() }),
            _ => match header_of_key(key) {
                Some(name) => {
                    let value = field()?;
                    if name == header::HOST {
                        self.target.authority = None; // it would outweigh what is said here
                    }
                    self.headers.insert(name, value);
                }
                None => {
                    self.own.insert(key.into(), value);
                }
            },
        }
        Ok(())
    }

    /// Takes an `HTTP_` field, `CONTENT_TYPE`, `CONTENT_LENGTH` or a key of the app's own out.
    pub fn remove(&mut self, key: &str) {
        match key {
            "CONTENT_TYPE" => drop(self.headers.remove(header::CONTENT_TYPE)),
            "CONTENT_LENGTH" => drop(self.headers.remove(header::CONTENT_LENGTH)),
            _ => match header_of_key(key) {
                Some(name) => drop(self.headers.remove(name)),
                None => drop(self.own.remove(key)),
            },
        }
    }

    /// Every classic key that has a value: facts, then fields, then the app's own.
    pub fn iter(&self) -> impl Iterator<Item = (String, Value<'_>)> {
        let facts = FACTS.iter().map(|key| (*key).to_owned());
        let fields = self.headers.keys().filter_map(key_of_header);
        let own = self.own.keys().cloned();
        facts
            .chain(fields)
            .chain(own)
            .filter_map(|key| self.get(&key).map(|value| (key, value)))
    }

    /// A field's lines as one: cookies by `; `, all others by `,`.
    fn joined(&self, name: &HeaderName) -> Option<Cow<'_, str>> {
        let separator = if name == header::COOKIE { "; " } else { "," };
        let mut lines = self
            .headers
            .get_all(name)
            .iter()
            .map(|line| latin1::from_bytes(line.as_bytes()));
        let first = lines.next()?;
        Some(lines.fold(first, |joined, line| joined + separator + line))
    }
}

/// The asterisk form asks of the server, which no path names: a `PATH_INFO` is empty or begins
/// with `/` (RFC 3875 §4.1.5).
fn path_info(target: &Target) -> Bytes {
    match target.path.as_ref() {
        b"*" => Bytes::new(),
        _ => target.decoded_path(),
    }
}

/// The keys that are facts, in CGI's order and PEP 3333's.
const FACTS: &[&str] = &[
    "GATEWAY_INTERFACE",
    "REQUEST_METHOD",
    "REQUEST_URI",
    "RAW_URI",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "SERVER_SOFTWARE",
    "REMOTE_ADDR",
    "REMOTE_PORT",
    "HTTPS",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.input",
    "wsgi.input_terminated",
    "wsgi.errors",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
];

fn native(bytes: &[u8]) -> Value<'_> {
    Value::Text(latin1::from_bytes(bytes))
}

/// `HTTP_USER_AGENT` as `user-agent`.
fn header_of_key(key: &str) -> Option<HeaderName> {
    let name = key.strip_prefix("HTTP_")?;
    let name = HeaderName::try_from(name.replace('_', "-")).ok()?;
    (name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH).then_some(name)
}

/// `user-agent` as `HTTP_USER_AGENT`; nothing for the two that CGI names itself, and for names
/// that would fall together with another's.
fn key_of_header(name: &HeaderName) -> Option<String> {
    let plain = !name.as_str().contains('_')
        && name != header::CONTENT_TYPE
        && name != header::CONTENT_LENGTH;
    plain.then(|| {
        format!(
            "HTTP_{}",
            name.as_str().to_ascii_uppercase().replace('-', "_")
        )
    })
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1", // the crate's list is open, but holds no other
    }
}

/// Why a key of the environ could not be set.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvironError {
    /// The text cannot be that fact.
    #[error("environ key {key} cannot be {value:?}")]
    Value {
        /// The key.
        key: String,
        /// What it was to be.
        value: String,
    },
    /// The key tells a fact that only the server can change.
    #[error("environ key {key} is the server's own")]
    ReadOnly {
        /// The key.
        key: String,
    },
}

mod host;

#[cfg(test)]
mod tests;
