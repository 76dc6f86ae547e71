use crate::http::{Host, HostError, path_to_uri, query_to_uri, uri_to_iri};
use crate::request::Request;

/// The URL, put together from its parts, as people read it:
/// [`iri_to_uri`](crate::http::iri_to_uri) makes it fit for a header.
///
/// Its host is what the client asked for, so an app that builds links for others from it names
/// its [`TrustedHosts`](crate::http::TrustedHosts).
impl<'a> Request<'a> {
    /// `http` or `https`.
    pub fn scheme(&self) -> &'a str {
        self.environ.scheme()
    }

    /// Whether the client connected by HTTPS.
    pub fn is_secure(&self) -> bool {
        self.scheme() == "https"
    }

    /// The host the client asked for, with a port where it is not the scheme's own: of the
    /// request target, else of the `Host` field, else the server's own name.
    ///
    /// # Errors
    /// [`HostError`], 400: it is no host, or none of those
    /// [trusted](crate::http::TrustedHosts) among the environ's extensions.
    pub fn host(&self) -> Result<Host, HostError> {
        self.environ.host()
    }

    /// The whole URL: `http://localhost:8000/search?q=tea`.
    ///
    /// # Errors
    /// As [`host`](Self::host).
    pub fn url(&self) -> Result<String, HostError> {
        let query = match self.environ.query_string() {
            b"" => String::new(),
            query => format!("?{}", query_to_uri(query)),
        };
        Ok(uri_to_iri(&format!("{}{query}", self.base_uri()?)))
    }

    /// The URL without its query.
    ///
    /// # Errors
    /// As [`host`](Self::host).
    pub fn base_url(&self) -> Result<String, HostError> {
        Ok(uri_to_iri(&self.base_uri()?))
    }

    /// The URL the app is mounted at, with a slash at its end.
    ///
    /// # Errors
    /// As [`host`](Self::host).
    pub fn root_url(&self) -> Result<String, HostError> {
        Ok(uri_to_iri(&format!("{}/", self.root_uri()?)))
    }

    /// The URL of the host, with a slash at its end, wherever on it the app is mounted.
    ///
    /// # Errors
    /// As [`host`](Self::host).
    pub fn host_url(&self) -> Result<String, HostError> {
        Ok(uri_to_iri(&format!(
            "{}://{}/",
            self.scheme(),
            self.host()?
        )))
    }

    /// The path within the app, `?`, and the query as sent. The `?` is there without a query
    /// too, as in Werkzeug.
    pub fn full_path(&self) -> String {
        format!("{}?{}", self.path(), self.query_string())
    }

    fn base_uri(&self) -> Result<String, HostError> {
        let path = path_to_uri(self.path_bytes().unwrap_or(self.environ.path_info()));
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(format!("{}{slash}{path}", self.root_uri()?))
    }

    fn root_uri(&self) -> Result<String, HostError> {
        let root = path_to_uri(self.script_root_bytes());
        Ok(format!("{}://{}{root}", self.scheme(), self.host()?))
    }
}
