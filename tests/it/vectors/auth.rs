use devserve::http::{AuthError, Authorization, HeaderValue, WwwAuthenticate};
use serde_json::{Map, Value, json};

use super::{failure, header_text, run, text, unknown};

#[test]
fn auth() {
    run("auth", |op, input| {
        let header = (!input["header"].is_null()).then(|| header_text(input, "header"));
        match op {
            "parse_authorization" => {
                let login = header.and_then(|header| Authorization::parse(&header));
                json!({"auth": login.map(|login| credentials(&login))})
            }
            "parse_challenges" => {
                let headers = match &input["headers"] {
                    Value::Array(_) => super::texts(input, "headers"),
                    _ => header.into_iter().collect(),
                };
                let challenges: Vec<_> = headers
                    .iter()
                    .flat_map(|header| WwwAuthenticate::parse(header))
                    .map(|challenge| {
                        told(challenge.scheme(), challenge.token(), challenge.params())
                    })
                    .collect();
                json!({"challenges": challenges})
            }
            "build_authorization" => written(build_authorization(input).to_header()),
            "build_challenge" => written(build_challenge(input).to_header()),
            _ => unknown(op),
        }
    });
}

fn credentials(login: &Authorization) -> Value {
    match login.password() {
        Some(password) => json!({
            "scheme": login.scheme(),
            "params": {"username": login.username(), "password": password},
        }),
        None => told(login.scheme(), login.token(), login.params()),
    }
}

fn told<'a>(
    scheme: &str,
    token: Option<&str>,
    params: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Value {
    match token {
        Some(token) => json!({"scheme": scheme, "token": token}),
        None => {
            let params: Map<_, _> = params.map(|(n, v)| (n.to_owned(), json!(v))).collect();
            json!({"scheme": scheme, "params": params})
        }
    }
}

fn build_authorization(input: &Value) -> Authorization {
    let scheme = input["scheme"].as_str().unwrap();
    if !input["token"].is_null() {
        return Authorization::from_token(scheme, text(&input["token"]));
    }
    let params = params(input);
    if scheme.eq_ignore_ascii_case("basic") {
        let param = |name| {
            params
                .iter()
                .find(|(known, _)| known == name)
                .unwrap()
                .1
                .clone()
        };
        return Authorization::basic(param("username"), param("password"));
    }
    let login = Authorization::new(scheme);
    params
        .into_iter()
        .fold(login, |login, (name, value)| login.with(name, value))
}

fn build_challenge(input: &Value) -> WwwAuthenticate {
    let scheme = input["scheme"].as_str().unwrap();
    if !input["token"].is_null() {
        return WwwAuthenticate::from_token(scheme, text(&input["token"]));
    }
    let challenge = WwwAuthenticate::new(scheme);
    params(input)
        .into_iter()
        .fold(challenge, |challenge, (name, value)| {
            challenge.with(name, value)
        })
}

fn params(input: &Value) -> Vec<(String, String)> {
    let params = input["params"].as_array().into_iter().flatten();
    params
        .map(|pair| (text(&pair[0]), text(&pair[1])))
        .collect()
}

fn written(header: Result<HeaderValue, AuthError>) -> Value {
    match header {
        Ok(header) => json!({"header": String::from_utf8_lossy(header.as_bytes())}),
        Err(_) => failure(),
    }
}
