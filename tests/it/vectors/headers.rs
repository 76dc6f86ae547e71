use std::path::Path;
use std::time::{Duration, SystemTime};

use devserve::Response;
use devserve::http::{
    ContentDisposition, ContentType, OptionsHeader, RetryAfter, age, date, with_default_charset,
};
use devserve::text::{Charset, quoted};
use serde_json::{Map, Value, json};

use super::{failure, header_text, long_text, now, run, seconds, text, time, unknown};

#[test]
fn options_headers() {
    run("options_headers", |op, input| match op {
        "parse" => {
            let header = OptionsHeader::parse(&header_text(input, "header"));
            let options: Map<_, _> = header
                .params()
                .map(|(name, value)| (name.to_owned(), long_text(value)))
                .collect();
            json!({"value": header.value(), "options": options})
        }
        "dump" => {
            let mut header = OptionsHeader::new(input["value"].as_str().unwrap_or(""));
            for pair in input["options"].as_array().unwrap() {
                if !pair[1].is_null() {
                    header = header.with(text(&pair[0]), text(&pair[1]));
                }
            }
            header.to_header().map_or_else(
                |_| failure(),
                |header| json!({"header": String::from_utf8_lossy(header.as_bytes())}),
            )
        }
        "quote" => {
            let value = text(&input["value"]);
            let quoted = match input["allow_token"].as_bool() {
                Some(false) => quoted::quote(&value),
                _ => quoted::token_or_quoted(&value).map(Into::into),
            };
            quoted.map_or_else(failure, |text| json!({"text": text}))
        }
        "unquote" => json!({"text": quoted::unquote(&text(&input["value"]))}),
        _ => unknown(op),
    });
}

#[test]
fn dates() {
    run("dates", |op, input| match op {
        "parse" => {
            let value = input["value"].as_str().map(|_| header_text(input, "value"));
            let time = value.and_then(|value| date::parse(&value, now(input)));
            json!({"epoch": time.map(seconds)})
        }
        "format" => {
            let time = match input["epoch"].as_i64() {
                Some(seconds) => time(seconds),
                None => civil(&input["civil"]),
            };
            json!({"text": date::format(time)})
        }
        "parse_age" => {
            let value = input["value"].as_str();
            json!({"seconds": value.and_then(age::parse).map(|age| age.as_secs())})
        }
        "dump_age" => match input["seconds"].as_f64().map(Duration::try_from_secs_f64) {
            None => json!({"text": null}),
            Some(Ok(age)) => json!({"text": age::format(age)}),
            Some(Err(_)) => failure(),
        },
        "retry_after" => {
            let value = input["value"].as_str();
            let retry = value.and_then(|value| RetryAfter::parse(value, now(input)));
            let time = retry.and_then(|retry| retry.time(now(input)));
            json!({"epoch": time.map(seconds)})
        }
        _ => unknown(op),
    });
}

/// Year, month, day, hour, minute and second as a time, by counting days.
fn civil(parts: &Value) -> SystemTime {
    let part = |at: usize| parts[at].as_i64().unwrap();
    let year = part(0) - i64::from(part(1) <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((part(1) + 9) % 12) + 2) / 5 + part(2) - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100
        + day_of_year
        - 719_468;
    time(((days * 24 + part(3)) * 60 + part(4)) * 60 + part(5))
}

#[test]
fn content_types() {
    run("content_type", |op, input| {
        let content_type = ContentType::parse(&header_text(input, "header"));
        match op {
            "request" | "response" => json!({
                "mimetype": content_type.essence(),
                "params": content_type.params().collect::<std::collections::BTreeMap<_, _>>(),
                "is_json": content_type.is_json(),
            }),
            "part_charset" => json!({"charset": content_type.charset().label()}),
            "response_default" => match input["mimetype"].as_str() {
                Some(mimetype) => json!({"header": with_default_charset(mimetype)}),
                None => json!({"header": input["content_type"]}),
            },
            _ => unknown(op),
        }
    });
    assert_eq!(Charset::from_label("UTF-8"), Some(Charset::Utf8));
}

#[test]
fn content_dispositions() {
    let folder = std::env::temp_dir().join(format!("devserve-vectors-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    run("content_disposition", |op, input| {
        let name = input["name"].as_str().unwrap_or_default();
        match op {
            "send_file" => match input["as_attachment"].as_bool().unwrap_or(true) {
                true => reply_header(Response::text("").attachment(name), "content-disposition"),
                false => reply_header(Response::text("").inline(name), "content-disposition"),
            },
            "parse" => {
                let header = ContentDisposition::parse(&header_text(input, "header"));
                json!({"type": header.kind(), "filename": header.filename()})
            }
            "file_type" => file_type(&folder.join(name), input["as_attachment"] == json!(true)),
            _ => unknown(op),
        }
    });
    std::fs::remove_dir_all(&folder).unwrap();
}

fn reply_header(response: Response, name: &str) -> Value {
    match response.into_reply() {
        Ok(reply) => json!({"header": reply.headers()[name].to_str().unwrap()}),
        Err(_) => failure(),
    }
}

fn file_type(path: &Path, is_attachment: bool) -> Value {
    std::fs::write(path, "x").unwrap();
    let response = Response::file(path);
    let response = if is_attachment {
        response.attachment("x")
    } else {
        response
    };
    let reply = response.into_reply().unwrap();
    let field = |name: &str| {
        reply
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let content_type = ContentType::parse(&field("content-type").unwrap());
    json!({"mimetype": content_type.essence(), "content_encoding": field("content-encoding")})
}
