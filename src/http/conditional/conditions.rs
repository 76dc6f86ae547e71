use std::time::SystemTime;

use crate::http::lines::{joined_bytes, sole};
use crate::http::{ETag, ETags, HeaderMap, HeaderName, IfRange, Method, date, header};
use crate::text::latin1;

/// What tells one state of a resource from another (RFC 9110 §8.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validators {
    etag: Option<ETag>,
    last_modified: Option<SystemTime>,
    exists: bool,
}

impl Validators {
    /// A resource that exists, with no validators yet.
    pub fn new() -> Self {
        Self {
            etag: None,
            last_modified: None,
            exists: true,
        }
    }

    /// A resource that does not exist yet: `If-None-Match: *` lets it be made, and
    /// `If-Match: *` does not.
    pub fn absent() -> Self {
        Self {
            exists: false,
            ..Self::new()
        }
    }

    /// Those of an answer, from its header. `now` decides the century of a date with a two-digit
    /// year.
    pub fn from_headers(headers: &HeaderMap, now: SystemTime) -> Self {
        let date = headers.get(header::LAST_MODIFIED);
        Self {
            etag: headers.get(header::ETAG).and_then(ETag::from_header),
            last_modified: date
                .and_then(|value| date::parse(&latin1::from_bytes(value.as_bytes()), now)),
            exists: true,
        }
    }

    /// With an entity tag.
    pub fn with_etag(self, etag: ETag) -> Self {
        Self {
            etag: Some(etag),
            ..self
        }
    }

    /// With the time of the last change; its whole second counts.
    pub fn with_last_modified(self, time: SystemTime) -> Self {
        Self {
            last_modified: Some(time),
            ..self
        }
    }

    /// The entity tag.
    pub fn etag(&self) -> Option<&ETag> {
        self.etag.as_ref()
    }

    /// The time of the last change.
    pub fn last_modified(&self) -> Option<SystemTime> {
        self.last_modified
    }
}

impl Default for Validators {
    fn default() -> Self {
        Self::new()
    }
}

/// What becomes of a request after its conditions were held against the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Answer as if there were no conditions.
    Send,
    /// The client has it already: 304.
    NotModified,
    /// The resource is not what the client believes: 412, and nothing is changed.
    PreconditionFailed,
}

/// A condition of the request does not hold: answered as 412.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no longer what the request was made for; fetch it again first")]
pub struct PreconditionFailed;

/// The conditions of a request (RFC 9110 §13.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// `If-Match`.
    pub if_match: Option<ETags>,
    /// `If-None-Match`.
    pub if_none_match: Option<ETags>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<SystemTime>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Option<SystemTime>,
    /// `If-Range`.
    pub if_range: Option<IfRange>,
}

impl Conditions {
    /// Reads a request's header. A date that is none, or that came twice, is no condition.
    ///
    /// `now` decides the century of dates with two-digit years.
    pub fn from_headers(headers: &HeaderMap, now: SystemTime) -> Self {
        let date = |name: HeaderName| {
            sole(headers, &name)
                .filter(|value| !value.is_empty())
                .and_then(|value| date::parse(&value, now))
        };
        Self {
            if_match: tags(headers, header::IF_MATCH),
            if_none_match: tags(headers, header::IF_NONE_MATCH),
            if_modified_since: date(header::IF_MODIFIED_SINCE),
            if_unmodified_since: date(header::IF_UNMODIFIED_SINCE),
            // Two of them are a condition that cannot hold, not none.
            if_range: headers.contains_key(header::IF_RANGE).then(|| {
                sole(headers, &header::IF_RANGE)
                    .map_or(IfRange::Unreadable, |value| IfRange::parse(&value, now))
            }),
        }
    }

    /// Holds the conditions against the resource, in the order of RFC 9110 §13.2.2, steps 1 to 4.
    /// Step 5, [`if_range`](Self::if_range), is for whoever would send a range.
    ///
    /// It is for an answer that would be a success: where it would be another, conditions do
    /// not count (§13.2.1).
    ///
    /// ```
    /// # use devserve::http::{Conditions, Decision, ETag, ETags, Method, Validators};
    /// let conditions = Conditions {
    ///     if_none_match: Some(ETags::parse("\"v1\", \"v2\"")),
    ///     ..Conditions::default()
    /// };
    /// let current = Validators::new().with_etag(ETag::strong("v2")?);
    /// assert_eq!(conditions.decide(&Method::GET, &current), Decision::NotModified);
    /// # Ok::<(), devserve::http::ETagError>(())
    /// ```
    pub fn decide(&self, method: &Method, current: &Validators) -> Decision {
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        if !self.may_change(current) {
            return Decision::PreconditionFailed;
        }
        match &self.if_none_match {
            Some(known) if is_known(known, current) && is_read => Decision::NotModified,
            Some(known) if is_known(known, current) => Decision::PreconditionFailed,
            Some(_) => Decision::Send, // and the date does not count (§13.1.3)
            None if is_read && self.is_unmodified(current) => Decision::NotModified,
            None => Decision::Send,
        }
    }

    /// Steps 1 and 2: whether the resource still is what the client believes.
    fn may_change(&self, current: &Validators) -> bool {
        match (&self.if_match, self.if_unmodified_since) {
            (Some(wanted), _) if wanted.is_any() => current.exists,
            (Some(wanted), _) => current.etag().is_some_and(|tag| wanted.contains(tag)),
            (None, Some(limit)) => current
                .last_modified()
                .is_none_or(|time| date::seconds(time) <= date::seconds(limit)),
            (None, None) => true,
        }
    }

    /// Step 4.
    fn is_unmodified(&self, current: &Validators) -> bool {
        match (self.if_modified_since, current.last_modified()) {
            (Some(seen), Some(time)) => date::seconds(time) <= date::seconds(seen),
            _ => false,
        }
    }
}

/// Step 3: whether the client has the resource in its present state.
fn is_known(known: &ETags, current: &Validators) -> bool {
    if known.is_any() {
        return current.exists;
    }
    current.etag().is_some_and(|tag| known.contains_weak(tag))
}

/// All tags of a field; `None` where there is no such field. A field without a readable tag is
/// a condition that matches nothing.
fn tags(headers: &HeaderMap, name: HeaderName) -> Option<ETags> {
    let is_there = headers.contains_key(&name);
    is_there.then(|| ETags::parse(&joined_bytes(headers, &name)))
}

#[cfg(test)]
mod tests;
