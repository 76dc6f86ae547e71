use std::io::{self, Read};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::exceptions::HttpException;
use crate::http::field_scope::remove_hop_by_hop_headers;
use crate::http::h1::{self, Expectation, Framing, Limits, Persistence, RequestHead, ResponseHead};
use crate::http::{HeaderMap, HeaderName, HeaderValue, Host, Target, Version, header};
use crate::middleware::doors;
use crate::net::{Pace, Stream};
use crate::text::percent;
use crate::wire::{Incoming, Wire};
use crate::wsgi::{App, Body, Environ, Reply, Result, Route, StartResponse};

/// An app of which some paths are another server's: requests for them are passed on over HTTP,
/// and the answers come back, both as they stream.
///
/// The other server gets the request as the client sent it, with its own name as `Host`, and
/// reads who asked in `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix`. Fields about the
/// connection stay on it. Where it cannot be reached or breaks off before it answered, the client
/// gets a 502; where it takes too long, a 504. Nothing is tried twice.
///
/// ```
/// use devserve::Request;
/// use devserve::middleware::HttpProxy;
///
/// let site = HttpProxy::new(|_: &Request| "ours")
///     .pass("/assets", "http://127.0.0.1:5173")
///     .pass_below("/api", "http://127.0.0.1:9000/v2"); // /api/carts is /v2/carts there
/// # let _ = site;
/// ```
///
/// A request's body is sent before its answer is read, and a wish to leave HTTP, for a WebSocket
/// say, is not passed on.
#[derive(Clone, Debug)]
pub struct HttpProxy<A> {
    app: A,
    passages: Vec<Passage>,
    timeout: Duration,
    keeps_host: bool,
}

/// What goes where.
#[derive(Clone, Debug)]
struct Passage {
    prefix: String,
    is_prefix_kept: bool,
    upstream: Upstream,
}

/// Another server.
#[derive(Clone, Debug)]
struct Upstream {
    host: String,
    port: u16,
    /// As `Host` has it.
    authority: HeaderValue,
    /// The path under which it has what is asked of it; without a slash at its end.
    path: String,
}

/// What is passed on at once.
const PART_BYTES: usize = 64 << 10;

impl<A: App> HttpProxy<A> {
    /// `app`, with nothing passed on yet, and ten seconds of patience.
    pub fn new(app: A) -> Self {
        Self {
            app,
            passages: Vec::new(),
            timeout: Duration::from_secs(10),
            keeps_host: false,
        }
    }

    /// Passes on what is at `prefix` and below it. The longest prefix counts.
    ///
    /// # Panics
    /// If the prefix does not begin with a slash, or the origin is not like
    /// `http://127.0.0.1:5173`, with or without a path.
    #[track_caller]
    pub fn pass(self, prefix: &str, origin: &str) -> Self {
        self.passing(prefix, true, origin)
    }

    /// [`pass`](Self::pass), with the prefix left out of what is asked there.
    ///
    /// # Panics
    /// As `pass`.
    #[track_caller]
    pub fn pass_below(self, prefix: &str, origin: &str) -> Self {
        self.passing(prefix, false, origin)
    }

    /// How long one wait for the other server may last: for the connection, for its taking the
    /// request, and for each next part of its answer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Tells the other server the host that the client asked for.
    pub fn keep_host(mut self) -> Self {
        self.keeps_host = true;
        self
    }

    #[track_caller]
    fn passing(mut self, prefix: &str, is_prefix_kept: bool, origin: &str) -> Self {
        let Some(upstream) = Upstream::parse(origin) else {
            panic!("{origin:?} is no origin to pass requests to; write \"http://127.0.0.1:5173\"");
        };
        self.passages.push(Passage {
            prefix: doors::prefix(prefix).to_owned(),
            is_prefix_kept,
            upstream,
        });
        // Equally long ones stay as given: the first counts.
        self.passages
            .sort_by_key(|passage| std::cmp::Reverse(passage.prefix.len()));
        self
    }

