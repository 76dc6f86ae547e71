//! Credentials that go with the request: Basic and Bearer.

use devserve::http::StatusCode;
use devserve::{Request, Response, Result};
use serde_json::json;

use super::json::Json;
use super::status;

pub(crate) fn basic(request: &Request, user: String, password: String) -> Response {
    check(request, user, password, StatusCode::UNAUTHORIZED)
}

/// The same, which does not admit that it wants a password.
pub(crate) fn hidden_basic(request: &Request, user: String, password: String) -> Response {
    check(request, user, password, StatusCode::NOT_FOUND)
}

fn check(request: &Request, user: String, password: String, refusal: StatusCode) -> Response {
    let is_known = request.authorization().is_some_and(|login| {
        login.username() == Some(&user) && login.password() == Some(&password)
    });
    match is_known {
        true => welcome(&user),
        false => status::answer(refusal),
    }
}

pub(crate) fn welcome(user: &str) -> Response {
    Json(json!({ "authenticated": true, "user": user })).response()
}

/// Takes any token; not by [`Request::authorization`], which takes `bearer` too.
pub(crate) fn bearer(request: &Request) -> Result<Response> {
    let token = request
        .header("authorization")
        .and_then(|credentials| credentials.strip_prefix("Bearer "));
    Ok(match token {
        Some(token) => Json(json!({ "authenticated": true, "token": token })).response(),
        None => Response::html("")
            .status(401)
            .header("www-authenticate", "Bearer"),
    })
}
