use crate::http::Authorization;
use crate::request::Request;

impl Request<'_> {
    /// The credentials the client sent; `None` where there are none that can be read.
    ///
    /// Of two `Authorization` fields nobody can say which counts, so neither does.
    pub fn authorization(&self) -> Option<Authorization> {
        Authorization::from_headers(self.headers())
    }
}
