use crate::forms::{FormError, FormLimits, Limit};
use crate::http::MultiDict;

/// The names and values in a query string.
pub fn parse(text: &[u8]) -> MultiDict {
    form_urlencoded::parse(text)
        .map(|(name, value)| (name, value.into_owned()))
        .collect()
}

/// The names and values in a form's body.
///
/// # Errors
/// [`FormError::TooLarge`] where there are more than the limits allow.
pub fn parse_limited(body: &[u8], limits: &FormLimits) -> Result<MultiDict, FormError> {
    if body.len() as u64 > limits.max_field_bytes {
        return Err(FormError::TooLarge {
            limit: Limit::Fields,
            max: limits.max_field_bytes,
        });
    }
    let mut fields = MultiDict::new();
    for (name, value) in form_urlencoded::parse(body) {
        if fields.len() == limits.max_parts {
            return Err(FormError::TooLarge {
                limit: Limit::Parts,
                max: limits.max_parts as u64,
            });
        }
        fields.add(name, value.into_owned());
    }
    Ok(fields)
}

/// Writes names and values as a query string or a form's body.
pub fn serialize<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> String
where
    N: AsRef<str>,
    V: AsRef<str>,
{
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}
