//! Any status, with what clients expect beside some of them.

use devserve::exceptions::HttpException;
use devserve::http::StatusCode;
use devserve::{Request, Response, Result};

use super::random::Random;

const TEAPOT: &str = r#"
    -=[ teapot ]=-

         ) )
        ( (
       ___n___    __
    __/       \__/ /
   (  |        |  /
    \_|        |_/
       \______/
      ~~~~~~~~~~
"#;

const PAYMENT: &str = "No money, no tea!";

const NOT_ACCEPTABLE: &str = "{\"message\": \"Client did not request a supported media type.\", \
     \"accept\": [\"image/webp\", \"image/svg+xml\", \"image/jpeg\", \"image/png\", \"image/*\"]}";

/// One status, or one of several: `200:3,500` is 200 three times of four.
pub(crate) fn status(_: &Request, codes: String) -> Result<Response> {
    let is_one = !codes.contains(',');
    let parse = if is_one { one } else { weighted };
    let Some(choices) = codes.split(',').map(parse).collect::<Option<Vec<_>>>() else {
        return Ok(Response::text("Invalid status code").status(400));
    };
    Ok(answer(choose(&choices)?))
}

fn one(code: &str) -> Option<(StatusCode, f64)> {
    let code = code.trim().parse().ok()?;
    // A status below 200 is not an answer yet.
    let code = StatusCode::from_u16(code)
        .ok()
        .filter(|code| !code.is_informational())?;
    Some((code, 1.0))
}

fn weighted(choice: &str) -> Option<(StatusCode, f64)> {
    let (code, weight) = choice.split_once(':').unwrap_or((choice, "1"));
    let weight = weight.trim().parse().ok();
    let weight = weight.filter(|weight: &f64| weight.is_finite() && *weight >= 0.0)?;
    Some((one(code)?.0, weight))
}

fn choose(choices: &[(StatusCode, f64)]) -> Result<StatusCode> {
    if let [(only, _)] = choices {
        return Ok(*only);
    }
    let total: f64 = choices.iter().map(|(_, weight)| weight).sum();
    let mut left = Random::new()?.fraction() * total;
    let chosen = choices.iter().find(|(_, weight)| {
        left -= weight;
        left < 0.0
    });
    // Where all weigh nothing, or rounding leaves a rest, it is the last.
    let (code, _) = chosen
        .or(choices.last())
        .ok_or_else(HttpException::bad_request)?;
    Ok(*code)
}

/// The answer with a status.
pub(crate) fn answer(code: StatusCode) -> Response {
    let bare = Response::empty().status(code);
    match code.as_u16() {
        301 | 302 | 303 | 305 | 307 => bare.header("location", "/redirect/1"),
        401 => bare.header("www-authenticate", "Basic realm=\"Fake Realm\""),
        407 => bare.header("proxy-authenticate", "Basic realm=\"Fake Realm\""),
        402 => plain(PAYMENT, "http://vimeo.com/22053820").status(code),
        406 => Response::new("application/json", NOT_ACCEPTABLE).status(code),
        418 => plain(TEAPOT, "http://tools.ietf.org/html/rfc2324").status(code),
        _ => Response::html("").status(code),
    }
}

/// A text that does not say what it is.
fn plain(text: &str, more: &'static str) -> Response {
    Response::text(text)
        .without_header("content-type")
        .header("x-more-info", more)
}
