use serde::Serialize;

use crate::response::Response;
use crate::wsgi::Body;

impl Response {
    /// A value of yours as JSON.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Self {
        Self::new("application/json", Body::empty()).attempt(|response| {
            response.set_body(serde_json::to_vec(value)?.into());
            Ok(())
        })
    }
}
