//! What several of these apps do alike: answer in the app's place through either door, change a
//! head on its way, and know what is below a prefix.

use crate::exceptions::{self, HttpException};
use crate::http::{HeaderMap, HeaderName, HeaderSet, HeaderValue, StatusCode};
use crate::wsgi::{App, Body, Environ, Error, Reply, Result, StartResponse, Status};

/// Gives a finished reply through the door of PEP 3333.
pub(super) fn start(reply: Reply, start_response: &mut dyn StartResponse) -> Result<Body> {
    let (head, body) = reply.into_parts();
    start_response.begin(Status::of(&head), head.headers)?;
    Ok(body)
}

/// The answer of who stands before an app, or else the app's: [`App::call`] of both.
pub(super) fn call(answer: Option<Reply>, app: &impl App, environ: &mut Environ) -> Result<Reply> {
    match answer {
        Some(reply) => Ok(reply),
        None => app.call(environ),
    }
}

/// The same through the door of PEP 3333: [`App::wsgi`] of both.
pub(super) fn wsgi(
    answer: Option<Reply>,
    app: &impl App,
    environ: &mut Environ,
    start_response: &mut dyn StartResponse,
) -> Result<Body> {
    match answer {
        Some(reply) => start(reply, start_response),
        None => app.wsgi(environ, start_response),
    }
}

/// The reply that an exception is, in the form the client likes best.
pub(super) fn refusal(exception: HttpException, environ: &Environ) -> Result<Reply> {
    let error = Error::from(exception);
    exceptions::answer(&error, environ).ok_or(error)
}

/// A `start_response` that lets `edit` change each head before it goes on.
pub(super) struct EditedHead<'a, F> {
    pub(super) start_response: &'a mut dyn StartResponse,
    pub(super) edit: F,
}

impl<F: Fn(StatusCode, &mut HeaderMap)> StartResponse for EditedHead<'_, F> {
    fn begin(&mut self, status: Status, mut headers: HeaderMap) -> Result<()> {
        (self.edit)(status.code(), &mut headers);
        self.start_response.begin(status, headers)
    }

    fn replace(&mut self, status: Status, mut headers: HeaderMap, cause: Error) -> Result<()> {
        (self.edit)(status.code(), &mut headers);
        self.start_response.replace(status, headers, cause)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.start_response.write(bytes)
    }
}

/// Says that an answer depends on a field of the request.
pub(super) fn vary(headers: &mut HeaderMap, name: &HeaderName) {
    let mut fields = HeaderSet::new();
    for line in headers.get_all(crate::http::header::VARY) {
        fields.extend(HeaderSet::parse(&String::from_utf8_lossy(line.as_bytes())).iter());
    }
    if !fields.contains("*") && !fields.contains(name.as_str()) {
        headers.append(crate::http::header::VARY, HeaderValue::from(name.clone()));
    }
}

/// A prefix as `PATH_INFO` has it: empty for the root, without a slash at its end.
///
/// # Panics
/// If it does not begin with a slash.
#[track_caller]
pub(super) fn prefix(text: &str) -> &str {
    assert!(
        text.is_empty() || text.starts_with('/'),
        "a prefix begins with a slash; write \"/{text}\" instead of {text:?}"
    );
    text.trim_end_matches('/')
}

/// What of `path` is below `prefix`: empty, or from its slash on.
pub(super) fn below<'p>(prefix: &str, path: &'p [u8]) -> Option<&'p [u8]> {
    let rest = path.strip_prefix(prefix.as_bytes())?;
    (rest.is_empty() || rest.starts_with(b"/")).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::header;

    #[track_caller]
    fn check(prefix: &str, path: &str, want: Option<&str>) {
        let rest = below(super::prefix(prefix), path.as_bytes());
        assert_eq!(rest, want.map(str::as_bytes), "{path} below {prefix}");
    }

    #[test]
    fn a_prefix_ends_where_a_segment_does() {
        check("/api", "/api", Some(""));
        check("/api", "/api/", Some("/"));
        check("/api/", "/api/a//b", Some("/a//b"));
        check("/api", "/apis", None);
        check("/api", "//api", None);
        check("/api", "", None);
        check("/", "/a", Some("/a"));
        check("", "", Some(""));
    }

    #[test]
    fn a_field_is_named_once_and_not_beside_the_star() {
        for (told, want) in [
            (&[][..], &["accept-encoding"][..]),
            (&["Cookie"], &["Cookie", "accept-encoding"]),
            (&["Cookie, Accept-Encoding"], &["Cookie, Accept-Encoding"]),
            (&["*"], &["*"]),
        ] {
            let mut headers = HeaderMap::new();
            for line in told {
                headers.append(header::VARY, line.parse().unwrap());
            }
            vary(&mut headers, &header::ACCEPT_ENCODING);
            let lines: Vec<_> = headers.get_all(header::VARY).iter().collect();
            assert_eq!(lines, want, "{told:?}");
        }
    }
}
