use crate::http::{AuthError, HeaderValue, list};
use crate::text::{ows, quoted, tokens};

/// What follows a scheme: one token, or parameters with names in lower case.
#[derive(Clone)]
pub(super) enum Parts {
    /// token68, or nothing.
    Token(String),
    /// In the order sent; `None` for a name without a value.
    Params(Vec<(String, Option<String>)>),
}

impl Parts {
    /// Reads what follows one scheme; `None` where it is neither a token nor parameters.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || is_token68(text) {
            return Some(Self::Token(text.to_owned()));
        }
        let params = || list::pairs(text).filter_map(param).collect();
        text.contains('=').then(|| Self::Params(params()))
    }

    pub(super) fn token(&self) -> Option<&str> {
        match self {
            Self::Token(token) => Some(token),
            Self::Params(_) => None,
        }
    }

    pub(super) fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let params = match self {
            Self::Token(_) => &[][..],
            Self::Params(params) => params,
        };
        params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))?
            .1
    }

    /// Whether nothing follows the scheme.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Token(token) => token.is_empty(),
            Self::Params(params) => params.is_empty(),
        }
    }

    /// Adds a parameter, in place of one with its name and of a token.
    pub(super) fn set(&mut self, name: String, value: String) {
        match self {
            Self::Token(_) => *self = Self::Params(vec![(name, Some(value))]),
            Self::Params(params) => {
                let known = params
                    .iter_mut()
                    .find(|(known, _)| known.eq_ignore_ascii_case(&name));
                match known {
                    Some(known) => known.1 = Some(value),
                    None => params.push((name, Some(value))),
                }
            }
        }
    }

    /// `Scheme token`, or `Scheme name="value", …` with `is_quoted` deciding over tokens.
    pub(super) fn to_header(
        &self,
        scheme: &str,
        is_quoted: impl Fn(&str) -> bool,
    ) -> Result<HeaderValue, AuthError> {
        if !tokens::is_token(scheme) {
            return Err(AuthError::Scheme {
                scheme: scheme.to_owned(),
            });
        }
        let mut text = title(scheme);
        match self {
            Self::Token(token) if token.is_empty() => {}
            Self::Token(token) if is_token68(token) => {
                text.push(' ');
                text.push_str(token);
            }
            Self::Token(_) => return Err(AuthError::Token),
            Self::Params(params) => {
                for (place, (name, value)) in params.iter().enumerate() {
                    text.push_str(if place == 0 { " " } else { ", " });
                    text.push_str(&written(name, value.as_deref(), is_quoted(name))?);
                }
            }
        }
        HeaderValue::try_from(text).map_err(|_| AuthError::Token)
    }
}

/// The scheme in lower case, and what follows it; `None` where it is no token.
pub(super) fn split_scheme(text: &str) -> Option<(String, &str)> {
    let text = ows::trim(text);
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    tokens::is_token(scheme).then(|| (scheme.to_ascii_lowercase(), ows::trim_start(rest)))
}

/// Whether `text` is one token after a scheme: token68 (RFC 9110 §11.2), and whatever else
/// services put into their tokens (`12|x1y2`) that can be told from parameters.
pub(super) fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b'='))
}

/// A pair as a parameter: its name in lower case, if it is one.
pub(super) fn param((name, value): (String, Option<String>)) -> Option<(String, Option<String>)> {
    tokens::is_token(&name).then(|| (name.to_ascii_lowercase(), value))
}

/// Whether `name` is one of `names`, in any case.
pub(super) fn is_among(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn written(name: &str, value: Option<&str>, is_quoted: bool) -> Result<String, AuthError> {
    let broken = || AuthError::Param {
        name: name.to_owned(),
    };
    let value = value
        .filter(|_| tokens::is_token(name))
        .ok_or_else(broken)?;
    let value = match is_quoted {
        true => quoted::quote(value).map(Into::into),
        false => quoted::token_or_quoted(value),
    };
    Ok(format!("{name}={}", value.ok_or_else(broken)?))
}

/// `scram-sha-256` as `Scram-Sha-256`: case means nothing here, and this is the usual one.
fn title(scheme: &str) -> String {
    let mut is_first = true;
    let titled = scheme.chars().map(|letter| {
        let starts_word = std::mem::replace(&mut is_first, !letter.is_ascii_alphabetic());
        match starts_word {
            true => letter.to_ascii_uppercase(),
            false => letter.to_ascii_lowercase(),
        }
    });
    titled.collect()
}
