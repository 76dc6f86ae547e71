//! Sending the client elsewhere.

use devserve::exceptions::HttpException;
use devserve::{Request, Response, Result};

use super::options::Options;
use super::response_headers::field_value;

/// Once through `/redirect`, the rest through one of the other two.
pub(crate) fn redirect(request: &Request, n: u64) -> Result<Response> {
    let is_absolute = request
        .args()
        .get("absolute")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    match is_absolute {
        true => absolute_redirect(request, n),
        false => Ok(Response::redirect_with(
            302,
            &next(request, "relative_redirect", n)?,
        )),
    }
}

pub(crate) fn relative_redirect(request: &Request, n: u64) -> Result<Response> {
    bare(302, &next(request, "relative_redirect", n)?)
}

pub(crate) fn absolute_redirect(request: &Request, n: u64) -> Result<Response> {
    let path = next(request, "absolute_redirect", n)?;
    Ok(Response::redirect_with(302, &path).absolute_location(&request.base_url()?))
}

/// Wherever the query says. Anybody's site may be meant, which only a tool like this may do.
pub(crate) fn redirect_to(request: &Request) -> Result<Response> {
    let options = Options::of(request);
    let status = options.parse("status_code", 302)?;
    let is_redirect = (300..400).contains(&status);
    bare(
        if is_redirect { status } else { 302 },
        options.require("url")?,
    )
}

/// The path of the next of `n` redirects; the last one leads to `/get`.
fn next(request: &Request, endpoint: &str, n: u64) -> Result<String> {
    match n {
        0 => Err(HttpException::bad_request()
            .with_description("nothing to redirect; write a number from 1 upwards"))?,
        1 => path_of(request, "get"),
        _ => request.url_for(endpoint, [("n", n - 1)]),
    }
}

/// The path of an endpoint without variables.
pub(crate) fn path_of(request: &Request, endpoint: &str) -> Result<String> {
    request.url_for(endpoint, None::<(&str, &str)>)
}

/// A redirect without the page that a browser would show.
fn bare(status: u16, location: &str) -> Result<Response> {
    Ok(Response::html("")
        .status(status)
        .header("location", field_value(location)?))
}
