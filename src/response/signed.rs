use crate::http::SetCookie;
use crate::response::Response;
use crate::session::Keys;

impl Response {
    /// Sets a cookie whose value only these keys could have made; see
    /// [`Request::signed_cookie`](crate::Request::signed_cookie).
    pub fn set_signed_cookie(self, cookie: SetCookie, keys: &Keys) -> Self {
        let signed = keys.sign(cookie.name(), cookie.value());
        self.set_cookie(cookie.with_value(signed))
    }

    /// Sets a cookie whose value only these keys can read; see
    /// [`Request::encrypted_cookie`](crate::Request::encrypted_cookie).
    pub fn set_encrypted_cookie(self, cookie: SetCookie, keys: &Keys) -> Self {
        let encrypted = keys.encrypt(cookie.name(), cookie.value());
        self.set_cookie(cookie.with_value(encrypted))
    }
}
