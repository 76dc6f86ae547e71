use crate::http::{WwwAuthenticate, header};
use crate::response::Response;

impl Response {
    /// Asks the client who it is (RFC 9110 §11.6.1); a 401 has one challenge at least. Several
    /// leave it the choice.
    pub fn www_authenticate(self, challenge: WwwAuthenticate) -> Self {
        self.attempt(|response| {
            let value = challenge.to_header()?;
            response
                .headers_mut()
                .append(header::WWW_AUTHENTICATE, value);
            Ok(())
        })
    }
}
