//! Cookies: shown, set and deleted.

use devserve::exceptions::HttpException;
use devserve::http::SetCookie;
use devserve::{Request, Response, Result};
use serde_json::json;

use super::json::{Json, Members};
use super::redirects::path_of;

/// What trackers left on httpbin's own site; shown with `?show_env`.
const OF_TRACKERS: &[&str] = &[
    "__utma",
    "__utmb",
    "__utmz",
    "_gauges_unique",
    "_gauges_unique_day",
    "_gauges_unique_hour",
    "_gauges_unique_month",
    "_gauges_unique_year",
];

pub(crate) fn cookies(request: &Request) -> Json {
    let shows_all = request.args().contains("show_env");
    let mut told = Members::new();
    for (name, value) in request.cookies().iter() {
        if (shows_all || !OF_TRACKERS.contains(&&*name)) && !told.contains_key(&*name) {
            told.insert(name.into_owned(), value.into());
        }
    }
    Json(json!({ "cookies": told }))
}

pub(crate) fn set(request: &Request, name: String, value: String) -> Result<Response> {
    redirect_with(request, [SetCookie::new(name, value)])
}

/// Sets one for each name in the query.
pub(crate) fn set_all(request: &Request) -> Result<Response> {
    let lists = request.args().lists();
    redirect_with(
        request,
        lists.map(|(name, values)| SetCookie::new(name, values[0])),
    )
}

pub(crate) fn delete(request: &Request) -> Result<Response> {
    let names = request.args().names();
    let deletions = names.map(SetCookie::deletion);
    let page = Response::redirect_with(302, &path_of(request, "cookies")?);
    with_cookies(page, deletions)
}

fn redirect_with(
    request: &Request,
    cookies: impl IntoIterator<Item = SetCookie>,
) -> Result<Response> {
    let page = Response::redirect_with(302, &path_of(request, "cookies")?);
    let secured = cookies.into_iter().map(|cookie| match request.is_secure() {
        true => cookie.secure(),
        false => cookie,
    });
    with_cookies(page, secured)
}

fn with_cookies(page: Response, cookies: impl Iterator<Item = SetCookie>) -> Result<Response> {
    cookies.into_iter().try_fold(page, |page, cookie| {
        // What cannot be a cookie is the client's mistake here.
        cookie
            .to_header()
            .map_err(|error| HttpException::bad_request().with_description(error.to_string()))?;
        Ok(page.set_cookie(cookie))
    })
}
