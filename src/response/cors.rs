use std::time::Duration;

use crate::http::{Method, age, header};
use crate::response::Response;

/// What pages of other origins may ask and read (CORS; Fetch §3.3).
///
/// Whether an origin may is yours to decide, from
/// [`Request::origin`](crate::Request::origin).
impl Response {
    /// The origin that may read the answer, or `*` for every one.
    ///
    /// An answer that names the request's own origin depends on it: add it to
    /// [`vary`](Self::vary).
    pub fn access_control_allow_origin(self, origin: &str) -> Self {
        self.header("access-control-allow-origin", origin)
    }

    /// It may read the answer to a request with cookies too. Not together with the origin `*`.
    pub fn access_control_allow_credentials(self) -> Self {
        self.header("access-control-allow-credentials", "true")
    }

    /// The fields a page may send.
    pub fn access_control_allow_headers<N: Into<String>>(
        self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.list_field(header::ACCESS_CONTROL_ALLOW_HEADERS, names)
    }

    /// The methods a page may use.
    pub fn access_control_allow_methods(self, methods: impl IntoIterator<Item = Method>) -> Self {
        let methods = methods.into_iter().map(|method| method.to_string());
        self.list_field(header::ACCESS_CONTROL_ALLOW_METHODS, methods)
    }

    /// The fields of the answer that a page may read besides the usual ones.
    pub fn access_control_expose_headers<N: Into<String>>(
        self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.list_field(header::ACCESS_CONTROL_EXPOSE_HEADERS, names)
    }

    /// How long a browser may keep this permission, in whole seconds.
    pub fn access_control_max_age(self, age: Duration) -> Self {
        self.header("access-control-max-age", age::format(age))
    }
}
