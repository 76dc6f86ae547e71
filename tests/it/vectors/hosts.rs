use devserve::Error;
use devserve::exceptions;
use devserve::http::{Host, Method, TrustedHosts};
use devserve::wsgi::Environ;
use serde_json::{Value, json};

use super::{bytes, run, unknown};

#[test]
fn hosts() {
    run("host", |op, input| match op {
        "get_host" => {
            let scheme = input["scheme"].as_str().unwrap_or("http");
            let field = (!input["header"].is_null()).then(|| bytes(&input["header"]));
            let server = input["server"].as_array().map(|server| {
                let port = server[1].as_u64().map(|port| u16::try_from(port).unwrap());
                (server[0].as_str().unwrap(), port)
            });
            let trusted = trusted(&input["trusted"]);
            let host = Host::of_request(scheme, field.as_deref(), server).and_then(|host| {
                // Without a list nothing is refused, not even the empty host.
                trusted.map_or(Ok(()), |trusted| trusted.check(&host))?;
                Ok(host)
            });
            match host {
                Ok(host) => json!({"host": host.to_string()}),
                Err(error) => status(error),
            }
        }
        "is_trusted" => {
            let trusted = trusted(&input["list"]).unwrap_or_else(|| TrustedHosts::new([""; 0]));
            json!({"trusted": trusted.trust(input["host"].as_str().unwrap_or(""))})
        }
        _ => unknown(op),
    });
}

fn trusted(entries: &Value) -> Option<TrustedHosts> {
    let entries = entries.as_array().filter(|entries| !entries.is_empty())?;
    Some(TrustedHosts::new(
        entries.iter().map(|entry| entry.as_str().unwrap()),
    ))
}

/// The status an error of the toolkit is answered with.
pub(super) fn status(error: impl Into<Error>) -> Value {
    let environ = Environ::new(Method::GET, "/");
    let status = exceptions::answer(&error.into(), &environ).map(|reply| reply.status().as_u16());
    json!({"error": {"status": status}})
}
