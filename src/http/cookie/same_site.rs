use std::str::FromStr;

use crate::http::SetCookieError;

/// Whether requests that other sites cause carry a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Never.
    Strict,
    /// Only when the user follows a link to us.
    Lax,
    /// Always; browsers want `Secure` with it.
    None,
}

impl FromStr for SameSite {
    type Err = SetCookieError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "strict" => Ok(Self::Strict),
            "lax" => Ok(Self::Lax),
            "none" => Ok(Self::None),
            _ => Err(SetCookieError::SameSite {
                text: text.to_owned(),
            }),
        }
    }
}
