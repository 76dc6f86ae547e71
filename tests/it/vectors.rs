//! The conformance vectors of `tests/data/vectors`, run through the public API.
//!
//! A case is an operation with arguments, and what a best-in-class implementation makes of
//! them. Every failing row is listed by name; a row may only be passed over in [`SKIPPED`].

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use devserve::Response;
use devserve::forms::multipart::Encoder;
use devserve::forms::{Form, FormError, FormLimits, urlencoded};
use devserve::http::{
    Accept, ContentDisposition, ContentType, MultiDict, OptionsHeader, SetCookie, SetCookieError,
    cookie, date, with_default_charset,
};
use devserve::security::{Platform, safe_join_on, secure_filename_on};
use devserve::text::{Charset, quoted};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Rows that are not run, by name (`…*` for all that begin so), and why.
const SKIPPED: &[(&str, &str, &str)] = &[
    (
        "accept",
        "parse/*",
        "the list itself is not public, only what it decides",
    ),
    (
        "accept",
        "bad-q/*",
        "the list itself is not public, only what it decides",
    ),
    (
        "accept",
        "best/*",
        "an app asks for the best of what it has",
    ),
    ("accept", "to-header/*", "nobody sends an Accept from here"),
    ("accept", "dos/*", "of another field than Accept"),
    (
        "accept",
        "best-match-charset/*",
        "of another field than Accept",
    ),
    (
        "accept",
        "best-match-encoding/*",
        "of another field than Accept",
    ),
    (
        "accept",
        "best-match-language/*",
        "of another field than Accept",
    ),
    (
        "accept",
        "quality/star-zero",
        "of another field than Accept",
    ),
    (
        "accept",
        "quality/underscore-equals-dash",
        "of another field than Accept",
    ),
    (
        "accept",
        "quality/language-case-insensitive",
        "of another field than Accept",
    ),
    (
        "accept",
        "quality/alias-utf8",
        "of another field than Accept",
    ),
    (
        "accept",
        "quality/wildcard-2",
        "of another field than Accept",
    ),
    (
        "cookies_dump",
        "max-age/sync-expires",
        "every browser in use reads Max-Age; there is no clock in a header",
    ),
    (
        "cookies_dump",
        "max-age/negative",
        "a Duration is never negative",
    ),
    (
        "cookies_dump",
        "domain/idna",
        "a domain is given in its xn-- form; the error says so",
    ),
    (
        "cookies_dump",
        "domain/idna-*",
        "a domain is given in its xn-- form; the error says so",
    ),
    ("dates", "age/*", "no field of the toolkit is an age yet"),
    (
        "dates",
        "retry-after/*",
        "no field of the toolkit is read as a Retry-After yet",
    ),
    (
        "multidict",
        "immutable/*",
        "a borrowed MultiDict cannot be changed: the compiler says so",
    ),
    (
        "multidict",
        "combined/read-only",
        "a borrowed MultiDict cannot be changed: the compiler says so",
    ),
    (
        "multidict",
        "query/read-only",
        "a borrowed MultiDict cannot be changed: the compiler says so",
    ),
    (
        "multidict",
        "write/setlist-empty",
        "a name without values is no name here",
    ),
    (
        "multidict",
        "write/popitem-empty",
        "values are taken out by name",
    ),
];

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
                header = header.with(text(&pair[0]), text(&pair[1]));
            }
            header
                .to_text()
                .map_or_else(failure, |header| json!({"header": header}))
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
            Ok(header) => {
                let max = input["max_size"]
                    .as_u64()
                    .unwrap_or(SetCookie::MAX_BYTES as u64);
                let is_large = max > 0 && header.len() as u64 > max;
                let warnings = if is_large { vec!["too_large"] } else { vec![] };
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

fn set_cookie(op: &str, input: &Value) -> Result<String, Box<dyn std::error::Error>> {
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
        cookie = cookie.max_age(Duration::from_secs(seconds));
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
    let header = cookie.to_header().map_err(|error: SetCookieError| error)?;
    Ok(header.to_str()?.to_owned())
}

#[test]
fn multipart() {
    run("multipart", |op, input| match op {
        "parse" => {
            let body = bytes(&input["body"]);
            let whole = parse_form(input, vec![body.clone()]);
            for pieces in chunkings(&input["chunking"], &body) {
                let places: Vec<_> = pieces.iter().map(Vec::len).take(8).collect();
                let cut = parse_form(input, pieces);
                if cut != whole {
                    return json!({"whole": whole, "cut": cut, "pieces": places});
                }
            }
            whole
        }
        "encode" => {
            let mut form = Encoder::new(text(&input["boundary"]));
            for part in input["parts"].as_array().unwrap() {
                let (name, data) = (text(&part["name"]), bytes(&part["data"]));
                form = match &part["filename"] {
                    Value::Null => form.field(&name, std::str::from_utf8(&data).unwrap()),
                    filename => {
                        let content_type = part["headers"][0][1].as_str();
                        form.file(&name, &text(filename), content_type, &data)
                    }
                };
            }
            json!({"body": long_bytes(&form.finish())})
        }
        _ => unknown(op),
    });
}

fn parse_form(input: &Value, pieces: Vec<Vec<u8>>) -> Value {
    let content_type = ContentType::parse(&header_text(input, "content_type"));
    let limits = limits(&input["limits"]);
    match Form::read(Pieces(pieces.into()), &content_type, &limits) {
        Err(error) => form_failure(&error),
        Ok(form) if input["summary"] == json!(true) => {
            json!({"fields": form.fields().len(), "files": form.files().len()})
        }
        Ok(form) => {
            let fields: Vec<_> = form
                .fields()
                .iter()
                .map(|(name, value)| json!([name, long_text(value)]))
                .collect();
            let files: Vec<_> = form
                .files()
                .iter()
                .map(|(name, file)| {
                    json!({
                        "name": name,
                        "filename": file.filename(),
                        "content_type": file.content_type(),
                        "data": long_bytes(&file.bytes().unwrap()),
                    })
                })
                .collect();
            json!({"fields": fields, "files": files})
        }
    }
}

/// The ways to hand the body over that a case asks for.
fn chunkings(chunking: &Value, body: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let by = |size: usize| body.chunks(size).map(<[u8]>::to_vec).collect();
    match chunking {
        Value::String(how) if how == "bytes" => vec![by(1)],
        Value::String(how) if how == "all_splits" => {
            let cuts = 1..body.len();
            let mut all: Vec<Vec<Vec<u8>>> = cuts
                .map(|at| vec![body[..at].to_vec(), body[at..].to_vec()])
                .collect();
            all.push(by(1));
            all
        }
        Value::Number(size) => vec![by(size.as_u64().unwrap() as usize)],
        _ => vec![],
    }
}

/// A body that arrives piece by piece.
struct Pieces(std::collections::VecDeque<Vec<u8>>);

impl Read for Pieces {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.0.pop_front() else {
            return Ok(0);
        };
        let count = piece.len().min(buf.len());
        buf[..count].copy_from_slice(&piece[..count]);
        if count < piece.len() {
            self.0.push_front(piece[count..].to_vec());
        }
        Ok(count)
    }
}

