use crate::request::Request;
use crate::session::Key;

impl Request<'_> {
    /// The value of a cookie that [`set_signed_cookie`](crate::Response::set_signed_cookie)
    /// made with this key; `None` where there is none, or somebody changed it.
    pub fn signed_cookie(&self, name: &str, key: &Key) -> Option<String> {
        self.cookies()
            .get_all(name)
            .find_map(|signed| key.verify(name, &signed))
    }
}
