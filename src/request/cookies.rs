use std::borrow::Cow;

use crate::http::Cookies;
use crate::request::Request;

impl<'a> Request<'a> {
    /// The cookies, in the order sent. A browser sends the one with the longest path first.
    pub fn cookies(&self) -> Cookies<'a> {
        Cookies::from_headers(self.headers())
    }

    /// The first value of the cookie `name`.
    pub fn cookie(&self, name: &str) -> Option<Cow<'a, str>> {
        self.cookies().get(name)
    }
}
