use std::borrow::Cow;

use crate::http::header;
use crate::request::Request;
use crate::text::percent;

/// The URL, put together from its parts.
impl<'a> Request<'a> {
    /// `http` or `https`.
    pub fn scheme(&self) -> &'a str {
        self.environ.scheme()
    }

    /// Whether the client connected by HTTPS.
    pub fn is_secure(&self) -> bool {
        self.scheme() == "https"
    }

    /// The host the client asked for, with a port where it is not the scheme's own.
    ///
    /// The client chooses it: never build a link in a mail from it.
    pub fn host(&self) -> Cow<'a, str> {
        let field = || {
            self.headers()
                .get(header::HOST)
                .map(|value| value.as_bytes())
        };
        let asked = self.environ.target_authority().or_else(field);
        let host = match asked.filter(|host| !host.is_empty()) {
            Some(host) => String::from_utf8_lossy(host),
            None => {
                let server = self.environ.server();
                Cow::Owned(format!("{}:{}", server.name, server.port))
            }
        };
        let port = if self.is_secure() { ":443" } else { ":80" };
        match host.strip_suffix(port).or_else(|| host.strip_suffix(":0")) {
            Some(bare) => Cow::Owned(bare.to_owned()),
            None => host,
        }
    }

    /// The whole URL: `http://localhost:8000/search?q=tea`.
    pub fn url(&self) -> String {
        let query = self.environ.query_string();
        if query.is_empty() {
            return self.base_url();
        }
        format!("{}?{}", self.base_url(), percent::encode_reference(query))
    }

    /// The URL without its query.
    pub fn base_url(&self) -> String {
        let root = percent::encode_path(self.environ.script_root());
        let path = percent::encode_path(self.environ.path_info());
        format!("{}://{}{root}{path}", self.scheme(), self.host())
    }

    /// The URL the app is mounted at, with a slash at its end.
    pub fn root_url(&self) -> String {
        let root = percent::encode_path(self.environ.script_root());
        format!(
            "{}://{}{}/",
            self.scheme(),
            self.host(),
            root.trim_end_matches('/')
        )
    }
}