#[test]
fn urlencoded_bodies() {
    run("urlencoded", |op, input| {
        if op == "serialize" {
            let pairs = input["pairs"].as_array().unwrap().iter();
            return json!({"text": urlencoded::serialize(pairs.map(|pair| (text(&pair[0]), text(&pair[1]))))});
        }
        let content_type = match &input["content_type"] {
            Value::Null => "application/x-www-form-urlencoded".to_owned(),
            _ => header_text(input, "content_type"),
        };
        let content_type = ContentType::parse(&content_type);
        let body = bytes(&input["body"]);
        match (
            op,
            Form::read(body.as_slice(), &content_type, &limits(input)),
        ) {
            (_, Err(error)) => form_failure(&error),
            ("limits", Ok(form)) => json!({"count": form.fields().len()}),
            (_, Ok(form)) => pairs(form.fields(), input),
        }
    });
}

#[test]
fn multidict() {
    run("multidict", |op, input| match op {
        "eq" => json!({"equal": dict(&input["a"]) == dict(&input["b"])}),
        "seq" | "query" => {
            let mut subject = match op {
                "query" => urlencoded::parse(&bytes(&input["query"])),
                _ if input["type"] == "combined" => {
                    let dicts = input["dicts"].as_array().unwrap().iter();
                    let dicts: Vec<MultiDict> = dicts.map(dict).collect();
                    dicts.iter().flat_map(MultiDict::iter).collect()
                }
                _ => dict(&input["init"]),
            };
            let steps = input["ops"].as_array().unwrap().iter();
            json!({"results": steps.map(|step| multidict_step(&mut subject, step)).collect::<Vec<_>>()})
        }
        _ => unknown(op),
    });
}

