use std::borrow::Cow;

use crate::http::{HostError, header};
use crate::routing::{Adapter, Map};
use crate::wsgi::Environ;

impl Map {
    /// Binds the map to a request.
    ///
    /// The server's name is the host that was asked for, and there is no subdomain. An app that
    /// has subdomains names its server with [`bind_to_environ_at`](Self::bind_to_environ_at).
    ///
    /// # Errors
    /// As [`Environ::host`]; the request is answered with 400.
    pub fn bind_to_environ<'a>(&'a self, environ: &'a Environ) -> Result<Adapter<'a>, HostError> {
        let host = environ.host()?;
        Ok(self.bound_to(environ, host.to_string()))
    }

    /// Binds the map to a request to a subdomain of `server_name`, or to itself.
    ///
    /// A request to another host, by address say, is one to the server's name with the map's
    /// default subdomain. Maps that match hosts do not look at `server_name`.
    ///
    /// # Errors
    /// As [`Environ::host`]; the request is answered with 400.
    pub fn bind_to_environ_at<'a>(
        &'a self,
        environ: &'a Environ,
        server_name: &str,
    ) -> Result<Adapter<'a>, HostError> {
        let host = environ.host()?;
        if self.settings.host_matching {
            return Ok(self.bound_to(environ, host.to_string()));
        }
        let adapter = self.bound_to(environ, server_name.to_owned());
        let asked = host.to_string();
        let subdomain = match asked.strip_suffix(adapter.server_name()) {
            Some("") => Some(""),
            Some(before) => before.strip_suffix('.'),
            None => None,
        };
        Ok(match subdomain {
            Some(subdomain) => adapter.with_subdomain(subdomain.to_owned()),
            None => {
                log::debug!("{host} is no part of {server_name}");
                adapter
            }
        })
    }

    fn bound_to<'a>(&'a self, environ: &'a Environ, server_name: String) -> Adapter<'a> {
        self.bind(server_name)
            .with_script_root(text(environ.script_root()))
            .with_scheme(scheme(environ))
            .with_path(environ.path())
            .with_query(text(environ.query_string()))
            .with_method(environ.method().clone())
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// `ws` or `wss` where the request asks for a WebSocket (RFC 6455 §4.1).
fn scheme(environ: &Environ) -> &str {
    let words = |name| {
        let values = environ.headers().get_all(name).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
    };
    let upgrade = words(header::CONNECTION).any(|word| word.eq_ignore_ascii_case("upgrade"));
    let websocket = words(header::UPGRADE).any(|word| word.eq_ignore_ascii_case("websocket"));
    match (upgrade && websocket, environ.scheme()) {
        (true, "https") => "wss",
        (true, _) => "ws",
        (false, scheme) => scheme,
    }
}
