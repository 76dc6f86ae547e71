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
    let too_large = |limit, max, at: usize| FormError::TooLarge {
        limit,
        max,
        part: None,
        at: Some(at as u64),
    };
    let max = limits.max_field_bytes;
    if body.len() as u64 > max {
        return Err(too_large(Limit::Fields, max, max as usize));
    }
    let mut fields = MultiDict::new();
    let mut at = 0;
    for pair in body.split(|&byte| byte == b'&') {
        for (name, value) in form_urlencoded::parse(pair) {
            if fields.len() == limits.max_parts {
                return Err(too_large(Limit::Parts, limits.max_parts as u64, at));
            }
            fields.add(name, value.into_owned());
        }
        at += pair.len() + 1;
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

/// Writes a type of yours as a query string or a form's body: what
/// [`from_pairs`](crate::forms::from_pairs) reads.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Search<'a> {
///     q: &'a str,
///     page: Option<u32>,
/// }
///
/// let search = Search { q: "green tea", page: Some(2) };
/// assert_eq!(devserve::forms::urlencoded::to_string(&search)?, "q=green+tea&page=2");
/// # Ok::<(), devserve::forms::UnwritableError>(())
/// ```
///
/// # Errors
/// [`UnwritableError`] where it is no struct, map or list of pairs, or a field's value is none
/// that one line of text can hold.
pub fn to_string<T: serde::Serialize + ?Sized>(fields: &T) -> Result<String, UnwritableError> {
    serde_urlencoded::to_string(fields).map_err(UnwritableError)
}

/// A value that cannot be written as names and values.
#[derive(Debug, thiserror::Error)]
#[error("only structs, maps and lists of pairs with plain values can be written as a form")]
pub struct UnwritableError(#[source] serde_urlencoded::ser::Error);
