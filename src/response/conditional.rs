use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops;
use std::time::SystemTime;

use crate::http::lines::sole;
use crate::http::{
    Conditions, ContentRange, Decision, ETag, HeaderMap, HeaderValue, Method, PreconditionFailed,
    Range, RangeError, StatusCode, Validators, date, field_scope, header,
};
use crate::response::Response;
use crate::response::byteranges::ByteRanges;
use crate::wsgi::{Environ, Result};

/// Answers for clients that have the resource already, or part of it.
impl Response {
    /// Names this state of the resource with a strong entity tag, without its quotes: one that
    /// changes with every byte (RFC 9110 §8.8.3).
    pub fn etag(self, tag: &str) -> Self {
        self.attempt(|response| {
            response.set_etag(&ETag::strong(tag)?);
            Ok(())
        })
    }

    /// [`etag`](Self::etag), with a weak tag: one that changes where the difference matters.
    pub fn weak_etag(self, tag: &str) -> Self {
        self.attempt(|response| {
            response.set_etag(&ETag::weak(tag)?);
            Ok(())
        })
    }

    /// Names this state by its bytes, unless it has a name. What is made while it is sent gets
    /// none: its bytes are not there yet.
    pub fn add_etag(self) -> Self {
        self.attempt(|response| {
            if let Some(bytes) = response.body.as_bytes()
                && !response.headers.contains_key(header::ETAG)
            {
                let tag = ETag::strong(digest(bytes))?;
                response.set_etag(&tag);
            }
            Ok(())
        })
    }

    fn set_etag(&mut self, tag: &ETag) {
        self.headers.insert(header::ETAG, tag.to_header());
    }

    /// Says when the resource was last changed; its whole second counts. A time that is yet to
    /// come is sent as the present one (RFC 9110 §8.8.2.1).
    pub fn last_modified(self, time: SystemTime) -> Self {
        self.header("last-modified", date::format(time.min(SystemTime::now())))
    }

    /// Sends the resource as a whole only, and says so.
    pub fn without_ranges(self) -> Self {
        self.header("accept-ranges", HeaderValue::from_static("none"))
    }

    /// Answers as the conditions and the range of a `GET` or `HEAD` ask: 304, 412, 206 or 416
    /// in place of the 200, in the order of RFC 9110 §13.2.2. Call it last; it goes by the
    /// `ETag` and `Last-Modified` that are set, and by the body's length. 412 and 416 come up
    /// as the view's error, [`PreconditionFailed`] and [`RangeNotSatisfiable`].
    ///
    /// ```
    /// use devserve::{Request, Response};
    ///
    /// fn report(request: &Request) -> Response {
    ///     Response::text("a long report")
    ///         .add_etag()
    ///         .make_conditional(request)
    /// }
    /// # let _ = report;
    /// ```
    ///
    /// Several ranges of bytes or a file come as multipart/byteranges; of a stream they are
    /// ignored, as is a range of what has no known length. A method that changes something
    /// checks its conditions before it does:
    /// [`Request::check_preconditions`](crate::Request::check_preconditions).
    pub fn make_conditional(self, request: impl AsRef<Environ>) -> Self {
        self.attempt(|response| response.apply_conditions(request.as_ref(), SystemTime::now()))
    }

    fn apply_conditions(&mut self, environ: &Environ, now: SystemTime) -> Result<()> {
        let method = environ.method();
        // Where the answer is no success, conditions do not count (RFC 9110 §13.2.1).
        if !matches!(*method, Method::GET | Method::HEAD) || !self.status.is_success() {
            return Ok(());
        }
        let conditions = Conditions::from_headers(environ.headers(), now);
        let current = Validators::from_headers(&self.headers, now);
        match conditions.decide(method, &current) {
            Decision::PreconditionFailed => return Err(PreconditionFailed.into()),
            Decision::NotModified => {
                self.become_not_modified();
                return Ok(());
            }
            Decision::Send => {}
        }
        let Some(length) = self.ranged_length() else {
            return Ok(());
        };
        let is_current = conditions
            .if_range
            .is_none_or(|if_range| if_range.holds(&current, now));
        if let Some(range) = sole(environ.headers(), &header::RANGE)
            && *method == Method::GET
            && is_current
        {
            self.become_partial(&range, length)?;
        }
        Ok(())
    }

