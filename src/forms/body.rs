use std::io::{self, Read};

use crate::forms::{FormError, LimitedStream};

/// The whole of `input`, if it has at most `max` bytes.
///
/// # Errors
/// [`FormError::TooLarge`] and [`FormError::Read`].
pub fn read_body(input: impl Read, max: u64) -> Result<Vec<u8>, FormError> {
    let mut body = Vec::new();
    LimitedStream::with_maximum(input, max).read_to_end(&mut body)?;
    Ok(body)
}

/// The next bytes of `input`; none at its end.
pub(super) fn read_some(input: &mut impl Read, buf: &mut [u8]) -> Result<usize, FormError> {
    loop {
        match input.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return Ok(result?),
        }
    }
}
