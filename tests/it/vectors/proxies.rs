use std::net::SocketAddr;

use devserve::Request;
use devserve::http::{HeaderName, HeaderValue, Method};
use devserve::middleware::{ProxyFix, TrustedHops};
use devserve::wsgi::{self, Body, Environ, Reply};
use serde_json::{Value, json};

use super::{bytes, run, unknown};

#[test]
fn proxies() {
    run("proxy_fix", |op, input| {
        let mut environ = environ(input);
        match op {
            "apply" => {
                let app =
                    wsgi::app_fn(|environ| Ok(Reply::new(Body::from(seen(environ).to_string()))));
                let app = ProxyFix::with_hops(app, hops(&input["config"]));
                let reply = wsgi::call(&app, &mut environ).unwrap();
                serde_json::from_slice(reply.body()).unwrap()
            }
            "access_route" => {
                let peer = input["remote_addr"].as_str();
                let peer = peer.map(|address| SocketAddr::new(address.parse().unwrap(), 1));
                let environ = environ.with_remote(peer);
                json!({"route": Request::new(&environ).access_route()})
            }
            _ => unknown(op),
        }
    });
}

fn environ(input: &Value) -> Environ {
    let mut environ = Environ::new(Method::GET, "/");
    let start = json!({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "internal:5000",
        "SERVER_NAME": "internal", "SERVER_PORT": "5000"});
    for facts in [&start, &input["environ"]] {
        for (key, value) in facts.as_object().into_iter().flatten() {
            environ.set(key, value.as_str().unwrap()).unwrap();
        }
    }
    for key in input["drop"].as_array().into_iter().flatten() {
        environ.remove(key.as_str().unwrap());
    }
    for (name, values) in input["headers"].as_object().unwrap() {
        let name: HeaderName = name.parse().unwrap();
        let values = match values {
            Value::Array(values) => values.iter().map(bytes).collect(),
            value => vec![bytes(value)],
        };
        for value in values {
            let value = HeaderValue::from_bytes(&value).unwrap();
            environ.headers_mut().append(&name, value);
        }
    }
    environ
}

fn hops(config: &Value) -> TrustedHops {
    let hops = |name: &str, default: u64| {
        let hops = config[name].as_u64().unwrap_or(default);
        usize::try_from(hops).unwrap()
    };
    TrustedHops {
        x_for: hops("x_for", 1),
        x_proto: hops("x_proto", 1),
        x_host: hops("x_host", 0),
        x_port: hops("x_port", 0),
        x_prefix: hops("x_prefix", 0),
        ..TrustedHops::default()
    }
}

fn seen(environ: &Environ) -> Value {
    let text = |key: &str| environ.get(key).map(|value| value.to_string());
    json!({
        "remote_addr": text("REMOTE_ADDR"),
        "scheme": text("wsgi.url_scheme"),
        "host": text("HTTP_HOST"),
        "server_name": text("SERVER_NAME"),
        "server_port": text("SERVER_PORT"),
        "script_name": text("SCRIPT_NAME"),
    })
}
