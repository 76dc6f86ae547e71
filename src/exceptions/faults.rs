use std::error::Error as StdError;
use std::io;

use crate::exceptions::HttpException;
use crate::forms::{FormError, TypedError, TypedFormError};
use crate::http::h1::Fault;
use crate::http::{ContentRange, HostError, PreconditionFailed, StatusCode, ValueError};
use crate::request::JsonError;
use crate::response::{FileError, RangeNotSatisfiable, RedirectError};

/// One row per error of a lower floor that is about the request: its status, and the mend if
/// it knows one.
macro_rules! faults {
    ($($error:ident, $status:expr, $help:expr;)*) => {
        $(
            impl From<$error> for HttpException {
                fn from(error: $error) -> Self {
                    Self::of(&error, $status(&error), $help(&error))
                }
            }
        )*

        impl HttpException {
            /// The exception that stands for `error`, where it is about the request.
            pub(super) fn standing_for(error: &(dyn StdError + 'static)) -> Option<Self> {
                $(
                    if let Some(error) = error.downcast_ref::<$error>() {
                        return Some(Self::of(error, $status(error), $help(error)));
                    }
                )*
                unsatisfied_range(error)
                    .or_else(|| broken_message(error))
                    .or_else(|| unrouted(error))
            }
        }
    };
}

faults! {
    FormError, FormError::status, FormError::help;
    JsonError, JsonError::status, no_help;
    TypedFormError, TypedFormError::status, no_help;
    TypedError, bad_request, no_help;
    ValueError, bad_request, no_help;
    HostError, bad_request, no_help;
    RedirectError, redirect_status, no_help;
    FileError, file_status, no_help;
    PreconditionFailed, precondition_failed, no_help;
}

impl From<RangeNotSatisfiable> for HttpException {
    /// With the length there is, for the client to ask again (RFC 9110 §15.5.17).
    fn from(error: RangeNotSatisfiable) -> Self {
        let exception = Self::of(&error, StatusCode::RANGE_NOT_SATISFIABLE, None);
        match ContentRange::unsatisfied("bytes", error.length) {
            Ok(range) => exception.with_content_range(&range),
            Err(_) => exception, // the unit is a token, so this is not met
        }
    }
}

fn unsatisfied_range(error: &(dyn StdError + 'static)) -> Option<HttpException> {
    let error: &RangeNotSatisfiable = error.downcast_ref()?;
    Some((*error).into())
}

#[cfg(feature = "routing")]
fn unrouted(error: &(dyn StdError + 'static)) -> Option<HttpException> {
    let error: &crate::routing::MatchError = error.downcast_ref()?;
    Some(error.clone().into())
}

#[cfg(not(feature = "routing"))]
fn unrouted(_: &(dyn StdError + 'static)) -> Option<HttpException> {
    None
}

/// What the input stream reports when the client breaks HTTP or the form in the middle of a
/// body: a view that reads the stream itself meets it as an `io::Error`.
fn broken_message(error: &(dyn StdError + 'static)) -> Option<HttpException> {
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    if let Some(error) = inner.downcast_ref::<FormError>() {
        return Some(HttpException::of(error, error.status(), error.help()));
    }
    let fault: &Fault = inner.downcast_ref()?;
    Some(HttpException::of(fault, fault.status(), None))
}

fn no_help<E>(_: &E) -> Option<String> {
    None
}

fn bad_request<E>(_: &E) -> StatusCode {
    StatusCode::BAD_REQUEST
}

fn precondition_failed(_: &PreconditionFailed) -> StatusCode {
    StatusCode::PRECONDITION_FAILED
}

/// Where a stranger wanted to be sent is the stranger's; every other target is the app's.
fn redirect_status(error: &RedirectError) -> StatusCode {
    match error {
        RedirectError::Elsewhere { .. } => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn file_status(error: &FileError) -> StatusCode {
    match error {
        FileError::Missing { .. } | FileError::Outside { .. } => StatusCode::NOT_FOUND,
        FileError::Denied { .. } => StatusCode::FORBIDDEN,
        FileError::Unreadable { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_keeps_from_us_is_refused_without_a_word_of_our_disk() {
        for (kind, want) in [
            (io::ErrorKind::NotFound, StatusCode::NOT_FOUND),
            (io::ErrorKind::PermissionDenied, StatusCode::FORBIDDEN),
            (io::ErrorKind::Other, StatusCode::INTERNAL_SERVER_ERROR),
        ] {
            let error = FileError::new("/srv/secret.txt".as_ref(), kind.into());
            let exception = HttpException::from(error);
            assert_eq!(exception.status(), want);
            let plain = HttpException::new(want);
            assert_eq!(exception.description(), plain.description());
        }
    }
}
