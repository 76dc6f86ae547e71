use crate::http::{MultiDict, cookie, header};
use crate::request::Request;

impl Request<'_> {
    /// The cookies, in the order sent. A browser sends the one with the longest path first.
    pub fn cookies(&self) -> &MultiDict {
        self.cookies.get_or_init(|| {
            let fields = self.headers().get_all(header::COOKIE).iter();
            fields
                .flat_map(|field| cookie::parse(field.as_bytes()))
                .collect()
        })
    }

    /// The first value of the cookie `name`.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies().get(name)
    }
}