    /// The other server's answer; `None` where the request is the app's.
    fn passed_on(&self, environ: &Environ) -> Result<Option<Reply>> {
        let path = environ.path_info();
        let covers = |passage: &&Passage| doors::below(&passage.prefix, path).is_some();
        let Some(passage) = self.passages.iter().find(covers) else {
            return Ok(None);
        };
        match self.exchange(passage, environ) {
            Ok(reply) => Ok(Some(reply)),
            // The client's body broke off: nobody is left to be answered.
            Err(Failure::Input(error)) => Err(error.into()),
            Err(Failure::Upstream(error)) => {
                let origin = passage.upstream.authority.to_str().unwrap_or_default();
                log::warn!("{origin} gave no answer: {error}");
                let is_late = error.kind() == io::ErrorKind::TimedOut;
                let exception = match is_late {
                    true => HttpException::gateway_timeout(),
                    false => HttpException::bad_gateway(),
                };
                doors::refusal(exception, environ).map(Some)
            }
        }
    }

    fn exchange(&self, passage: &Passage, environ: &Environ) -> Result<Reply, Failure> {
        let head = passage.head(environ, self.keeps_host)?;
        let stream = passage.upstream.connect(self.timeout)?;
        stream.set_write_pace(Pace::new(self.timeout, 0));
        let mut wire = Wire::new(stream);
        let mut out = Vec::with_capacity(1024);
        let close: &[(&str, &[u8])] = &[("connection", b"close")];
        h1::write_request(&mut out, &head, head.framing, close);
        wire.stream().write_all_parts(&[&out])?;
        send_body(&mut environ.input(), wire.stream(), head.framing)?;
        let answer = read_head(&mut wire, self.timeout)?;
        let framing = answer.framing(&head.method);
        let framing = framing.map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))?;
        let pace = Pace::new(self.timeout, 0);
        let limits = Limits::default();
        let body = Incoming::new(wire, framing, Expectation::None, &limits, pace);
        let mut reply = Reply::new(match framing {
            Framing::None => Body::empty(),
            Framing::Length(length) => Body::sized_reader(body, length),
            Framing::Chunked | Framing::UntilClose => Body::reader(body),
        });
        *reply.status_mut() = answer.status;
        *reply.headers_mut() = answer.headers;
        remove_hop_by_hop_headers(reply.headers_mut());
        Ok(reply)
    }
}

impl<A: App> App for HttpProxy<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        match self.passed_on(environ)? {
            Some(reply) => Ok(reply),
            None => self.app.call(environ),
        }
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        match self.passed_on(environ)? {
            Some(reply) => doors::start(reply, start_response),
            None => self.app.wsgi(environ, start_response),
        }
    }

    fn routes(&self) -> Result<Vec<Route>> {
        let passages = self.passages.iter().map(|passage| {
            let Upstream {
                host, port, path, ..
            } = &passage.upstream;
            Route::unknown(format!("http://{host}:{port}{path}")).below(&passage.prefix)
        });
        let mut routes: Vec<_> = passages.collect();
        routes.extend(self.app.routes()?);
        Ok(routes)
    }
}

/// Whose fault it is that there is no answer.
enum Failure {
    Input(io::Error),
    Upstream(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Upstream(error)
    }
}

impl Passage {
    /// The request as the other server gets it.
    fn head(&self, environ: &Environ, keeps_host: bool) -> io::Result<RequestHead> {
        let invalid = |what: &'static str| io::Error::new(io::ErrorKind::InvalidInput, what);
        let target = self.target(environ);
        let target = Target::parse(target.into()).ok_or_else(|| invalid("no such target"))?;
        let mut headers = environ.headers().clone();
        let framing = match environ.content_length() {
            Some(0) => Framing::None,
            Some(length) => Framing::Length(length),
            None if headers.contains_key(header::TRANSFER_ENCODING) => Framing::Chunked,
            None => Framing::None,
        };
        remove_hop_by_hop_headers(&mut headers);
        // Our own server says to go on, when the body is first read.
        headers.remove(header::EXPECT);
        self.tell_who_asked(environ, &mut headers);
        if !keeps_host {
            headers.insert(header::HOST, self.upstream.authority.clone());
        }
        Ok(RequestHead {
            method: environ.method().clone(),
            target,
            version: Version::HTTP_11,
            headers,
            framing,
            persistence: Persistence::Close,
            expectation: Expectation::None,
        })
    }

