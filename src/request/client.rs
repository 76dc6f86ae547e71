use std::net::SocketAddr;

use crate::http::forwarded;
use crate::request::Request;
use crate::text::{latin1, quoted};

/// Who the client is, as others tell.
impl Request<'_> {
    /// Who connected; `None` on a Unix socket. Behind a proxy this is the proxy, unless
    /// [`ProxyFix`](crate::middleware::ProxyFix) stands around the app.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.environ.remote()
    }

    /// The addresses in `X-Forwarded-For`, the client's own first; without the field, that of
    /// whoever connected.
    ///
    /// All but what a proxy of yours added is the client's word: good for a log, and for no
    /// decision.
    pub fn access_route(&self) -> Vec<String> {
        let name = "x-forwarded-for";
        if self.headers().contains_key(name) {
            let items = forwarded::list(self.headers(), name).into_iter();
            return items
                .map(|item| quoted::unquote(&item).into_owned())
                .collect();
        }
        let peer = self.remote_addr().map(|peer| peer.ip().to_string());
        peer.into_iter().collect()
    }

    /// `REMOTE_USER`: whom a server or a middleware in front has made sure to talk to.
    pub fn remote_user(&self) -> Option<String> {
        let user = self.environ().get("REMOTE_USER")?;
        let bytes = latin1::to_bytes(user.as_str()?)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}
