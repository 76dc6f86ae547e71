use crate::debugger::mask;
use crate::pages::Request;
use crate::text::{latin1, visible};
use crate::wsgi::Environ;

/// What the report tells of the request: read from the environ, masked on the way.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) request: Request,
    pub(super) environ: Vec<(String, String)>,
}

impl Facts {
    pub(super) fn of(environ: &Environ) -> Self {
        let target = latin1::from_bytes(environ.raw_target());
        let request = Request {
            method: environ.method().to_string(),
            target: visible::visible(&mask::target(&target)).into_owned(),
            version: format!("{:?}", environ.version()),
            peer: environ.remote().map(|peer| peer.to_string()),
            headers: environ
                .headers()
                .iter()
                .map(|(name, value)| {
                    pair(name.as_str(), &String::from_utf8_lossy(value.as_bytes()))
                })
                .collect(),
        };
        let environ = environ
            .iter()
            .map(|(key, value)| pair(&key, &value.to_string()))
            .collect();
        Self { request, environ }
    }
}

fn pair(name: &str, value: &str) -> (String, String) {
    let value = mask::value(name, value);
    (name.to_owned(), visible::visible(&value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Method;

    #[test]
    fn no_secret_is_left_in_what_is_told() {
        let mut environ = Environ::new(Method::POST, "/login?next=/&api_key=t0psecret");
        for (name, value) in [
            ("authorization", "Basic t0psecret"),
            ("cookie", "id=t0psecret"),
            ("referer", "http://localhost/?session=t0psecret"),
            ("x-shop", "tea \u{1b}[31m"),
        ] {
            let value =
                crate::http::HeaderValue::from_bytes(value.replace('\u{1b}', "\t").as_bytes());
            environ.headers_mut().append(name, value.unwrap());
        }
        environ.set("shop.token", "t0psecret").unwrap();
        let told = format!("{:?}", Facts::of(&environ));
        assert!(!told.contains("t0psecret"), "{told}");
        assert!(told.contains("next=/&api_key=••••••"), "{told}");
        assert!(told.contains("HTTP/1.1"));
    }
}
