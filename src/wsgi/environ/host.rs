use crate::http::{Host, HostError, TrustedHosts, header};
use crate::wsgi::Environ;

impl Environ {
    /// The host the client asked for, with a port where it is not the scheme's own: of the
    /// request target, else of the `Host` field, else the server's own name.
    ///
    /// # Errors
    /// [`HostError`], 400: it is no host, or none of the [`TrustedHosts`] among the
    /// [`extensions`](Self::extensions).
    pub fn host(&self) -> Result<Host, HostError> {
        let field = self
            .headers()
            .get(header::HOST)
            .map(|value| value.as_bytes());
        let asked = self.target_authority().or(field);
        let server = self.server();
        let port = (server.port != 0).then_some(server.port);
        let host = Host::of_request(
            self.scheme(),
            asked.filter(|host| !host.is_empty()),
            Some((&server.name, port)),
        )?;
        if let Some(trusted) = self.extensions().get::<TrustedHosts>() {
            trusted.check(&host)?;
        }
        Ok(host)
    }
}
