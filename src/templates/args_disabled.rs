use minijinja::value::Value;

use crate::request::Request;

/// Without feature `forms` nobody reads queries.
pub(super) fn of(_: &Request<'_>) -> Option<Value> {
    None
}
