use crate::http::{
    HeaderMap, HeaderValue, StatusCode, UrlError, header, iri_to_uri, is_local, join, path_to_uri,
    query_to_uri,
};
use crate::response::Response;
use crate::text::{html, percent};
use crate::wsgi::Environ;

/// Sending the browser elsewhere.
impl Response {
    /// Sends the browser to `target`: 303, after which it asks with GET, whatever the method
    /// was.
    ///
    /// `target` is a path or a URL and may hold text (`/café`); it is encoded, backslashes and
    /// control characters too. Never pass on what a stranger sent, as `//elsewhere.example` is a
    /// target too: that is for [`redirect_local`](Self::redirect_local).
    ///
    /// A target with a line break, or with a host that is none, is the view's error.
    pub fn redirect(target: &str) -> Self {
        Self::redirect_with(StatusCode::SEE_OTHER, target)
    }

    /// [`redirect`](Self::redirect) with another status: 301 or 308 for ever, 307 to keep
    /// method and body.
    pub fn redirect_with<S>(status: S, target: &str) -> Self
    where
        S: TryInto<StatusCode, Error: std::error::Error + Send + Sync + 'static>,
    {
        Self::send_to(encode(target)).status(status)
    }

    /// [`redirect`](Self::redirect) to where a stranger asked for, `?next=` say, which must be
    /// on this site: a target with a scheme or a host answers the request with 400.
    pub fn redirect_local(target: &str) -> Self {
        Self::send_to(
            encode(target).and_then(|location| match is_local(&location) {
                true => Ok(location),
                false => Err(RedirectError::Elsewhere {
                    target: target.to_owned(),
                }),
            }),
        )
    }

    /// Sends the browser to the same path with a slash at its end: 308, which keeps method and
    /// body. The query stays.
    ///
    /// The target is relative, so it is right wherever the app is mounted, and cannot leave the
    /// site: a last segment with a colon (`/https:evil.test`) is written so that it is no
    /// scheme (RFC 3986 §4.2).
    pub fn append_slash_redirect(environ: &Environ) -> Self {
        let path = environ.path_info();
        let tail = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let guard = if tail.is_empty() || tail.contains(&b':') {
            "./"
        } else {
            ""
        };
        let slash = if tail.is_empty() { "" } else { "/" };
        let query = match environ.query_string() {
            b"" => String::new(),
            query => format!("?{}", query_to_uri(query)),
        };
        let location = format!("{guard}{}{slash}{query}", path_to_uri(tail));
        Self::send_to(Ok(location)).status(StatusCode::PERMANENT_REDIRECT)
    }

    /// Makes a relative `Location` absolute, as RFC 2616 demanded of servers and some old
    /// clients still do. `base` is the request's URL
    /// ([`base_url`](crate::Request::base_url)).
    pub fn absolute_location(self, base: &str) -> Self {
        self.attempt(|response| {
            let base = encode(base)?;
            let headers = response.headers_mut();
            quote_locations(headers);
            if let Some(location) = headers.get_mut(header::LOCATION) {
                let absolute = join(&base, location.to_str().unwrap_or_default());
                *location = HeaderValue::try_from(absolute)?;
            }
            Ok(())
        })
    }

    fn send_to(location: Result<String, RedirectError>) -> Self {
        let shown = html::escape(location.as_deref().unwrap_or_default());
        let page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<title>Redirecting</title>\n\
             <p>Go on to <a href=\"{shown}\">{shown}</a>.\n"
        );
        Self::html(page)
            .status(StatusCode::SEE_OTHER)
            .attempt(|response| {
                let location = HeaderValue::try_from(location?)?;
                response.headers_mut().insert(header::LOCATION, location);
                Ok(())
            })
    }
}

/// A target as it may stand in a field.
fn encode(target: &str) -> Result<String, RedirectError> {
    if target.contains(['\r', '\n']) {
        return Err(RedirectError::LineBreak {
            target: target.to_owned(),
        });
    }
    iri_to_uri(target).map_err(|source| RedirectError::Host { source })
}

/// Encodes text in the fields that hold a URL, where an app set them itself.
pub(super) fn quote_locations(headers: &mut HeaderMap) {
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        let Some(value) = headers.get_mut(name) else {
            continue;
        };
        let is_uri_byte = |byte: &u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(byte);
        if value.as_bytes().iter().all(is_uri_byte) {
            continue;
        }
        let encoded = std::str::from_utf8(value.as_bytes())
            .ok()
            .and_then(|text| iri_to_uri(text).ok())
            // Bytes that are no text, or a host that is none: the client may judge.
            .unwrap_or_else(|| percent::encode_reference(value.as_bytes()).into_owned());
        if let Ok(encoded) = HeaderValue::try_from(encoded) {
            *value = encoded;
        }
    }
}

/// A redirect's target that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// It holds a line break, and so may not be what it seems.
    #[error("cannot redirect to {target:?}: it holds a line break")]
    LineBreak {
        /// The target.
        target: String,
    },
    /// Its host is none.
    #[error("cannot redirect there")]
    Host {
        /// Why not.
        source: UrlError,
    },
    /// It was to stay on this site and does not. The sender's fault: 400.
    #[error("cannot redirect to {target:?}: it is not on this site")]
    Elsewhere {
        /// The target.
        target: String,
    },
}
