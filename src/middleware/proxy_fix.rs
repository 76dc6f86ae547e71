use std::net::IpAddr;

use crate::http::forwarded::{self, Forwarded};
use crate::http::{HeaderMap, Host, header};
use crate::text::{digits, percent};
use crate::wsgi::{App, Body, Environ, Reply, Result, Route, StartResponse};

/// An app behind proxies: the client's address, the scheme and the host are what the proxies
/// say they were.
///
/// Every proxy adds its word at the end of a field; what stands before came from outside and may
/// be anything. So say how many proxies of your own set each field. A field that has fewer words
/// than that did not come through them, and is not believed at all.
///
/// ```
/// use devserve::Request;
/// use devserve::middleware::ProxyFix;
/// use devserve::wsgi::{self, Environ};
///
/// let shop = ProxyFix::new(|request: &Request| {
///     let peer = request.remote_addr().map(|peer| peer.ip().to_string());
///     format!("{} by {}", peer.unwrap_or_default(), request.scheme())
/// });
/// let mut environ = Environ::new(http::Method::GET, "/");
/// environ.headers_mut().insert("x-forwarded-for", "6.6.6.6, 192.0.2.7".parse()?);
/// environ.headers_mut().insert("x-forwarded-proto", "https".parse()?);
/// assert_eq!(wsgi::call(&shop, &mut environ)?.body(), "192.0.2.7 by https");
/// # Ok::<(), wsgi::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ProxyFix<A> {
    app: A,
    hops: TrustedHops,
}

/// How many of the proxies before the app set each field; 0 where none does, and the field is
/// ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrustedHops {
    /// `X-Forwarded-For`: the client's address.
    pub x_for: usize,
    /// `X-Forwarded-Proto`: the scheme.
    pub x_proto: usize,
    /// `X-Forwarded-Host`: the host that was asked for.
    pub x_host: usize,
    /// `X-Forwarded-Port`: the port that was asked for.
    pub x_port: usize,
    /// `X-Forwarded-Prefix`: the path under which the proxy has the app.
    pub x_prefix: usize,
    /// `Forwarded` (RFC 7239): address, scheme and host in one. It goes before the others.
    pub forwarded: usize,
}

impl<A: App> ProxyFix<A> {
    /// `app` behind one proxy that sets `X-Forwarded-For` and `X-Forwarded-Proto`.
    pub fn new(app: A) -> Self {
        let hops = TrustedHops {
            x_for: 1,
            x_proto: 1,
            ..TrustedHops::default()
        };
        Self::with_hops(app, hops)
    }

    /// `app` behind as many proxies as `hops` says, field by field.
    pub fn with_hops(app: A, hops: TrustedHops) -> Self {
        Self { app, hops }
    }
}

impl<A: App> App for ProxyFix<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        self.hops.believe(environ.headers()).apply(environ)?;
        self.app.call(environ)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        self.hops.believe(environ.headers()).apply(environ)?;
        self.app.wsgi(environ, start_response)
    }

    fn routes(&self) -> Result<Vec<Route>> {
        self.app.routes()
    }
}

/// What the proxies say of a request, as far as they are trusted and it makes sense.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Believed {
    /// The client's address.
    pub client: Option<IpAddr>,
    /// `http`, `https`, `ws` or `wss`.
    pub scheme: Option<&'static str>,
    /// The host that was asked for.
    pub host: Option<Host>,
    /// The port that was asked for.
    pub port: Option<u16>,
    /// The path under which the proxy has the app, decoded, without a slash at its end.
    pub prefix: Option<Vec<u8>>,
}

impl TrustedHops {
    /// Reads the fields of a request.
    ///
    /// What is no address, scheme, host, port or path is not believed: all of them end up in
    /// URLs.
    pub fn believe(&self, headers: &HeaderMap) -> Believed {
        let told = |name: &str, hops: usize| {
            let mut words = forwarded::list(headers, name);
            let place = words.len().checked_sub(hops).filter(|_| hops > 0)?;
            Some(words.swap_remove(place))
        };
        let x_for = told("x-forwarded-for", self.x_for);
        let x_proto = told("x-forwarded-proto", self.x_proto);
        let x_host = told("x-forwarded-host", self.x_host);
        let x_port = told("x-forwarded-port", self.x_port);
        let x_prefix = told("x-forwarded-prefix", self.x_prefix);
        let element = told("forwarded", self.forwarded)
            .and_then(|word| Forwarded::parse(&word).elements().first().cloned())
            .unwrap_or_default();
        Believed {
            client: element
                .for_address()
                .or_else(|| forwarded::node_address(&x_for?)),
            scheme: scheme(element.proto.as_deref()).or_else(|| scheme(x_proto.as_deref())),
            host: host(element.host.as_deref()).or_else(|| host(x_host.as_deref())),
            port: x_port.and_then(|port| number(&port)),
            prefix: x_prefix.and_then(|prefix| path(&prefix)),
        }
    }
}

impl Believed {
    fn apply(self, environ: &mut Environ) -> Result<()> {
        if let Some(client) = self.client {
            environ.set("REMOTE_ADDR", client.to_string())?;
        }
        if let Some(scheme) = self.scheme {
            environ.set("wsgi.url_scheme", scheme)?;
        }
        if let Some(host) = self.host {
            environ.set("SERVER_NAME", host.name())?;
            if let Some(port) = host.port() {
                environ.set("SERVER_PORT", port.to_string())?;
            }
            environ.set("HTTP_HOST", host.to_string())?;
        }
        if let Some(port) = self.port {
            let field = environ.headers().get(header::HOST);
            let asked = field.and_then(|field| Host::parse(field.as_bytes()).ok());
            if let Some(host) = asked {
                environ.set("HTTP_HOST", host.with_port(port).to_string())?;
            }
            environ.set("SERVER_PORT", port.to_string())?;
        }
        if let Some(prefix) = self.prefix {
            let path = environ.path_info().to_vec();
            environ.set_mount(prefix, path);
        }
        Ok(())
    }
}

fn scheme(word: Option<&str>) -> Option<&'static str> {
    ["http", "https", "ws", "wss"]
        .into_iter()
        .find(|scheme| word.is_some_and(|word| word.eq_ignore_ascii_case(scheme)))
}

fn host(word: Option<&str>) -> Option<Host> {
    Host::parse(word?)
        .ok()
        .filter(|host| !host.name().is_empty())
}

fn number(word: &str) -> Option<u16> {
    let port = digits::parse(word)?;
    u16::try_from(port).ok().filter(|port| *port > 0)
}

/// A prefix begins with one slash: two would make its first segment a host in every link. What
/// was no UTF-8 is not believed: nobody knows what the proxy meant.
fn path(word: &str) -> Option<Vec<u8>> {
    let path = percent::decode(word.as_bytes());
    let end = path.iter().rposition(|byte| *byte != b'/');
    let is_path = !word.contains(char::REPLACEMENT_CHARACTER)
        && path.starts_with(b"/")
        && !path.starts_with(b"//")
        && !path.starts_with(b"/\\")
        && !path.iter().any(u8::is_ascii_control);
    is_path.then(|| path[..end.map_or(0, |last| last + 1)].to_vec())
}

#[cfg(test)]
mod tests;
