use crate::http::{Authorization, header};
use crate::request::Request;

impl Request<'_> {
    /// The credentials the client sent; `None` where there are none that can be read.
    ///
    /// Of two `Authorization` fields nobody can say which counts, so neither does.
    pub fn authorization(&self) -> Option<Authorization> {
        let mut fields = self.headers().get_all(header::AUTHORIZATION).iter();
        let field = fields.next().filter(|_| fields.next().is_none())?;
        Authorization::parse(std::str::from_utf8(field.as_bytes()).ok()?)
    }
}