    fn become_not_modified(&mut self) {
        self.status = StatusCode::NOT_MODIFIED;
        fit_to_not_modified(&mut self.headers);
    }

    /// The length of what ranges can be sent of, after saying that they can; `None` where they
    /// cannot.
    fn ranged_length(&mut self) -> Option<u64> {
        if self.status != StatusCode::OK {
            return None;
        }
        let told = || {
            let told = self.headers.get(header::CONTENT_LENGTH)?;
            told.to_str().ok()?.parse().ok()
        };
        let length = self.body.len().or_else(told)?;
        let bytes = HeaderValue::from_static("bytes");
        let units = self
            .headers
            .entry(header::ACCEPT_RANGES)
            .or_insert(bytes)
            .as_bytes();
        // Many ask for a range of whatever it is; one that is empty is answered as it is.
        (units.eq_ignore_ascii_case(b"bytes") && length > 0).then_some(length)
    }

    fn become_partial(&mut self, field: &str, length: u64) -> Result<()> {
        let range: Range = match field.parse() {
            Ok(range) => range,
            // A unit that nobody knows is ignored, and so is a list that would cost too much;
            // what is no range of bytes is refused (RFC 9110 §14.2).
            Err(RangeError::TooMany) => return Ok(()),
            Err(_) if !is_in_bytes(field) => return Ok(()),
            Err(_) => return Err(RangeNotSatisfiable { length }.into()),
        };
        if !range.is_bytes() {
            return Ok(());
        }
        match range.resolve(length).as_slice() {
            [] => Err(RangeNotSatisfiable { length }.into()),
            [part] => self.become_part(part.clone(), length),
            parts => {
                self.become_parts(parts, length);
                Ok(())
            }
        }
    }

    fn become_part(&mut self, part: ops::Range<u64>, length: u64) -> Result<()> {
        let part_length = part.end - part.start;
        let content_range = ContentRange::new("bytes", part.clone(), Some(length))?.to_string();
        self.body = std::mem::take(&mut self.body).range(part)?;
        self.status = StatusCode::PARTIAL_CONTENT;
        self.headers
            .insert(header::CONTENT_RANGE, content_range.try_into()?);
        self.headers
            .insert(header::CONTENT_LENGTH, part_length.into());
        Ok(())
    }

    /// Puts the parts into one body, where they can be read one after the other and a reader
    /// finds the boundary between them as it stands.
    fn become_parts(&mut self, parts: &[ops::Range<u64>], length: u64) {
        if self.headers.contains_key(header::CONTENT_ENCODING) {
            return; // it would be taken for the encoding of the whole
        }
        let source = match std::mem::take(&mut self.body).into_seekable() {
            Ok(source) => source,
            Err(body) => {
                self.body = body;
                return;
            }
        };
        let content_type = self.headers.get(header::CONTENT_TYPE);
        let multipart = ByteRanges::new(source, parts, length, content_type);
        self.status = StatusCode::PARTIAL_CONTENT;
        self.headers
            .insert(header::CONTENT_TYPE, multipart.content_type());
        self.headers
            .insert(header::CONTENT_LENGTH, multipart.len().into());
        self.body = multipart.into_body();
    }
}

fn is_in_bytes(field: &str) -> bool {
    field
        .split_once('=')
        .is_some_and(|(units, _)| units.trim().eq_ignore_ascii_case("bytes"))
}

/// 128 bits of the content. They need not be the same in another build of the app: then a
/// client fetches once more than it had to.
fn digest(bytes: &[u8]) -> String {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        hasher.write(bytes);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(0), half(1))
}

/// No part of the range is in the resource: answered as 416, with the length there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the range is not within the {length} bytes there are")]
pub struct RangeNotSatisfiable {
    /// The length of the whole.
    pub length: u64,
}

/// A 304 has what a cache needs to renew what it holds (RFC 9110 §15.4.5), and nothing that
/// describes a body.
pub(super) fn fit_to_not_modified(headers: &mut HeaderMap) {
    let of_a_cache = [
        header::CONTENT_LOCATION,
        header::EXPIRES,
        header::LAST_MODIFIED,
    ];
    let has_tag = headers.contains_key(header::ETAG);
    // Beside a tag the date says nothing new.
    let kept = &of_a_cache[..if has_tag { 2 } else { 3 }];
    field_scope::remove_entity_headers(headers, kept);
}
