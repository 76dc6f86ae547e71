use std::any::type_name;
use std::error::Error as StdError;
use std::str::FromStr;

/// Why a value of a query or a form could not be had. The sender's fault: 400.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The name was not sent.
    #[error("`{name}` is missing")]
    Missing {
        /// The name asked for.
        name: String,
    },
    /// The value is not what was asked for.
    #[error("`{name}` is {value:?}, which is no {wanted}")]
    Unreadable {
        /// The name asked for.
        name: String,
        /// What was sent.
        value: String,
        /// The Rust type it should have become.
        wanted: &'static str,
        /// What the type says.
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl ValueError {
    pub(super) fn missing(name: &str) -> Self {
        Self::Missing {
            name: name.to_owned(),
        }
    }
}

/// `value`, sent under `name`, as a `T`.
pub(super) fn convert<T>(name: &str, value: &str) -> Result<T, ValueError>
where
    T: FromStr<Err: Into<Box<dyn StdError + Send + Sync>>>,
{
    value
        .parse()
        .map_err(|source: T::Err| ValueError::Unreadable {
            name: name.to_owned(),
            value: value.to_owned(),
            wanted: type_name::<T>(),
            source: source.into(),
        })
}
