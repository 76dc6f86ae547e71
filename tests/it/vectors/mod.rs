//! The conformance vectors of `tests/data/vectors`, run through the public API.
//!
//! A case is an operation with arguments, and what a best-in-class implementation makes of
//! them. Every failing row is listed by name; a row may only be passed over in
//! [`skipped`].

mod accept;
mod auth;
mod conditional;
mod cookies;
mod errors;
mod forms;
mod headers;
mod headers_map;
mod hosts;
mod limited_stream;
mod lists;
mod multidict;
mod names;
mod passwords;
mod policies;
mod proxies;
mod ranges;
mod redirects;
mod skipped;
mod urls;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use devserve::http::MultiDict;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::skipped::SKIPPED;

/// Runs every case of a file and reports all that differ.
#[track_caller]
fn run(area: &str, operation: impl Fn(&str, &Value) -> Value) {
    let path = format!(
        "{}/tests/data/vectors/{area}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let mut failures = Vec::new();
    let mut skips: Vec<_> = SKIPPED
        .iter()
        .filter(|(of, ..)| *of == area)
        .map(|skip| (skip.1, 0))
        .collect();
    for case in cases {
        let name = case["name"].as_str().unwrap();
        if let Some((_, uses)) = skips
            .iter_mut()
            .find(|(pattern, _)| is_named(pattern, name))
        {
            *uses += 1;
            continue;
        }
        let started = Instant::now();
        let got = operation(case["input"]["op"].as_str().unwrap(), &case["input"]);
        if !agrees(&case["expect"], &got) {
            failures.push(format!(
                "{name}\n    want {}\n    got  {got}",
                case["expect"]
            ));
        }
        // The times are for release builds.
        let patience = case["max_ms"]
            .as_u64()
            .map(|max| Duration::from_millis(max * 10));
        if patience.is_some_and(|patience| started.elapsed() > patience) {
            failures.push(format!("{name} took {:?}", started.elapsed()));
        }
    }
    failures.extend(
        skips
            .iter()
            .filter(|(_, uses)| *uses == 0)
            .map(|(name, _)| format!("{name} is skipped and does not exist")),
    );
    assert!(
        failures.is_empty(),
        "{area}: {} of {} rows fail\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

fn is_named(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// Whether a result is what a case expects; matchers and error statuses as the files' own
/// notes have them.
fn agrees(want: &Value, got: &Value) -> bool {
    match (want, got) {
        (Value::Object(want), _) if want.contains_key("$any") => want["$any"]
            .as_array()
            .unwrap()
            .iter()
            .any(|want| agrees(want, got)),
        (Value::Object(want), _) if want.contains_key("$gte") => {
            got.as_f64() >= want["$gte"].as_f64()
        }
        (Value::Object(want), _) if want.contains_key("$type") => {
            want["$type"] == "string" && got.is_string()
        }
        (Value::Object(want), Value::Object(got)) if want.contains_key("error") => {
            let status = &want["error"]["status"];
            got.contains_key("error") && (status.is_null() || *status == got["error"]["status"])
        }
        (Value::Object(want), Value::Object(got)) => {
            want.len() == got.len()
                && want
                    .iter()
                    .all(|(key, want)| got.get(key).is_some_and(|got| agrees(want, got)))
        }
        (Value::Array(want), Value::Array(got)) => {
            want.len() == got.len() && want.iter().zip(got).all(|(want, got)| agrees(want, got))
        }
        (Value::Number(want), Value::Number(got)) => want.as_f64() == got.as_f64(),
        (want, got) => want == got,
    }
}

/// Wire bytes: text whose characters are bytes, base64, repetitions, or a list of those.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text
            .chars()
            .map(|character| u8::try_from(character).unwrap())
            .collect(),
        Value::Array(parts) => parts.iter().flat_map(bytes).collect(),
        Value::Object(form) if form.contains_key("b64") => BASE64_STANDARD
            .decode(form["b64"].as_str().unwrap())
            .unwrap(),
        Value::Object(form) => {
            bytes(&form["repeat"]).repeat(form["times"].as_u64().unwrap() as usize)
        }
        _ => Vec::new(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(text).collect(),
        Value::Object(form) => {
            text(&form["repeat"]).repeat(form["times"].as_u64().unwrap() as usize)
        }
        _ => String::new(),
    }
}

/// A header's text: as it stands where the case says so, else decoded from the wire.
fn header_text(input: &Value, name: &str) -> String {
    match input["text"] == json!(true) {
        true => text(&input[name]),
        false => String::from_utf8_lossy(&bytes(&input[name])).into_owned(),
    }
}

/// Several lines of one field.
fn texts(input: &Value, name: &str) -> Vec<String> {
    let lines = input[name].as_array().unwrap().iter();
    lines
        .map(|line| String::from_utf8_lossy(&bytes(line)).into_owned())
        .collect()
}

fn long_text(text: &str) -> Value {
    match text.len() > 2000 {
        true => json!({"utf8_len": text.len(), "sha256": sha256(text.as_bytes())}),
        false => json!(text),
    }
}

fn long_bytes(bytes: &[u8]) -> Value {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
    match std::str::from_utf8(bytes) {
        _ if bytes.len() > 512 => json!({"len": bytes.len(), "sha256": sha256(bytes)}),
        Ok(text) if bytes.iter().all(is_plain) => json!(text),
        _ => json!({"b64": BASE64_STANDARD.encode(bytes)}),
    }
}

fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn pairs(dict: &MultiDict, input: &Value) -> Value {
    let mut pairs = dict
        .iter()
        .map(|(name, value)| json!([long_text(name), long_text(value)]));
    match input["summary"] == json!(true) {
        true => json!({"count": dict.len(), "first": pairs.next()}),
        false => json!({"pairs": pairs.collect::<Vec<_>>()}),
    }
}

fn failure() -> Value {
    json!({"error": {}})
}

fn unknown(op: &str) -> Value {
    json!({"unknown operation": op})
}

fn now(input: &Value) -> SystemTime {
    input["now"].as_i64().map_or_else(SystemTime::now, time)
}

fn time(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    }
}

fn seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_secs() as i64,
        Err(before) => -(before.duration().as_secs() as i64),
    }
}
