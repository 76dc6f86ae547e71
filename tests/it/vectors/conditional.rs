use std::collections::BTreeSet;

use devserve::http::{
    Conditions, Decision, ETag, ETags, HeaderMap, HeaderName, HeaderValue, IfRange, Method,
    Validators, date,
};
use devserve::testing::Client;
use devserve::text::latin1;
use devserve::wsgi::{Body, Environ};
use devserve::{Request, Response};
use serde_json::{Map, Value, json};

use super::{bytes, failure, long_bytes, now, run, seconds, text, unknown};

/// A field value as WSGI has it, each character a byte.
fn wire_text(value: &Value) -> String {
    latin1::from_bytes(&bytes(value)).into_owned()
}

#[test]
fn etags() {
    run("etags_ifrange", |op, input| match op {
        "parse" => {
            let tags = ETags::parse(&wire_text(&input["header"]));
            json!({
                "star": tags.is_any(),
                "strong": sorted(&tags, false),
                "weak": sorted(&tags, true),
            })
        }
        "unquote" => match wire_text(&input["value"]).as_str() {
            "" => json!({"tag": null, "weak": null}),
            value => {
                let (tag, is_weak) = ETag::unquote(value);
                json!({"tag": tag, "weak": is_weak})
            }
        },
        "quote" => {
            let tag = text(&input["tag"]);
            let tag = match input["weak"] == json!(true) {
                true => ETag::weak(tag),
                false => ETag::strong(tag),
            };
            tag.map_or_else(|_| failure(), |tag| json!({"text": tag.to_string()}))
        }
        "compare" => {
            let tag = |name: &str| ETag::parse(&wire_text(&input[name]));
            let agree = |compare: fn(&ETag, &ETag) -> bool| {
                tag("a").zip(tag("b")).is_some_and(|(a, b)| compare(&a, &b))
            };
            json!({"strong": agree(ETag::matches_strongly), "weak": agree(ETag::matches_weakly)})
        }
        "contains" => {
            let tags = ETags::parse(&wire_text(&input["header"]));
            let tag = ETag::parse(&format!("\"{}\"", text(&input["tag"]))).unwrap();
            let is_listed = |weak| {
                tags.iter()
                    .any(|known| known.is_weak() == weak && known.tag() == tag.tag())
            };
            json!({
                "contains": tags.contains(&tag),
                "contains_weak": tags.contains_weak(&tag),
                "is_strong": is_listed(false),
                "is_weak": is_listed(true),
                "bool": !tags.is_empty(),
            })
        }
        "contains_raw" => {
            let tags = ETags::parse(&wire_text(&input["header"]));
            let contains = |tag: ETag| match tag.is_weak() {
                true => tags.contains_weak(&tag),
                false => tags.contains(&tag),
            };
            let tag = ETag::parse(&wire_text(&input["raw"]));
            json!({"contains": tag.is_some_and(contains)})
        }
        "if_range" => match IfRange::parse(&wire_text(&input["header"]), now(input)) {
            IfRange::Tag(tag) => json!({"etag": tag.tag(), "date": null}),
            IfRange::Date(time) => json!({"etag": null, "date": seconds(time)}),
            IfRange::Unreadable => json!({"etag": null, "date": null}),
        },
        _ => unknown(op),
    });
}

fn sorted(tags: &ETags, weak: bool) -> BTreeSet<&str> {
    tags.iter()
        .filter(|tag| tag.is_weak() == weak)
        .map(ETag::tag)
        .collect()
}

#[test]
fn resources_modified() {
    run("is_resource_modified", |op, input| match op {
        "check" => {
            let mut headers = HeaderMap::new();
            let fields = [
                "if-match",
                "if-none-match",
                "if-modified-since",
                "if-range",
                "range",
            ];
            for name in fields {
                let key = name.replace('-', "_");
                if !input[&key].is_null() {
                    let value = HeaderValue::from_bytes(&bytes(&input[&key])).unwrap();
                    headers.insert(HeaderName::from_static(name), value);
                }
            }
            let mut current = Validators::new();
            if let Some(tag) = ETag::parse(&wire_text(&input["etag"]))
                && input["etag"].is_string()
            {
                current = current.with_etag(tag);
            }
            if let Some(time) = date::parse(&wire_text(&input["last_modified"]), now(input)) {
                current = current.with_last_modified(time);
            }
            let conditions = Conditions::from_headers(&headers, now(input));
            let decision = conditions.decide(&Method::GET, &current);
            let ranges_count =
                input["ignore_if_range"] == json!(false) && headers.contains_key("range");
            let has_the_rest = ranges_count
                && conditions
                    .if_range
                    .is_some_and(|if_range| if_range.holds(&current, now(input)));
            json!({"modified": decision == Decision::Send && !has_the_rest})
        }
        _ => unknown(op),
    });
}

#[test]
fn conditional_responses() {
    run("conditional_response", |op, input| match op {
        "respond" => respond(input),
        _ => unknown(op),
    });
}

fn respond(input: &Value) -> Value {
    let case = input.clone();
    let client = Client::new(move |request: &Request| answer(&case).make_conditional(request));
    let method = input["method"].as_str().unwrap_or("GET").parse().unwrap();
    let mut request = client.request(method, "/");
    for (name, value) in input["headers"].as_object().unwrap() {
        request = request.header(name, std::str::from_utf8(&bytes(value)).unwrap());
    }
    let response = request.send().unwrap();
    let field = |name: &str| json!(response.header(name));
    let status = response.status().as_u16();
    let body = match status {
        200 | 206 => long_bytes(response.bytes()),
        _ => Value::Null,
    };
    let mut result = Map::from_iter([
        ("status".to_owned(), json!(status)),
        ("content_range".to_owned(), field("content-range")),
        ("body".to_owned(), body),
    ]);
    for name in input["want"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        result.insert(name.to_owned(), field(name));
    }
    result.into()
}

/// What the view would answer without conditions.
fn answer(input: &Value) -> Response {
    let body = match &input["body"] {
        Value::Null => b"Hello World".to_vec(),
        body => bytes(body),
    };
    let body = match input["known_length"] == json!(false) {
        true => Body::reader(std::io::Cursor::new(body)),
        false => body.into(),
    };
    let mut response = Response::new("text/plain; charset=utf-8", body);
    if let Some(status) = input["status"].as_u64() {
        response = response.status(u16::try_from(status).unwrap());
    }
    match &input["accept_ranges"] {
        Value::Bool(false) => response = response.without_ranges(),
        Value::String(units) => response = response.header("accept-ranges", units.as_str()),
        _ => {}
    }
    let resource = &input["resource"];
    for (key, name) in [("etag", "etag"), ("last_modified", "last-modified")] {
        if let Some(value) = resource[key].as_str() {
            response = response.header(name, value);
        }
    }
    for pair in resource["headers"].as_array().into_iter().flatten() {
        response = response.header(pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
    }
    response
}

#[test]
fn an_environ_is_enough_to_answer_conditionally() {
    let mut environ = Environ::new(Method::GET, "/");
    let range = HeaderValue::from_static("bytes=6-");
    environ.headers_mut().insert("range", range);
    let response = Response::text("Hello World").make_conditional(&environ);
    let reply = response.into_reply().unwrap();
    assert_eq!(reply.headers()["content-range"], "bytes 6-10/11");
}
