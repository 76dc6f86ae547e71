use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::testing::{EnvironBuilder, TestResponse};
use crate::wsgi::Result;

impl<C> EnvironBuilder<C> {
    /// With a value of yours as JSON.
    ///
    /// # Panics
    /// If the value cannot be JSON, say a map whose keys are no text.
    #[track_caller]
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.body("application/json", body),
            Err(error) => panic!("the value cannot be written as JSON: {error}"),
        }
    }
}

impl TestResponse {
    /// The JSON body as a value of yours.
    ///
    /// # Errors
    /// Where the body is not JSON, or not what the type wants.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_slice(self.bytes())?)
    }
}
