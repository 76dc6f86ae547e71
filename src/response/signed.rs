use crate::http::SetCookie;
use crate::response::Response;
use crate::session::Key;

impl Response {
    /// Sets a cookie whose value only this key could have made; see
    /// [`Request::signed_cookie`](crate::Request::signed_cookie).
    pub fn set_signed_cookie(self, cookie: SetCookie, key: &Key) -> Self {
        let signed = key.sign(cookie.name(), cookie.value());
        self.set_cookie(cookie.with_value(signed))
    }
}
