use crate::http::{SetCookie, header};
use crate::response::Response;

impl Response {
    /// Sets a cookie.
    pub fn set_cookie(self, cookie: SetCookie) -> Self {
        self.attempt(|response| {
            let value = cookie.to_header()?;
            response.headers_mut().append(header::SET_COOKIE, value);
            Ok(())
        })
    }

    /// Has the browser forget a cookie that was set for the whole site. For one with a path or
    /// a domain, set [`SetCookie::deletion`] with the same.
    pub fn delete_cookie(self, name: &str) -> Self {
        self.set_cookie(SetCookie::deletion(name))
    }
}
