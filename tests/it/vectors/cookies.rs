use std::time::Duration;

use devserve::http::{MultiDict, SetCookie, SetCookieError, cookie, date};
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::{bytes, failure, long_text, now, pairs, run, text, time, unknown};

#[test]
fn cookies_parse() {
    run("cookies_parse", |op, input| {
        let fields = match op {
            "parse_many" => input["headers"]
                .as_array()
                .unwrap()
                .iter()
                .map(bytes)
                .collect(),
            _ => vec![bytes(&input["header"])],
        };
        let cookies: MultiDict = fields
            .iter()
            .flat_map(|field| cookie::parse(field))
            .map(|(name, value)| (name, value.into_owned()))
            .collect();
        match op {
            "get" => {
                let name = input["name"].as_str().unwrap();
                let all: Vec<_> = cookies.get_all(name).collect();
                json!({"first": cookies.get(name), "all": all})
            }
            "parse" | "parse_many" => pairs(&cookies, input),
            _ => unknown(op),
        }
    });
}

#[test]
fn cookies_dump() {
    run("cookies_dump", |op, input| match op {
        "dump" | "delete" => match set_cookie(op, input) {
            Ok((header, warnings)) => {
                let mut parts = header.split("; ");
                let pair = long_text(parts.next().unwrap());
                let attrs: BTreeSet<_> = parts.collect();
                json!({"pair": pair, "attrs": attrs, "warnings": warnings})
            }
            Err(_) => failure(),
        },
        "roundtrip" => {
            let header = SetCookie::new("k", text(&input["value"]))
                .to_header()
                .unwrap();
            let pair = header
                .as_bytes()
                .split(|&byte| byte == b';')
                .next()
                .unwrap();
            json!({"value": cookie::parse(pair).next().unwrap().1})
        }
        _ => unknown(op),
    });
}

type Built = (String, Vec<&'static str>);

fn set_cookie(op: &str, input: &Value) -> Result<Built, Box<dyn std::error::Error>> {
    let name = text(&input["name"]);
    let mut cookie = match op {
        "delete" => SetCookie::deletion(name),
        _ => SetCookie::new(name, text(&input["value"])),
    };
    match input.get("path") {
        Some(Value::Null) => cookie = cookie.without_path(),
        Some(path) => cookie = cookie.path(text(path)),
        None => {}
    }
    if let Some(seconds) = input["max_age"].as_u64() {
        let age = Duration::from_secs(seconds);
        cookie = match input["sync_expires"] == json!(false) {
            true => cookie.max_age(age),
            false => cookie.max_age_from(now(input), age),
        };
    }
    cookie = match &input["expires"] {
        Value::Number(seconds) => cookie.expires(time(seconds.as_i64().unwrap())),
        Value::String(text) => cookie.expires(date::parse(text, now(input)).ok_or("no date")?),
        _ => cookie,
    };
    if let Some(domain) = input["domain"].as_str() {
        cookie = cookie.domain(domain);
    }
    if let Some(rule) = input["samesite"].as_str() {
        cookie = cookie.same_site(rule.parse::<devserve::http::SameSite>()?);
    }
    let is_set = |name: &str| input[name] == json!(true);
    cookie = if is_set("secure") {
        cookie.secure()
    } else {
        cookie
    };
    cookie = if is_set("httponly") {
        cookie.http_only()
    } else {
        cookie
    };
    cookie = if is_set("partitioned") {
        cookie.partitioned()
    } else {
        cookie
    };
    if let Some(max_bytes) = input["max_size"].as_u64() {
        cookie = cookie.max_bytes(usize::try_from(max_bytes)?);
    }
    let header = cookie.to_header()?;
    let warnings = match cookie.check_size() {
        Err(SetCookieError::TooLarge { .. }) => vec!["too_large"],
        _ => vec![],
    };
    Ok((header.to_str()?.to_owned(), warnings))
}