fn multidict_step(dict: &mut MultiDict, step: &Value) -> Value {
    let argument = |at: usize| step[at].as_str().unwrap_or_default();
    let missing = || json!({"error": {"status": 400}});
    let all = |dict: &MultiDict, name: &str| json!(dict.get_all(name).collect::<Vec<_>>());
    let name = argument(1).to_owned();
    let name = name.as_str();
    let default = step.get(2).cloned().unwrap_or(Value::Null);
    match argument(0) {
        "index" => dict
            .require(name)
            .map_or_else(|_| missing(), |value| json!(value)),
        "get" => dict.get(name).map_or(default, |value| json!(value)),
        "get_int" => dict
            .get_as::<i64>(name)
            .map_or(default, |number| json!(number)),
        "getlist" => all(dict, name),
        "getlist_int" => {
            json!(
                dict.get_all(name)
                    .filter_map(|value| value.parse::<i64>().ok())
                    .collect::<Vec<_>>()
            )
        }
        "contains" => json!(dict.contains(name)),
        "len" => json!(dict.names().count()),
        "bool" => json!(!dict.is_empty()),
        "keys" => json!(dict.names().collect::<Vec<_>>()),
        "values" => json!(dict.names().map(|name| dict.get(name)).collect::<Vec<_>>()),
        "items_multi" => {
            let grouped = dict
                .names()
                .flat_map(|name| dict.get_all(name).map(move |value| (name, value)));
            json!(grouped.collect::<Vec<_>>())
        }
        "lists" => json!(
            dict.names()
                .map(|name| json!([name, all(dict, name)]))
                .collect::<Vec<_>>()
        ),
        "listvalues" => json!(dict.names().map(|name| all(dict, name)).collect::<Vec<_>>()),
        "to_dict_lists" => {
            let lists = dict.names().map(|name| (name.to_owned(), all(dict, name)));
            json!(lists.collect::<Map<_, _>>())
        }
        "set" => {
            dict.set(name, argument(2));
            Value::Null
        }
        "add" => {
            dict.add(name, argument(2));
            Value::Null
        }
        "update_map" => {
            for (name, values) in step[1].as_object().unwrap() {
                dict.extend(
                    values
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|value| (name.as_str(), value.as_str().unwrap())),
                );
            }
            Value::Null
        }
        "pop" => match dict.remove(name).into_iter().next() {
            Some(value) => json!(value),
            None => step.get(2).cloned().unwrap_or_else(missing),
        },
        "delete" => match dict.remove(name).is_empty() {
            true => missing(),
            false => Value::Null,
        },
        "clear" => {
            dict.clear();
            Value::Null
        }
        other => unknown(other),
    }
}

fn dict(init: &Value) -> MultiDict {
    let mut dict = MultiDict::new();
    match init {
        Value::Array(pairs) => {
            dict.extend(pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))))
        }
        Value::Object(lists) => {
            for (name, values) in lists {
                match values.as_array() {
                    Some(values) => {
                        dict.extend(values.iter().map(|value| (name.as_str(), text(value))))
                    }
                    None => dict.add(name.as_str(), text(values)),
                }
            }
        }
        _ => {}
    }
    dict
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
                false => ContentDisposition::inline(name)
                    .to_text()
                    .map_or_else(failure, |header| json!({"header": header})),
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

#[test]
fn safe_joins() {
    run("safe_join", |op, input| match op {
        "join" => {
            let parts: Vec<String> = input["parts"]
                .as_array()
                .unwrap()
                .iter()
                .map(text)
                .collect();
            let base = text(&input["base"]);
            let parts = parts.iter().map(String::as_str);
            let path = safe_join_on(platform(input), Path::new(&base), parts);
            json!({"path": path})
        }
        _ => unknown(op),
    });
}

#[test]
fn secure_filenames() {
    run("secure_filename", |op, input| match op {
        "secure" => json!({"name": secure_filename_on(platform(input), &text(&input["name"]))}),
        _ => unknown(op),
    });
}

fn platform(input: &Value) -> Platform {
    if input["windows"] == json!(true) {
        Platform::Windows
    } else {
        Platform::Posix
    }
}

#[test]
fn accept() {
    run("accept", |op, input| {
        let accept = match &input["header"] {
            Value::Null => Accept::anything(),
            _ => Accept::parse(&header_text(input, "header")),
        };
        match op {
            "quality" => {
                let quality = f64::from(accept.quality(input["value"].as_str().unwrap()));
                json!({"q": (quality * 1000.0).round() / 1000.0})
            }
            "best_match" => {
                let offers = input["available"].as_array().unwrap();
                let offers: Vec<_> = offers.iter().map(|offer| offer.as_str().unwrap()).collect();
                let best = accept.best_match(&offers).or(input["default"].as_str());
                json!({"match": best})
            }
            _ => unknown(op),
        }
    });
}

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

fn limits(input: &Value) -> FormLimits {
    let mut limits = FormLimits::default();
    let number = |name: &str| input[name].as_u64();
    limits.max_body_bytes = number("max_content_length").unwrap_or(limits.max_body_bytes);
    limits.max_field_bytes = number("max_form_memory_size").unwrap_or(limits.max_field_bytes);
    let parts = number("max_form_parts").or(number("max_fields"));
    limits.max_parts = parts.map_or(limits.max_parts, |parts| parts as usize);
    let header = number("max_part_header_size");
    limits.max_header_bytes = header.map_or(limits.max_header_bytes, |bytes| bytes as usize);
    limits
}

fn form_failure(error: &FormError) -> Value {
    json!({"error": {"kind": error.to_string(), "status": error.status().as_u16()}})
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
