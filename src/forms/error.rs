use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::forms::multipart::MultipartError;
use crate::http::StatusCode;
use crate::http::h1::Fault;

/// Why a body could not be read.
///
/// Cheap to clone: a request that fails once fails again in the same words.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// The body is larger than we take.
    #[error("{limit} is over the limit of {max} {unit}{place}", unit = limit.unit(), place = place(*part, *at))]
    TooLarge {
        /// What was too large.
        limit: Limit,
        /// How much is taken.
        max: u64,
        /// The part of a multipart form, counted from 1.
        part: Option<usize>,
        /// The offset in the body; `None` where nothing of it was read.
        at: Option<u64>,
    },
    /// `Content-Length` is no number.
    #[error("the Content-Length {text:?} is no number")]
    Length {
        /// What was sent.
        text: String,
    },
    /// The body ended before the length that was announced.
    #[error("the body ended after {got} of {length} bytes")]
    Disconnected {
        /// How much came.
        got: u64,
        /// How much was announced.
        length: u64,
    },
    /// A multipart body breaks its grammar.
    #[error("the multipart body is malformed at byte {at}")]
    Multipart {
        /// The offset in the body.
        at: u64,
        /// What is wrong there.
        source: MultipartError,
    },
    /// The media type is not one of the two that forms have.
    #[error(
        "{media_type:?} is no form: send application/x-www-form-urlencoded or multipart/form-data"
    )]
    MediaType {
        /// What was sent.
        media_type: String,
    },
    /// The body stopped coming.
    #[error("the request's body could not be read to its end")]
    Read {
        /// What the connection says.
        source: Arc<io::Error>,
    },
    /// A file could not be put aside. Our fault, not the client's.
    #[error("the file {filename:?} could not be stored in the temporary folder")]
    Store {
        /// The name it was sent under.
        filename: String,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// The app read the body as a form, or part by part, before it asked in another way.
    #[error("the body was already read as a form; ask for its bytes before its fields")]
    Taken,
}

impl FormError {
    /// The status that answers it: 400, 408, 413 or 415, and 500 where the fault is ours.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Multipart { .. } | Self::Length { .. } | Self::Disconnected { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::Read { source } => read_status(source),
            Self::MediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Store { .. } | Self::Taken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the author of the app can do, in one line.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::TooLarge { limit, .. } => Some(format!(
                "to take more, put FormLimits {{ {}: …, ..FormLimits::default() }} into environ.extensions_mut()",
                limit.field()
            )),
            Self::Store { .. } => {
                Some("free space there, or set TMPDIR to another folder".to_owned())
            }
            Self::Taken => {
                Some("call request.data() first; forms can still be read after it".to_owned())
            }
            Self::Multipart { .. }
            | Self::MediaType { .. }
            | Self::Length { .. }
            | Self::Disconnected { .. }
            | Self::Read { .. } => None,
        }
    }

    /// A multipart body that is wrong at byte `at`.
    pub(super) fn multipart(source: MultipartError, at: u64) -> Self {
        match source {
            MultipartError::PartCount { max } => Self::TooLarge {
                limit: Limit::Parts,
                max: max as u64,
                part: Some(max + 1),
                at: Some(at),
            },
            source => Self::Multipart { at, source },
        }
    }
}

/// What a stream reports: an error of ours that passed through a reader, or the connection's.
impl From<io::Error> for FormError {
    fn from(error: io::Error) -> Self {
        match error.downcast() {
            Ok(own) => own,
            Err(error) => Self::Read {
                source: Arc::new(error),
            },
        }
    }
}

/// For readers that know of forms.
impl From<FormError> for io::Error {
    fn from(error: FormError) -> Self {
        let kind = match &error {
            FormError::Read { source } => source.kind(),
            FormError::Disconnected { .. } => io::ErrorKind::UnexpectedEof,
            FormError::Store { source, .. } => source.kind(),
            _ => io::ErrorKind::InvalidData, // what came is wrong
        };
        Self::new(kind, error)
    }
}

/// Where in a body, in words.
fn place(part: Option<usize>, at: Option<u64>) -> String {
    match (part, at) {
        (_, None) => String::new(),
        (None, Some(at)) => format!(", at byte {at}"),
        (Some(part), Some(at)) => format!(", in part {part} at byte {at}"),
    }
}

/// A body that breaks HTTP says itself what it is; one that stopped coming is a timeout, which
/// sockets report in two ways.
fn read_status(source: &io::Error) -> StatusCode {
    let fault = source
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Fault>());
    match (fault, source.kind()) {
        (Some(fault), _) => fault.status(),
        (None, io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => StatusCode::REQUEST_TIMEOUT,
        // The client has gone, or nearly: the answer is for the log.
        (None, _) => StatusCode::BAD_REQUEST,
    }
}

/// Which limit of [`FormLimits`](crate::forms::FormLimits) was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// `max_body_bytes`.
    Body,
    /// `max_field_bytes`.
    Fields,
    /// `max_parts`.
    Parts,
}

impl Limit {
    /// The field of [`FormLimits`](crate::forms::FormLimits).
    pub fn field(self) -> &'static str {
        match self {
            Self::Body => "max_body_bytes",
            Self::Fields => "max_field_bytes",
            Self::Parts => "max_parts",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Body | Self::Fields => "bytes",
            Self::Parts => "parts",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Body => "the request's body (max_body_bytes)",
            Self::Fields => "the form's text (max_field_bytes)",
            Self::Parts => "the number of form fields and files (max_parts)",
        })
    }
}

/// Why a query or a form does not fit a type. The sender's fault: 400.
#[derive(Debug)]
#[non_exhaustive]
pub struct TypedError {
    /// The field whose value does not fit; `None` where one is missing.
    pub field: Option<String>,
    /// What the type says.
    pub source: Box<dyn StdError + Send + Sync>,
}

impl fmt::Display for TypedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "field `{field}`: {}", self.source),
            None => fmt::Display::fmt(&self.source, f),
        }
    }
}

// The source is part of the message, so it is no cause besides.
impl StdError for TypedError {}

/// Why a form could not become a value of your type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TypedFormError {
    /// The form could not be read.
    #[error(transparent)]
    Form(#[from] FormError),
    /// The form does not fit the type.
    #[error(transparent)]
    Typed(#[from] TypedError),
}

impl TypedFormError {
    /// The status that answers it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Form(error) => error.status(),
            Self::Typed(_) => StatusCode::BAD_REQUEST,
        }
    }
}
