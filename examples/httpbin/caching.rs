//! Answers that a client may keep.

use std::time::{Duration, SystemTime};

use devserve::http::{CacheControl, StatusCode};
use devserve::{Request, Response, Result};

use super::json::Json;
use super::random::Random;
use super::response_headers::field_value;
use super::{inspect, status};

/// A 304 for whoever has something already, whatever it is.
pub(crate) fn cache(request: &Request) -> Result<Response> {
    let is_conditional = ["if-modified-since", "if-none-match"];
    if is_conditional
        .iter()
        .any(|name| request.headers().contains_key(*name))
    {
        return Ok(status::answer(StatusCode::NOT_MODIFIED));
    }
    // Without quotes, as httpbin's; it is no entity tag to RFC 9110, so no `Response::etag`.
    let tag = format!("{:032x}", Random::new()?.uuid().0);
    Ok(get(request)?
        .last_modified(SystemTime::now())
        .header("etag", tag))
}

pub(crate) fn cache_control(request: &Request, seconds: u64) -> Result<Response> {
    let cache = CacheControl::new()
        .with("public", None)
        .with_max_age(Duration::from_secs(seconds));
    Ok(get(request)?.cache_control(cache))
}

/// A resource with this tag, for clients that have it or want no other.
pub(crate) fn etag(request: &Request, etag: String) -> Result<Response> {
    let tag = field_value(&etag)?;
    let (unwanted, wanted) = (tags(request, "if-none-match"), tags(request, "if-match"));
    let is_among = |tags: &[&str]| tags.contains(&"*") || tags.contains(&&*etag);
    if is_among(&unwanted) {
        return Ok(status::answer(StatusCode::NOT_MODIFIED).header("etag", tag));
    }
    if unwanted.is_empty() && !wanted.is_empty() && !is_among(&wanted) {
        return Ok(status::answer(StatusCode::PRECONDITION_FAILED));
    }
    Ok(get(request)?.header("etag", tag))
}

/// The tags in a field, which may lack the quotes that RFC 9110 demands.
fn tags<'a>(request: &Request<'a>, name: &str) -> Vec<&'a str> {
    let items = request
        .header(name)
        .into_iter()
        .flat_map(|field| field.split(','));
    let tags = items.map(|item| item.trim().trim_start_matches("W/").trim_matches('"'));
    tags.filter(|tag| !tag.is_empty()).collect()
}

fn get(request: &Request) -> Result<Response> {
    Ok(Json(inspect::head(request)?.into()).response())
}
