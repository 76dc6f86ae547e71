//! Bodies by chance, by measure and in their own time.

use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use devserve::exceptions::HttpException;
use devserve::http::StatusCode;
use devserve::{Request, Response, Result};
use serde_json::json;

use super::inspect;
use super::json::{Json, line};
use super::options::{self, Options};
use super::random::Random;

const MOST_BYTES: u64 = 100 << 10;
const MOST_DRIPS: i64 = 10 << 20;
const MOST_LINKS: u64 = 200;
const MOST_LINES: u64 = 100;
const LONGEST_DELAY: f64 = 10.0;

/// What is dripped at once, however fast it has to be.
const TICK: Duration = Duration::from_millis(1);

pub(crate) fn uuid(_: &Request) -> Result<Json> {
    Ok(Json(json!({ "uuid": Random::new()?.uuid().to_string() })))
}

/// The text in base64, of either alphabet, whatever stands between its letters.
pub(crate) fn base64(_: &Request, value: String) -> Response {
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&alphabet::URL_SAFE, config);
    let letters = value.replace('+', "-").replace('/', "_");
    let letters = letters.replace(
        |c: char| !c.is_ascii_alphanumeric() && !"-_=".contains(c),
        "",
    );
    let text = engine.decode(letters).ok();
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    let hint = || "Incorrect Base64 data try: SFRUUEJJTiBpcyBhd2Vzb21l".to_owned();
    Response::html(text.unwrap_or_else(hint))
}

pub(crate) fn bytes(request: &Request, n: u64) -> Result<Response> {
    let mut random = random(request)?;
    let bytes: Vec<u8> = (0..n.min(MOST_BYTES)).map(|_| random.byte()).collect();
    Ok(Response::bytes(bytes))
}

pub(crate) fn stream_bytes(request: &Request, n: u64) -> Result<Response> {
    let mut random = random(request)?;
    let chunk = chunk_size(request)?;
    let mut left = n.min(MOST_BYTES);
    let chunks = std::iter::from_fn(move || {
        let length = left.min(chunk);
        left -= length;
        let chunk: Vec<u8> = (0..length).map(|_| random.byte()).collect();
        (length > 0).then_some(Ok(chunk))
    });
    Ok(Response::stream(chunks).content_type("application/octet-stream"))
}

/// By the seed in the query, or by chance.
fn random(request: &Request) -> Result<Random> {
    let Some(seed) = Options::of(request).get("seed") else {
        return Random::new();
    };
    Ok(Random::seeded(seed)
        .ok_or_else(|| HttpException::bad_request().with_description("seed: it is no number"))?)
}

/// How much is sent at once.
pub(crate) fn chunk_size(request: &Request) -> Result<u64> {
    let asked: i64 = Options::of(request).parse("chunk_size", 10 << 10)?;
    Ok(asked.max(1).unsigned_abs())
}

/// So many lines of JSON, each with its number.
pub(crate) fn stream(request: &Request, n: u64) -> Result<Response> {
    let [url, args, headers, origin] = [
        inspect::url(request)?.into(),
        inspect::args(request),
        inspect::headers(request),
        inspect::origin(request),
    ]
    .map(|value| line(&value));
    let told =
        format!("\"url\": {url}, \"args\": {args}, \"headers\": {headers}, \"origin\": {origin}");
    let lines = (0..n.min(MOST_LINES)).map(move |id| Ok(format!("{{{told}, \"id\": {id}}}\n")));
    Ok(Response::stream(lines).content_type("application/json"))
}

/// Waits before it answers.
pub(crate) fn delay(request: &Request, delay: String) -> Result<Json> {
    let seconds = delay.trim().parse().unwrap_or(f64::NAN);
    if seconds.is_nan() {
        Err(HttpException::bad_request().with_description("delay: it is no number"))?;
    }
    thread::sleep(options::seconds("delay", seconds.min(LONGEST_DELAY))?);
    let mut told = inspect::whole(request)?;
    told.remove("json");
    Ok(Json(told.into()))
}

/// Stars, one after the other.
pub(crate) fn drip(request: &Request) -> Result<Response> {
    let options = Options::of(request);
    let duration = options.seconds("duration", 2.0)?;
    let number = options.parse("numbytes", 10)?.min(MOST_DRIPS);
    let code = StatusCode::from_u16(options.parse("code", 200)?).ok();
    let code = code.filter(|code| !code.is_informational());
    let code =
        code.ok_or_else(|| HttpException::bad_request().with_description("code: no status"))?;
    if number <= 0 {
        return Ok(Response::text("number of bytes must be positive").status(400));
    }
    thread::sleep(options.seconds("delay", 0.0)?);

    let number = number.unsigned_abs();
    let ticks = (duration.as_nanos() / TICK.as_nanos()).clamp(1, number.into()) as u64;
    let pause = duration.div_f64(ticks as f64);
    let drips = (0..ticks).map(move |tick| {
        if tick > 0 {
            thread::sleep(pause);
        }
        let length = number * (tick + 1) / ticks - number * tick / ticks;
        Ok(vec![b'*'; length as usize])
    });
    Ok(Response::stream(drips)
        .content_type("application/octet-stream")
        .header("content-length", number)
        .status(code))
}

/// A page of links to pages like it.
pub(crate) fn link_page(request: &Request, n: u64, offset: u64) -> Result<Response> {
    let n = n.clamp(1, MOST_LINKS);
    let mut page = "<html><head><title>Links</title></head><body>".to_owned();
    for number in 0..n {
        page += &match number == offset {
            true => format!("{number} "),
            false => {
                let path = request.url_for("link_page", [("n", n), ("offset", number)])?;
                format!("<a href='{path}'>{number}</a> ")
            }
        };
    }
    Ok(Response::html(page + "</body></html>"))
}

pub(crate) fn links(request: &Request, n: u64) -> Result<Response> {
    let path = request.url_for("link_page", [("n", n), ("offset", 0)])?;
    Ok(Response::redirect_with(302, &path))
}
