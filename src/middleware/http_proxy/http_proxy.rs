use std::error::Error as _;
use std::io;
use std::time::Duration;

use crate::exceptions::HttpException;
use crate::http::field_scope::remove_hop_by_hop_headers;
use crate::http::h1::{Expectation, Framing, Persistence, RequestHead};
use crate::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Target, Version, header};
use crate::middleware::doors;
use crate::middleware::http_proxy::Upstream;
use crate::net::DialError;
use crate::proxy::{self, AskError, Asked, AskedBody};
use crate::text::percent;
use crate::wsgi::{App, Body, Environ, Reply, Result, Route, StartResponse};

/// An app of which some paths are another server's: requests for them are passed on over HTTP,
/// and the answers come back, both as they stream, and at once: an answer may begin before the
/// request's body has ended.
///
/// The other server gets the request as the client sent it, with its own name as `Host`, and
/// reads who asked in `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix`. Fields about the
/// connection stay on it, but for the wish to leave HTTP: where both sides agree on another
/// protocol, a WebSocket say and never another HTTP, its bytes are passed on both ways. Where the
/// other server cannot be reached, has no certificate to trust, or breaks off before it answered,
/// the client gets a 502; where it takes too long, a 504; `log` tells why. Nothing is tried
/// twice, and each request has a connection of its own. A path that climbs out of its prefix by
/// `..` is answered with 400.
///
/// ```
/// use devserve::Request;
/// use devserve::middleware::HttpProxy;
///
/// let site = HttpProxy::new(|_: &Request| "ours")
///     .pass("/assets", "http://127.0.0.1:5173")
///     .pass("/live", "unix:/run/live.sock")
///     .pass_below("/api", "https://api.example/v2"); // /api/carts is /v2/carts there
/// # let _ = site;
/// ```
#[derive(Clone, Debug)]
pub struct HttpProxy<A> {
    app: A,
    passages: Vec<Passage>,
    timeout: Duration,
}

/// What goes where.
#[derive(Clone, Debug)]
struct Passage {
    prefix: String,
    upstream: Upstream,
}

impl<A: App> HttpProxy<A> {
    /// `app`, with nothing passed on yet, and ten seconds of patience.
    pub fn new(app: A) -> Self {
        Self {
            app,
            passages: Vec::new(),
            timeout: Duration::from_secs(10),
        }
    }

    /// Passes on what is at `prefix` and below it. The longest prefix counts.
    ///
    /// # Panics
    /// If the prefix does not begin with a slash, or a text is no origin (as
    /// [`Upstream::at`]).
    #[track_caller]
    pub fn pass(mut self, prefix: &str, upstream: impl Into<Upstream>) -> Self {
        self.passages.push(Passage {
            prefix: doors::prefix(prefix).to_owned(),
            upstream: upstream.into(),
        });
        // Equally long ones stay as given: the first counts.
        self.passages
            .sort_by_key(|passage| std::cmp::Reverse(passage.prefix.len()));
        self
    }

    /// [`pass`](Self::pass), with the prefix left out of what is asked there.
    ///
    /// # Panics
    /// As `pass`.
    #[track_caller]
    pub fn pass_below(self, prefix: &str, upstream: impl Into<Upstream>) -> Self {
        self.pass(prefix, upstream.into().remove_prefix())
    }

    /// How long one wait for the other server may last: for the connection, for its taking the
    /// request, for its answer after that, and for each next part of it. Another protocol than
    /// HTTP may be silent for as long as it likes.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The other server's answer; `None` where the request is the app's.
    fn passed_on(&self, environ: &Environ) -> Result<Option<Reply>> {
        let path = environ.path_info();
        let covers = |passage: &&Passage| doors::below(&passage.prefix, path).is_some();
        let Some(passage) = self.passages.iter().find(covers) else {
            return Ok(None);
        };
        let Some(head) = passage.head(environ) else {
            let exception = HttpException::bad_request();
            return doors::refusal(exception, environ).map(Some);
        };
        let failure = match self.exchange(passage, &head, environ) {
            Ok(asked) => return Ok(Some(reply(asked, &head))),
            // The client's body broke off: nobody is left to be answered.
            Err(Failure::Asked(AskError::Body(error))) => return Err(error.into()),
            Err(failure) => failure,
        };
        let (why, exception) = failure.explained();
        log::warn!("{} gave no answer: {why}", passage.upstream.dial.address);
        doors::refusal(exception, environ).map(Some)
    }

    fn exchange(
        &self,
        passage: &Passage,
        head: &RequestHead,
        environ: &Environ,
    ) -> Result<Asked, Failure> {
        let stream = passage.upstream.dial.connect(self.timeout);
        let stream = stream.map_err(Failure::Unreached)?;
        proxy::ask(head, environ.input(), stream, self.timeout).map_err(Failure::Asked)
    }
}

impl<A: App> App for HttpProxy<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        doors::call(self.passed_on(environ)?, &self.app, environ)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        doors::wsgi(self.passed_on(environ)?, &self.app, environ, start_response)
    }

    fn routes(&self) -> Result<Vec<Route>> {
        let passages = self
            .passages
            .iter()
            .map(|passage| Route::unknown(passage.upstream.to_string()).below(&passage.prefix));
        let mut routes: Vec<_> = passages.collect();
        routes.extend(self.app.routes()?);
        Ok(routes)
    }
}

