use std::io::{self, Read};
use std::sync::Arc;

use crate::forms::{FormError, Limit};

/// The whole of `input`, if it has at most `max` bytes.
///
/// # Errors
/// [`FormError::TooLarge`] and [`FormError::Read`].
pub fn read_body(input: impl Read, max: u64) -> Result<Vec<u8>, FormError> {
    let mut body = Vec::new();
    // One byte past the limit tells a body that fits from one that was cut.
    let mut input = input.take(max.saturating_add(1));
    input.read_to_end(&mut body).map_err(read_error)?;
    if body.len() as u64 > max {
        return Err(FormError::TooLarge {
            limit: Limit::Body,
            max,
        });
    }
    Ok(body)
}

/// The next bytes of `input`; none at its end.
#[cfg_attr(
    not(feature = "forms"),
    expect(dead_code, reason = "only forms are read in pieces")
)]
pub(super) fn read_some(input: &mut impl Read, buf: &mut [u8]) -> Result<usize, FormError> {
    loop {
        match input.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result.map_err(read_error),
        }
    }
}

fn read_error(source: io::Error) -> FormError {
    FormError::Read {
        source: Arc::new(source),
    }
}
