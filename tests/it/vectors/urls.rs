use devserve::Request;
use devserve::http::{Method, iri_to_uri, uri_to_iri};
use devserve::wsgi::Environ;
use serde_json::{Map, Value, json};

use super::{bytes, failure, run, text, unknown};

#[test]
fn urls() {
    run("urls", |op, input| {
        let url = text(&input["url"]);
        match op {
            "iri_to_uri" => answer(iri_to_uri(&url).ok()),
            "uri_to_iri" => answer(Some(uri_to_iri(&url))),
            "roundtrip" => answer(iri_to_uri(&uri_to_iri(&url)).ok()),
            "path_info" => {
                let mut environ = Environ::new(Method::GET, "/");
                environ.set_mount("", bytes(&input["path_info"]));
                json!({"path": environ.path()})
            }
            "request" => request(input),
            _ => unknown(op),
        }
    });
}

fn answer(url: Option<String>) -> Value {
    url.map_or_else(failure, |url| json!({"url": url}))
}

fn request(input: &Value) -> Value {
    let environ = environ(input);
    let request = Request::new(&environ);
    let wanted = input["want"].as_array().unwrap().iter();
    let parts = wanted.map(|part| {
        let part = part.as_str().unwrap();
        let value = match part {
            "url" => request.url().unwrap(),
            "base_url" => request.base_url().unwrap(),
            "root_url" => request.root_url().unwrap(),
            "host_url" => request.host_url().unwrap(),
            "path" => request.path().into_owned(),
            "root_path" => request.script_root().into_owned(),
            "full_path" => request.full_path(),
            other => other.to_owned(),
        };
        (part.to_owned(), json!(value))
    });
    Value::Object(parts.collect::<Map<_, _>>())
}

/// The environ of a request to `a.test`, its parts given as WSGI text.
pub(super) fn environ(input: &Value) -> Environ {
    let mut environ = Environ::new(Method::GET, "/");
    let scheme = input["scheme"].as_str().unwrap_or("http");
    environ.set("wsgi.url_scheme", scheme).unwrap();
    let host = input["host"].as_str().unwrap_or("a.test");
    environ.set("HTTP_HOST", host).unwrap();
    let path = match (&input["path_info"], &input["path"]) {
        (Value::Null, Value::Null) => b"/".to_vec(),
        (Value::Null, path) | (path, _) => bytes(path),
    };
    environ.set_mount(bytes(&input["script_name"]), path);
    environ.set("QUERY_STRING", text(&input["query"])).unwrap();
    environ
}