/// Why the other server gave no answer.
enum Failure {
    Unreached(DialError),
    Asked(AskError),
}

impl Failure {
    /// What is said of it, to us and to the client.
    fn explained(self) -> (String, HttpException) {
        let (why, error) = match self {
            Self::Unreached(error) => {
                let why = match error.source() {
                    Some(source) => format!("{error}: {source}"),
                    None => error.to_string(),
                };
                (why, error.into_source())
            }
            Self::Asked(AskError::Body(error) | AskError::NoAnswer(error)) => {
                (error.to_string(), error)
            }
            Self::Asked(AskError::Malformed(fault)) => {
                let why = format!("it is not HTTP/1.1: {fault}");
                (why, io::ErrorKind::InvalidData.into())
            }
        };
        match error.kind() == io::ErrorKind::TimedOut {
            true => (why, HttpException::gateway_timeout()),
            false => (why, HttpException::bad_gateway()),
        }
    }
}

/// The answer as our own server gives it on.
fn reply(asked: Asked, request: &RequestHead) -> Reply {
    let Asked { head, body } = asked;
    let mut headers = head.headers.clone();
    let leaves_http = head.status == StatusCode::SWITCHING_PROTOCOLS;
    remove_hop_by_hop_headers(&mut headers);
    let body = match head.framing(&request.method) {
        _ if leaves_http => {
            let protocols = head.headers.get_all(header::UPGRADE).iter();
            headers.extend(protocols.map(|protocol| (header::UPGRADE, protocol.clone())));
            tunnel(body)
        }
        Ok(Framing::Length(length)) => Body::sized_reader(body, length),
        Ok(Framing::Chunked | Framing::UntilClose) => Body::reader(body),
        // Such a fault was found before.
        Ok(Framing::None) | Err(_) => Body::empty(),
    };
    let mut reply = Reply::new(body);
    *reply.status_mut() = head.status;
    *reply.headers_mut() = headers;
    reply
}

/// What comes after HTTP, both ways.
fn tunnel(body: AskedBody) -> Body {
    Body::upgrade(|mut client| {
        let Some(upstream) = body.into_wire() else {
            return;
        };
        if let Err(error) = proxy::relay(client.reader, &mut client.writer, upstream) {
            log::debug!("what was passed on after HTTP broke off: {error}");
        }
    })
}

impl Passage {
    /// The request as the other server gets it; `None` where its path cannot be asked for.
    fn head(&self, environ: &Environ) -> Option<RequestHead> {
        if climbs_out(&environ.path_info()[self.prefix.len()..]) {
            return None;
        }
        let target = Target::parse(self.target(environ).into())?;
        let framing = match environ.content_length() {
            Some(0) => Framing::None,
            Some(length) => Framing::Length(length),
            None if environ.headers().contains_key(header::TRANSFER_ENCODING) => Framing::Chunked,
            None => Framing::None,
        };
        let mut head = RequestHead {
            method: environ.method().clone(),
            target,
            version: environ.version(),
            headers: environ.headers().clone(),
            framing,
            persistence: Persistence::Close,
            expectation: Expectation::None,
        };
        let protocols: Vec<_> = head
            .headers
            .get_all(header::UPGRADE)
            .iter()
            .cloned()
            .collect();
        // HTTP is passed on request by request: a connection of another HTTP would reach every
        // path there.
        let leaves_http =
            head.asks_upgrade() && framing == Framing::None && !protocols.iter().any(names_http);
        head.version = Version::HTTP_11;
        let headers = &mut head.headers;
        remove_hop_by_hop_headers(headers);
        if leaves_http {
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.extend(
                protocols
                    .into_iter()
                    .map(|protocol| (header::UPGRADE, protocol)),
            );
        }
        // Our own server says to go on, when the body is first read.
        headers.remove(header::EXPECT);
        self.tell_who_asked(environ, headers);
        self.upstream.edit(headers);
        Some(head)
    }

    /// The path as the client wrote it, where nobody changed it on the way here.
    fn target(&self, environ: &Environ) -> Vec<u8> {
        let prefix = match self.upstream.is_prefix_kept {
            true => "",
            false => &self.prefix,
        };
        let sent = environ.target();
        let is_as_sent = sent.decoded_path() == environ.path_info();
        let written = sent.path.strip_prefix(prefix.as_bytes());
        let encoded = percent::encode_path(&environ.path_info()[prefix.len()..]);
        let below = written.filter(|_| is_as_sent);
        let below = below.unwrap_or(encoded.as_bytes());
        let mut target = [self.upstream.path.as_bytes(), below].concat();
        if !target.starts_with(b"/") {
            target.insert(0, b'/');
        }
        if !environ.query_string().is_empty() {
            target.push(b'?');
            target.extend_from_slice(environ.query_string());
        }
        target
    }

