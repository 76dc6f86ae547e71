use http::StatusCode;

/// A rule of HTTP/1.1 that the other side broke. The connection ends after the answer: where
/// the next message would start is no longer known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Not `method SP target SP version` (RFC 9112 §3).
    #[error("the request line is malformed")]
    RequestLine,
    /// Not an origin, absolute or asterisk form that fits the method (RFC 9112 §3.2).
    #[error("the request target is malformed")]
    Target,
    /// Longer than [`Limits::request_line_bytes`](super::Limits::request_line_bytes).
    #[error("the request line is longer than {limit} bytes")]
    RequestLineTooLong {
        /// The limit.
        limit: usize,
    },
    /// A version other than 1.0 and 1.1.
    #[error("only HTTP/1.0 and HTTP/1.1 are spoken here")]
    Version,
    /// A field line that is none: bad name, control character, folded, no colon (§5).
    #[error("a header field is malformed")]
    Field,
    /// More than [`Limits::fields`](super::Limits::fields).
    #[error("there are more than {limit} header fields")]
    TooManyFields {
        /// The limit.
        limit: usize,
    },
    /// Longer than [`Limits::head_bytes`](super::Limits::head_bytes).
    #[error("the header section is longer than {limit} bytes")]
    HeadTooLong {
        /// The limit.
        limit: usize,
    },
    /// HTTP/1.1 asks for exactly one `Host` that is a host (§3.2).
    #[error("exactly one valid Host field is required")]
    Host,
    /// `Content-Length` is no number, is repeated, or is beyond 2^63 (§6.3).
    #[error("Content-Length is not one decimal number")]
    ContentLength,
    /// `Transfer-Encoding` together with `Content-Length`, in HTTP/1.0, or not ending in
    /// `chunked` (§6.1).
    #[error("Transfer-Encoding is not a plain \"chunked\"")]
    TransferEncoding,
    /// A transfer coding besides `chunked`.
    #[error("transfer codings other than chunked are not undone here")]
    Coding,
    /// `CONNECT`, which asks for a proxy.
    #[error("CONNECT is for proxies")]
    Connect,
    /// `Expect` with anything but `100-continue` (RFC 9110 §10.1.1).
    #[error("only \"Expect: 100-continue\" is understood")]
    Expectation,
    /// Longer than [`Limits::body_bytes`](super::Limits::body_bytes).
    #[error("the body is longer than {limit} bytes")]
    BodyTooLong {
        /// The limit.
        limit: u64,
    },
    /// A body without `Content-Length`, where [one is needed](super::Limits::needs_length).
    #[error("a body needs a Content-Length here")]
    NoLength,
    /// A chunk's size, extension or line end is malformed (RFC 9112 §7.1).
    #[error("a chunk of the body is malformed")]
    Chunk,
    /// A trailer field is malformed, or all of them are too long (§7.1.2).
    #[error("the body's trailer fields are malformed or too long")]
    Trailer,
    /// The connection ended inside the message.
    #[error("the message was cut short")]
    Cut,
    /// The head did not arrive in time.
    #[error("the request did not arrive in time")]
    TooSlow,
}

impl Fault {
    /// What to answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::RequestLineTooLong { .. } => StatusCode::URI_TOO_LONG,
            Self::TooManyFields { .. } | Self::HeadTooLong { .. } => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::Coding | Self::Connect => StatusCode::NOT_IMPLEMENTED,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::BodyTooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoLength => StatusCode::LENGTH_REQUIRED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::RequestLine
            | Self::Target
            | Self::Field
            | Self::Host
            | Self::ContentLength
            | Self::TransferEncoding
            | Self::Chunk
            | Self::Trailer
            | Self::Cut => StatusCode::BAD_REQUEST,
        }
    }
}