    /// The path as the client wrote it, where nobody changed it on the way here.
    fn target(&self, environ: &Environ) -> Vec<u8> {
        let prefix = match self.is_prefix_kept {
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
        let mounted = match self.is_prefix_kept {
            true => environ.script_root().to_vec(),
            false => [environ.script_root(), self.prefix.as_bytes()].concat(),
        };
        tell(
            "x-forwarded-prefix",
            percent::encode_path(&mounted).into_owned(),
        );
    }
}

impl Upstream {
    fn parse(origin: &str) -> Option<Self> {
        let rest = origin.strip_prefix("http://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = Host::parse(authority).ok()?;
        if host.name().is_empty() || path.contains(['?', '#', ' ']) || !path.is_ascii() {
            return None;
        }
        Some(Self {
            host: host.name().trim_matches(['[', ']']).to_owned(),
            port: host.port().unwrap_or(80),
            authority: HeaderValue::try_from(host.to_string()).ok()?,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    fn connect(&self, timeout: Duration) -> io::Result<Stream> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(stream) => {
                    // What is sent is sent at once; without it, it is only later.
                    stream.set_nodelay(true).ok();
                    return Ok(Stream::new(stream.into()));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// Passes the request's body on as it comes. Where the other side takes no more of it, it may
/// have answered already.
fn send_body(input: &mut impl Read, stream: &Stream, framing: Framing) -> Result<(), Failure> {
    if framing == Framing::None {
        return Ok(());
    }
    let mut part = vec![0; PART_BYTES];
    loop {
        let len = match input.read(&mut part) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(Failure::Input)?,
        };
        let sent = match (framing, len) {
            (Framing::Chunked, 0) => stream.write_all_parts(&[b"0\r\n\r\n"]),
            (Framing::Chunked, len) => {
                let line = h1::chunk_head(len);
                stream.write_all_parts(&[line.as_bytes(), &part[..len], b"\r\n"])
            }
            (_, len) => stream.write_all_parts(&[&part[..len]]),
        };
        match sent {
            Ok(()) if len > 0 => {}
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(error.into()),
            _ => return Ok(()), // the end, or as above
        }
    }
}

/// Waits for the answer proper, behind any interim ones.
fn read_head(wire: &mut Wire, timeout: Duration) -> io::Result<ResponseHead> {
    loop {
        let head = wire.take_response(&Limits::default());
        let head = head.map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))?;
        match head {
            Some(head) if head.status.is_informational() => {}
            Some(head) => return Ok(head),
            None => match wire.fill_ready()? {
                Some(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(_) => {}
                None => wire.stream().wait_readable(Some(timeout))?,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(origin: &str, want: Option<&str>) {
        let told = Upstream::parse(origin).map(|upstream| {
            let authority = upstream.authority.to_str().unwrap().to_owned();
            let Upstream {
                host, port, path, ..
            } = upstream;
            format!("{host} {port} {authority} {path}")
                .trim_end()
                .to_owned()
        });
        assert_eq!(told.as_deref(), want, "{origin}");
    }

    #[test]
    fn an_origin_is_a_host_with_or_without_port_and_path() {
        check("http://a.test", Some("a.test 80 a.test"));
        check("http://a.test:81/", Some("a.test 81 a.test:81"));
        check("http://[::1]:81/a/b/", Some("::1 81 [::1]:81 /a/b"));
        check("https://a.test", None);
        check("a.test", None);
        check("http://", None);
        check("http:///a", None);
        check("http://a.test/?q", None);
    }

    #[track_caller]
    fn check_target(passage: (&str, bool, &str), mount: Option<&str>, asked: &str, want: &str) {
        let (prefix, is_prefix_kept, origin) = passage;
        let passage = Passage {
            prefix: prefix.to_owned(),
            is_prefix_kept,
            upstream: Upstream::parse(origin).unwrap(),
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