    fn tell_who_asked(&self, environ: &Environ, headers: &mut HeaderMap) {
        let mut tell = |name: &'static str, value: String| {
            let name = HeaderName::from_static(name);
            // What is not so must not stay as a client said it.
            match HeaderValue::try_from(value)
                .ok()
                .filter(|value| !value.is_empty())
            {
                Some(value) => drop(headers.insert(name, value)),
                None => drop(headers.remove(name)),
            }
        };
        let field = |name: &str| {
            let lines = environ.headers().get_all(name).iter();
            let lines: Vec<_> = lines.filter_map(|line| line.to_str().ok()).collect();
            lines.join(", ")
        };
        let before = field("x-forwarded-for");
        let peer = environ.remote().map(|remote| remote.ip().to_string());
        let route = [before, peer.unwrap_or_default()];
        let route = route.iter().filter(|part| !part.is_empty());
        let route: Vec<_> = route.map(String::as_str).collect();
        tell("x-forwarded-for", route.join(", "));
        tell("x-forwarded-proto", environ.scheme().to_owned());
        tell("x-forwarded-host", field("host"));
        let mounted = match self.upstream.is_prefix_kept {
            true => environ.script_root().to_vec(),
            false => [environ.script_root(), self.prefix.as_bytes()].concat(),
        };
        tell(
            "x-forwarded-prefix",
            percent::encode_path(&mounted).into_owned(),
        );
    }
}

/// Whether HTTP or TLS is among the protocols of an `Upgrade` line: `h2c`, `HTTP/2.0`.
fn names_http(line: &HeaderValue) -> bool {
    let line = String::from_utf8_lossy(line.as_bytes()).to_ascii_lowercase();
    let names = line.split(',').filter_map(|name| name.split('/').next());
    names
        .map(str::trim)
        .any(|name| matches!(name, "h2c" | "http" | "tls"))
}

/// Whether `..` leads out of where a path begins: at a server that resolves it, to what was not
/// to be passed on.
fn climbs_out(path: &[u8]) -> bool {
    let mut depth = 0_usize;
    path.split(|byte| *byte == b'/').any(|name| {
        let after = match name {
            b"" | b"." => Some(depth),
            b".." => depth.checked_sub(1),
            _ => Some(depth + 1),
        };
        depth = after.unwrap_or_default();
        after.is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_http_may_follow_it() {
        let passage = Passage {
            prefix: "/live".to_owned(),
            upstream: Upstream::at("http://a.test"),
        };
        for (asked, is_passed_on) in [
            ("websocket", true),
            ("h2c", false),
            ("websocket, H2C", false),
            ("HTTP/2.0", false),
            ("TLS/1.0", false),
        ] {
            let mut environ = Environ::new(crate::http::Method::GET, "/live");
            let headers = environ.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static(asked));
            let head = passage.head(&environ).unwrap();
            assert_eq!(head.asks_upgrade(), is_passed_on, "{asked}");
            assert_eq!(head.headers.contains_key(header::UPGRADE), is_passed_on);
        }
    }

    #[test]
    fn nobody_climbs_out_of_what_is_passed_on() {
        let passage = Passage {
            prefix: "/api".to_owned(),
            upstream: Upstream::at("http://a.test/v2").remove_prefix(),
        };
        for (asked, is_passed_on) in [
            ("/api/../admin", false),
            ("/api/%2e%2E/admin", false),
            ("/api/a/..%2f../admin", false),
            ("/api//./../x", false),
            ("/api/a/../b", true),
            ("/api/..a/b..", true),
            ("/api", true),
        ] {
            let environ = Environ::new(crate::http::Method::GET, asked);
            assert_eq!(passage.head(&environ).is_some(), is_passed_on, "{asked}");
        }
    }

    #[track_caller]
    fn check_target(passage: (&str, bool, &str), mount: Option<&str>, asked: &str, want: &str) {
        let (prefix, is_prefix_kept, origin) = passage;
        let passage = Passage {
            prefix: prefix.to_owned(),
            upstream: match is_prefix_kept {
                true => Upstream::at(origin),
                false => Upstream::at(origin).remove_prefix(),
            },
        };
        let mut environ = Environ::new(crate::http::Method::GET, asked);
        if let Some(mount) = mount {
            let path = environ.path_info()[mount.len()..].to_vec();
            environ.set_mount(mount.to_owned(), path);
        }
        assert_eq!(passage.target(&environ), want.as_bytes(), "{asked}");
    }

    #[test]
    fn paths_are_passed_on_as_they_were_written() {
        let kept = ("/api", true, "http://a.test");
        check_target(kept, None, "/api/a%2Fb?q=%20", "/api/a%2Fb?q=%20");
        check_target(kept, None, "/api", "/api");
        let below = ("/api", false, "http://a.test/v2/");
        check_target(below, None, "/api/a%2Fb", "/v2/a%2Fb");
        check_target(below, None, "/api", "/v2");
        check_target(("/api", false, "http://a.test"), None, "/api", "/");
        check_target(("", true, "http://a.test"), None, "/a//b", "/a//b");
        check_target(below, Some("/shop"), "/shop/api/a%20b", "/v2/a%20b");
        check_target(below, None, "/ap%69/x", "/v2/x");
    }
}
