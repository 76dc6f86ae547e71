use devserve::http::join;
use devserve::{Request, Response};
use serde_json::{Value, json};

use super::urls::environ;
use super::{failure, run, text, unknown};

#[test]
fn redirects() {
    run("redirects", |op, input| {
        let location = text(&input["location"]);
        match op {
            "redirect" => answer(with_code(Response::redirect(&location), input)),
            "location" => {
                let environ = environ(&input["request"]);
                let response = Response::redirect(&location);
                let response = match input["autocorrect"] == json!(true) {
                    true => response.absolute_location(&Request::new(&environ).base_url().unwrap()),
                    false => response,
                };
                json!({"location": answer(response)["location"]})
            }
            "append_slash" => {
                let response = Response::append_slash_redirect(&environ(input));
                answer(with_code(response, input))
            }
            "append_slash_resolved" => {
                let environ = environ(input);
                let mut got = answer(Response::append_slash_redirect(&environ));
                let base = Request::new(&environ).base_url().unwrap();
                got["location"] = json!(join(&base, got["location"].as_str().unwrap()));
                got
            }
            "body" => body(&location, &input["needles"]),
            _ => unknown(op),
        }
    });
}

fn with_code(response: Response, input: &Value) -> Response {
    match input["code"].as_u64() {
        Some(code) => response.status(u16::try_from(code).unwrap()),
        None => response,
    }
}

fn answer(response: Response) -> Value {
    let Ok(reply) = response.into_reply() else {
        return failure();
    };
    let location = reply.headers()["location"].to_str().unwrap();
    json!({"status": reply.status().as_u16(), "location": location})
}

fn body(location: &str, needles: &Value) -> Value {
    let (head, body) = Response::redirect(location)
        .into_reply()
        .unwrap()
        .into_parts();
    let page = String::from_utf8(body.collect().unwrap().into()).unwrap();
    let found = needles.as_array().unwrap().iter();
    let found: Vec<_> = found
        .filter(|needle| page.contains(needle.as_str().unwrap()))
        .collect();
    let content_type = head.headers["content-type"].to_str().unwrap();
    json!({"must_not_contain": found, "content_type": content_type})
}
