use bytes::Bytes;

use crate::forms::{self, FormError, read_body};
use crate::request::Request;
use crate::wsgi::Input;

/// The body as it came.
impl Request<'_> {
    /// The whole body, at most [`max_body_bytes`](crate::forms::FormLimits::max_body_bytes).
    /// A form can still be read after it.
    ///
    /// # Errors
    /// [`FormError`]: 413 where it is too large, 400 where it stops early; also where the form
    /// was read before.
    pub fn data(&self) -> Result<&Bytes, FormError> {
        if self.data.get().is_none() && self.form.took_body() {
            return Err(FormError::Taken);
        }
        let read = || {
            self.check_length()?;
            read_body(self.stream(), self.limits().max_body_bytes).map(Bytes::from)
        };
        self.data.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// The body as a stream, without a limit: for what is too large to hold. What is read here
    /// is gone for [`data`](Self::data) and [`form`](Self::form).
    pub fn stream(&self) -> Input {
        self.environ.input()
    }

    /// Refuses a body that says itself that it is too large, before any of it is read, and one
    /// whose length is no number.
    pub(super) fn check_length(&self) -> Result<(), FormError> {
        match forms::content_length(self.headers())? {
            Some(length) => forms::check_length(length, self.limits().max_body_bytes),
            None => Ok(()),
        }
    }
}
