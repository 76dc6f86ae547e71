use crate::request::Request;
use crate::session::Keys;

impl Request<'_> {
    /// The value of a cookie that [`set_signed_cookie`](crate::Response::set_signed_cookie)
    /// made with one of these keys; `None` where there is none, or somebody changed it.
    pub fn signed_cookie(&self, name: &str, keys: &Keys) -> Option<String> {
        self.cookies()
            .get_all(name)
            .find_map(|signed| keys.verify(name, &signed))
    }

    /// The value of a cookie that
    /// [`set_encrypted_cookie`](crate::Response::set_encrypted_cookie) made with one of these
    /// keys.
    pub fn encrypted_cookie(&self, name: &str, keys: &Keys) -> Option<String> {
        self.cookies()
            .get_all(name)
            .find_map(|encrypted| keys.decrypt(name, &encrypted))
    }
}
