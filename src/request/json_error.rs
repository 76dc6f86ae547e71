use std::error::Error as StdError;

use crate::forms::FormError;
use crate::http::StatusCode;

/// Why a body is not the JSON that was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The body does not claim to be JSON.
    #[error("the body is {media_type:?}; send it as application/json")]
    MediaType {
        /// What it claims to be; empty where nothing.
        media_type: String,
    },
    /// The body is not JSON, or not of the shape the type wants.
    #[error("the JSON body is not what was asked for")]
    Malformed {
        /// What is wrong, with line and column.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The body could not be read.
    #[error(transparent)]
    Body(#[from] FormError),
}

impl JsonError {
    /// The status that answers it: 400, 413 or 415, and 500 where the fault is ours.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed { .. } => StatusCode::BAD_REQUEST,
            Self::Body(error) => error.status(),
        }
    }
}
