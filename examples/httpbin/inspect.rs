//! What a request was, told back.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use devserve::text::{latin1, percent};
use devserve::{Request, Result};
use serde_json::{Value, json};

use super::json::{Json, Members};

/// Fields that proxies on the way add; shown with `?show_env`.
const OF_PROXIES: &[&str] = &[
    "connect-time",
    "total-route-time",
    "via",
    "x-forwarded-for",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-protocol",
    "x-forwarded-ssl",
    "x-heroku-dynos-in-use",
    "x-heroku-queue-depth",
    "x-heroku-queue-wait-time",
    "x-real-ip",
    "x-request-id",
    "x-request-start",
    "x-varnish",
];

pub(crate) fn ip(request: &Request) -> Json {
    Json(json!({ "origin": origin(request) }))
}

pub(crate) fn headers_alone(request: &Request) -> Json {
    Json(json!({ "headers": headers(request) }))
}

pub(crate) fn user_agent(request: &Request) -> Json {
    Json(json!({ "user-agent": field(request, "user-agent") }))
}

pub(crate) fn get(request: &Request) -> Result<Json> {
    Ok(Json(head(request)?.into()))
}

pub(crate) fn post(request: &Request) -> Result<Json> {
    Ok(Json(whole(request)?.into()))
}

pub(crate) fn anything(request: &Request) -> Result<Json> {
    let mut told = whole(request)?;
    told.insert("method".into(), request.method().as_str().into());
    Ok(Json(told.into()))
}

/// What a request without a body has.
pub(crate) fn head(request: &Request) -> Result<Members> {
    Ok(Members::from_iter([
        ("args".into(), args(request)),
        ("headers".into(), headers(request)),
        ("origin".into(), origin(request)),
        ("url".into(), url(request)?.into()),
    ]))
}

/// The same, and the body: as a form, or as data, which may be JSON whatever it is called.
pub(crate) fn whole(request: &Request) -> Result<Members> {
    let mut told = head(request)?;
    let nothing: &[u8] = &[];
    let (form, files, data) = match request.mimetype() {
        // Nobody unpacks it, so no part of it is found.
        "multipart/form-data" if is_packed(request) => (json!({}), json!({}), nothing),
        "multipart/form-data" => {
            let fields = request.form()?.iter();
            let pairs = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            (flatten(pairs), files(request)?, nothing)
        }
        "application/x-www-form-urlencoded" => {
            (flatten(pairs(request.data()?)), json!({}), nothing)
        }
        _ => (json!({}), json!({}), &request.data()?[..]),
    };
    let json = serde_json::from_slice(data).unwrap_or_default();
    told.extend([
        ("form".into(), form),
        ("files".into(), files),
        ("json".into(), json),
        ("data".into(), text_or_base64(data, None).into()),
    ]);
    Ok(told)
}

fn is_packed(request: &Request) -> bool {
    let coding = request.content_encoding();
    coding.is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
}

pub(crate) fn args(request: &Request) -> Value {
    flatten(pairs(request.environ().query_string()))
}

/// The fields by name, as `X-Request-Id`; several lines of one are joined.
pub(crate) fn headers(request: &Request) -> Value {
    let shows_all = request.args().contains("show_env");
    let names = request.headers().keys().map(|name| name.as_str());
    let shown =
        names.filter(|name| !name.contains('_') && (shows_all || !OF_PROXIES.contains(name)));
    shown
        .map(|name| (title_case(name), field(request, name).into()))
        .collect::<Members>()
        .into()
}

/// Who asks: what a proxy says, else who connected.
pub(crate) fn origin(request: &Request) -> Value {
    let told = field(request, "x-forwarded-for");
    let peer = request.remote_addr().map(|peer| peer.ip().to_string());
    told.or(peer).into()
}

/// The address that was asked for, with the scheme that a proxy was asked by.
pub(crate) fn url(request: &Request) -> Result<String> {
    let url = request.url()?;
    let told = |name| field(request, name).filter(|scheme| !scheme.is_empty());
    let scheme = told("x-forwarded-proto")
        .or_else(|| told("x-forwarded-protocol"))
        .or_else(|| (told("x-forwarded-ssl")? == "on").then(|| "https".to_owned()));
    Ok(match (scheme, url.split_once("://")) {
        (Some(scheme), Some((_, rest))) => format!("{scheme}://{rest}"),
        _ => url,
    })
}

/// All lines of a field, joined; what is no ASCII is shown byte by byte.
fn field(request: &Request, name: &str) -> Option<String> {
    let lines = request.headers().get_all(name).iter();
    let lines: Vec<_> = lines
        .map(|line| latin1::from_bytes(line.as_bytes()))
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

fn title_case(name: &str) -> String {
    let mut starts = true;
    let letters = name.chars().map(|letter| {
        let shown = if starts {
            letter.to_ascii_uppercase()
        } else {
            letter
        };
        starts = !letter.is_ascii_alphabetic();
        shown
    });
    letters.collect()
}

/// The files of the form; of several with one name the first.
fn files(request: &Request) -> Result<Value> {
    let files = request.files()?;
    let mut told = Members::new();
    for name in files.names() {
        if let Some(file) = files.get(name) {
            let content = text_or_base64(&file.bytes()?, file.content_type());
            told.insert(name.to_owned(), content.into());
        }
    }
    Ok(told.into())
}

/// Text as it is; what is none as a `data:` address (RFC 2397).
fn text_or_base64(bytes: &[u8], content_type: Option<&str>) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let content_type = content_type.unwrap_or("application/octet-stream");
            format!(
                "data:{content_type};base64,{}",
                BASE64_STANDARD.encode(bytes)
            )
        }
    }
}

/// A name that comes once has its value; one that comes more often, a list of them.
fn flatten(pairs: impl IntoIterator<Item = (String, String)>) -> Value {
    let mut told = Members::new();
    for (name, value) in pairs {
        match told.get_mut(&name) {
            None => {
                told.insert(name, value.into());
            }
            Some(Value::Array(values)) => values.push(value.into()),
            Some(first) => *first = json!([first.take(), value]),
        }
    }
    told.into()
}

/// The pairs of a query or a form. [`Request::args`] has them too, with U+FFFD in place of what
/// is no UTF-8; here that stays escaped.
fn pairs(text: &[u8]) -> impl Iterator<Item = (String, String)> {
    let pairs = text
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let mut sides = pair.splitn(2, |byte| *byte == b'=');
        let mut next = || decode(sides.next().unwrap_or_default());
        (next(), next())
    })
}

fn decode(escaped: &[u8]) -> String {
    let spaced: Vec<u8> = escaped
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let mut text = String::new();
    for chunk in percent::decode(&spaced).utf8_chunks() {
        text += chunk.valid();
        let escapes = chunk.invalid().iter().map(|byte| format!("%{byte:02X}"));
        text.extend(escapes);
    }
    text
}
