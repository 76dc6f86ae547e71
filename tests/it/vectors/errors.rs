use std::sync::Mutex;
use std::time::Duration;

use devserve::exceptions::{self, HttpException};
use devserve::http::{
    ContentRange, HeaderMap, HeaderValue, Method, RetryAfter, StatusCode, WwwAuthenticate, header,
};
use devserve::wsgi::{self, App, Environ, StartResponse, Status};
use devserve::{Error, Response, Result};
use serde_json::{Map, Value, json};

use super::{bytes, failure, run, text, time, unknown};

#[test]
fn errors() {
    run("http_errors", |op, input| match op {
        "error" => error(input),
        "reason" => {
            let code = u16::try_from(input["code"].as_u64().unwrap()).unwrap();
            let name = StatusCode::from_u16(code).map(|status| HttpException::new(status).name());
            json!({"reason": name.map(str::to_lowercase).unwrap_or_default()})
        }
        "status_line" => status_line(&input["status"]),
        "final_headers" => final_headers(input),
        _ => unknown(op),
    });
}

fn error(input: &Value) -> Value {
    let code = u16::try_from(input["code"].as_u64().unwrap()).unwrap();
    let Some(mut exception) = HttpException::from_code(code) else {
        return failure();
    };
    for (name, value) in input["args"].as_object().into_iter().flatten() {
        exception = match name.as_str() {
            "description" => exception.with_description(text(value)),
            "valid_methods" => {
                let methods = value.as_array().unwrap().iter();
                let methods = methods.map(|method| method.as_str().unwrap().parse().unwrap());
                exception.with_allow(methods.collect::<Vec<Method>>())
            }
            "length" => {
                let unit = input["args"]["units"].as_str().unwrap_or("bytes");
                let range = ContentRange::unsatisfied(unit, value.as_u64().unwrap());
                exception.with_content_range(&range.unwrap())
            }
            "units" => exception,
            "retry_after" => {
                let wait = Duration::from_secs(value.as_u64().unwrap());
                exception.with_retry_after(RetryAfter::Delay(wait))
            }
            "retry_after_epoch" => {
                exception.with_retry_after(RetryAfter::Time(time(value.as_i64().unwrap())))
            }
            "www_authenticate" => {
                value
                    .as_array()
                    .unwrap()
                    .iter()
                    .fold(exception, |exception, challenge| {
                        exception.with_header(header::WWW_AUTHENTICATE, challenge_of(challenge))
                    })
            }
            other => return unknown(other),
        };
    }
    let environ = Environ::new(Method::GET, "/");
    let reply = exceptions::answer(&Error::from(exception), &environ).unwrap();
    let (head, body) = reply.into_parts();
    let page = String::from_utf8(body.collect().unwrap().into()).unwrap();
    let mut got = wanted(input, &head.headers);
    got.insert("status".into(), json!(head.status.as_u16()));
    if let Some(needles) = input["needles"].as_array() {
        let found = needles
            .iter()
            .filter(|needle| page.contains(needle.as_str().unwrap()));
        got.insert("contains".into(), found.cloned().collect());
    }
    Value::Object(got)
}

/// The fields asked for: null where there is none, a list for the one that may be several.
fn wanted(input: &Value, headers: &HeaderMap) -> Map<String, Value> {
    let names = input["want"].as_array().into_iter().flatten();
    let fields = names.map(|name| {
        let name = name.as_str().unwrap();
        let mut values = headers
            .get_all(name)
            .iter()
            .map(|value| json!(value.to_str().unwrap()));
        let value = match name {
            "WWW-Authenticate" => values.collect(),
            _ => values.next().unwrap_or(Value::Null),
        };
        (name.to_owned(), value)
    });
    fields.collect()
}

fn status_line(status: &Value) -> Value {
    let line = match status.as_str() {
        Some(line) => Response::empty().status_line(line),
        None => match u16::try_from(status.as_i64().unwrap()) {
            Ok(code) => Response::empty().status(code),
            Err(_) => return failure(),
        },
    };
    let Ok(reply) = line.into_reply() else {
        return failure();
    };
    let mut seen = Seen::default();
    let reply = Mutex::new(Some(reply));
    let app = wsgi::app_fn(move |_| Ok(reply.lock().unwrap().take().unwrap()));
    app.wsgi(&mut Environ::new(Method::GET, "/"), &mut seen)
        .unwrap();
    let status = seen.0.unwrap();
    let reason = match status.reason() {
        "" => "unknown".to_owned(),
        reason => reason.to_lowercase(),
    };
    let code = status.code().as_u16();
    json!({"code": code, "line": format!("{code} {reason}")})
}

/// What a server would put on the wire as the status.
#[derive(Default)]
struct Seen(Option<Status>);

impl StartResponse for Seen {
    fn begin(&mut self, status: Status, _: HeaderMap) -> Result<()> {
        self.0 = Some(status);
        Ok(())
    }

    fn replace(&mut self, status: Status, headers: HeaderMap, _: Error) -> Result<()> {
        self.begin(status, headers)
    }

    fn write(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
}

fn challenge_of(challenge: &Value) -> HeaderValue {
    let params = challenge[1].as_array().unwrap().iter();
    let challenge = params.fold(
        WwwAuthenticate::new(&text(&challenge[0])),
        |challenge, param| challenge.with(text(&param[0]), text(&param[1])),
    );
    challenge.to_header().unwrap()
}

fn final_headers(input: &Value) -> Value {
    let status = u16::try_from(input["status"].as_u64().unwrap()).unwrap();
    let mut response = Response::html(String::from_utf8(bytes(&input["body"])).unwrap());
    if let Some(content_type) = input["content_type"].as_str() {
        response = response.content_type(content_type);
    }
    for field in input["headers"].as_array().into_iter().flatten() {
        response = response.add_header(field[0].as_str().unwrap(), text(&field[1]));
    }
    let reply = response.status(status).into_reply().unwrap();
    let method = input["method"].as_str().unwrap_or("GET").parse().unwrap();
    let reply = Mutex::new(Some(reply));
    let app = wsgi::app_fn(move |_| Ok(reply.lock().unwrap().take().unwrap()));
    let reply = wsgi::call(&app, &mut Environ::new(method, "/")).unwrap();
    let mut got = wanted(input, reply.headers());
    got.insert("body".into(), json!(String::from_utf8_lossy(reply.body())));
    Value::Object(got)
}
