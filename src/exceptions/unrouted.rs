use crate::exceptions::HttpException;
use crate::http::{HeaderValue, header};
use crate::routing::MatchError;

impl From<MatchError> for HttpException {
    /// The answer to a request without a rule: 404, 405 with `Allow`, 400, or the 308 that
    /// sends it to where it belongs.
    fn from(error: MatchError) -> Self {
        let exception = Self::new(error.status());
        match error {
            MatchError::MethodNotAllowed { allowed, .. } => exception.with_allow(allowed),
            MatchError::RequestRedirect { url } => {
                let told = exception.with_description(format!("This is at {url}."));
                match HeaderValue::try_from(url) {
                    Ok(location) => told.with_header(header::LOCATION, location),
                    // An encoded URL is visible ASCII, so this is not met.
                    Err(_) => Self::internal_server_error(),
                }
            }
            MatchError::WebsocketMismatch { .. } => exception.with_description(error.to_string()),
            // What was asked for, the client knows.
            _ => exception,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::exceptions;
    use crate::http::Method;
    use crate::routing::{Map, Rule};
    use crate::wsgi::{Environ, Error};

    #[track_caller]
    fn check(method: Method, path: &str, status: u16, field: Option<(&str, &str)>) {
        let map = Map::new([
            Rule::new("/a/", "a").methods([Method::GET]),
            Rule::new("/live", "live").websocket(),
        ]);
        let (map, environ) = (map.unwrap(), Environ::new(method, path));
        let adapter = map.bind_to_environ(&environ).unwrap();
        // As a view passes it on by `?`.
        let error = Error::from(adapter.match_request().unwrap_err());
        let reply = exceptions::answer(&error, &environ).unwrap();
        assert_eq!(reply.status(), status, "{path}");
        if let Some((name, value)) = field {
            assert_eq!(reply.headers()[name], value, "{path}");
        }
    }

    #[test]
    fn a_request_without_a_rule_has_its_answer() {
        check(Method::GET, "/b", 404, None);
        check(Method::POST, "/a/", 405, Some(("allow", "GET, HEAD")));
        check(Method::GET, "/live", 400, None);
        let place = Some(("location", "http://localhost/a/?q=1"));
        check(Method::GET, "/a?q=1", 308, place);
    }
}
