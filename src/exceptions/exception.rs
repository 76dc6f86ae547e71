use std::borrow::Cow;
use std::fmt;

use crate::http::{
    AuthError, ContentRange, HeaderMap, HeaderName, HeaderValue, Method, RetryAfter, StatusCode,
    WwwAuthenticate, header,
};

/// An answer carried as an error.
///
/// ```
/// use devserve::exceptions::HttpException;
/// use devserve::{Request, Response};
///
/// fn app(request: &Request) -> devserve::Result<Response> {
///     match request.path().as_ref() {
///         "/" => Ok(Response::text("home")),
///         other => Err(HttpException::not_found().with_description(format!("no page {other}")))?,
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct HttpException(Box<Inner>);

// Boxed, so that a `Result` with it stays small: most requests are not exceptions.
#[derive(Clone, Debug)]
struct Inner {
    status: StatusCode,
    description: Cow<'static, str>,
    headers: HeaderMap,
}

impl HttpException {
    /// An exception for any status; those from 400 on come with a description.
    pub fn new(status: StatusCode) -> Self {
        Self(Box::new(Inner {
            status,
            description: description(status).into(),
            headers: HeaderMap::new(),
        }))
    }

    /// With another text for the reader. It is shown as text, so markup in it is harmless.
    pub fn with_description(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.0.description = description.into();
        self
    }

    /// The exception for a status by its number; `None` for numbers that no app has a reason to
    /// answer with: those that are no error, not registered, or reserved such as 402.
    /// [`new`](Self::new) takes every status.
    pub fn from_code(code: u16) -> Option<Self> {
        let status = StatusCode::from_u16(code).ok()?;
        is_in_table(code).then(|| Self::new(status))
    }

    /// With the methods that the address does answer: `Allow`, which a 405 needs (RFC 9110
    /// §15.5.6).
    pub fn with_allow(self, methods: impl IntoIterator<Item = Method>) -> Self {
        let names: Vec<_> = methods
            .into_iter()
            .map(|method| method.to_string())
            .collect();
        self.with_text(header::ALLOW, &names.join(", "))
    }

    /// With the length of what a range was asked of
    /// ([`ContentRange::unsatisfied`]), for a 416 (RFC 9110 §15.5.17).
    pub fn with_content_range(self, range: &ContentRange) -> Self {
        self.with_text(header::CONTENT_RANGE, &range.to_string())
    }

    /// With when to try again, for a 429 or a 503 (RFC 9110 §10.2.3).
    pub fn with_retry_after(self, when: impl Into<RetryAfter>) -> Self {
        self.with_text(header::RETRY_AFTER, &when.into().to_string())
    }

    fn with_text(self, name: HeaderName, text: &str) -> Self {
        let value = HeaderValue::try_from(text);
        self.with_header(
            name,
            value.expect("tokens, numbers and dates are visible ASCII"),
        )
    }

    /// With a challenge, which a 401 needs one of at least (RFC 9110 §15.5.2); beside those that
    /// are there.
    ///
    /// ```
    /// # use devserve::exceptions::HttpException;
    /// # use devserve::http::WwwAuthenticate;
    /// let basic = WwwAuthenticate::basic("the shop");
    /// let stranger = HttpException::unauthorized().with_www_authenticate(&basic)?;
    /// # assert_eq!(stranger.headers().len(), 1);
    /// # Ok::<(), devserve::http::AuthError>(())
    /// ```
    ///
    /// # Errors
    /// [`AuthError`] for a challenge that cannot be written.
    pub fn with_www_authenticate(self, challenge: &WwwAuthenticate) -> Result<Self, AuthError> {
        let value = challenge.to_header()?;
        Ok(self.with_header(header::WWW_AUTHENTICATE, value))
    }

    /// With a header field, beside those with its name.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.append(name, value);
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The status in words: `Not Found`.
    pub fn name(&self) -> &'static str {
        self.0.status.canonical_reason().unwrap_or("Unknown")
    }

    /// The text for the reader.
    pub fn description(&self) -> &str {
        &self.0.description
    }

    /// The header fields it adds to the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }
}

impl fmt::Display for HttpException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {}",
            self.status().as_u16(),
            self.name(),
            self.description()
        )
    }
}

impl std::error::Error for HttpException {}

/// One row per status: its number, its constructor, its text for the reader.
macro_rules! table {
    ($($number:literal $name:ident $description:literal)*) => {
        impl HttpException {
            $(
                #[doc = concat!($number, ". ", $description)]
                pub fn $name() -> Self {
                    Self::new(StatusCode::from_u16($number).expect("a status has three digits"))
                }
            )*
        }

        fn is_in_table(code: u16) -> bool {
            matches!(code, $($number)|*)
        }

        fn description(status: StatusCode) -> &'static str {
            match status.as_u16() {
                $($number => $description,)*
                // Statuses without a row speak by their name.
                _ => status.canonical_reason().unwrap_or(""),
            }
        }
    };
}

table! {
    400 bad_request "The server cannot understand this request."
    401 unauthorized "You need to prove who you are before you may see this."
    403 forbidden "You are not allowed to see this."
    404 not_found "There is nothing at this address."
    405 method_not_allowed "This address does not answer that method."
    406 not_acceptable "There is no form of this that you accept."
    408 request_timeout "The request took too long to arrive."
    409 conflict "This conflicts with the present state of what you are changing."
    410 gone "What was here is gone for good."
    411 length_required "The request needs a Content-Length."
    412 precondition_failed "What you are changing is not what you last saw."
    413 content_too_large "The request is larger than this server takes."
    414 uri_too_long "The address is longer than this server takes."
    415 unsupported_media_type "This does not take a body of that type."
    416 range_not_satisfiable "The part you asked for does not exist."
    417 expectation_failed "The server cannot do what the request expects."
    418 im_a_teapot "This is a teapot, and makes no coffee."
    421 misdirected_request "This server does not speak for that host."
    422 unprocessable_content "The request is well formed, but makes no sense here."
    423 locked "This is locked."
    424 failed_dependency "Something this depends on has failed."
    428 precondition_required "This change needs a precondition, such as If-Match."
    429 too_many_requests "You have asked too often; wait a little."
    431 request_header_fields_too_large "The request's header is larger than this server takes."
    451 unavailable_for_legal_reasons "The law does not let us show this."
    500 internal_server_error "The server failed while it answered."
    501 not_implemented "The server cannot do that."
    502 bad_gateway "A server behind this one gave no proper answer."
    503 service_unavailable "The server cannot answer now; try again later."
    504 gateway_timeout "A server behind this one took too long."
    505 http_version_not_supported "The server does not speak that version of HTTP."
}
