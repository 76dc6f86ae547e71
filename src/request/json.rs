use serde::de::DeserializeOwned;

use crate::request::{JsonError, Request};

impl Request<'_> {
    /// The JSON body as a value of yours.
    ///
    /// # Errors
    /// [`JsonError`]: 415 where the body does not claim to be JSON, 400 where it is not what
    /// was asked for, 413 where it is too large.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        if !self.is_json() {
            return Err(JsonError::MediaType {
                media_type: self.mimetype().to_owned(),
            });
        }
        serde_json::from_slice(self.data()?).map_err(|source| JsonError::Malformed {
            source: source.into(),
        })
    }
}
