use std::time::SystemTime;

use crate::http::lines::sole;
use crate::http::{
    Conditions, Decision, ETags, IfRange, PreconditionFailed, Range, Validators, header,
};
use crate::request::Request;

/// What the client has already, and which part it wants.
impl Request<'_> {
    /// All conditions of the request (RFC 9110 §13.1).
    pub fn conditions(&self) -> Conditions {
        Conditions::from_headers(self.headers(), SystemTime::now())
    }

    /// `If-Match`: change the resource only if it is in one of these states.
    pub fn if_match(&self) -> Option<ETags> {
        self.conditions().if_match
    }

    /// `If-None-Match`: the states the client has, or `*` to make what is not there yet.
    pub fn if_none_match(&self) -> Option<ETags> {
        self.conditions().if_none_match
    }

    /// `If-Modified-Since`.
    pub fn if_modified_since(&self) -> Option<SystemTime> {
        self.conditions().if_modified_since
    }

    /// `If-Unmodified-Since`.
    pub fn if_unmodified_since(&self) -> Option<SystemTime> {
        self.conditions().if_unmodified_since
    }

    /// `If-Range`: send a range only of this state.
    pub fn if_range(&self) -> Option<IfRange> {
        self.conditions().if_range
    }

    /// `Range`, where it is one; a `Range` that is none may be ignored.
    pub fn range(&self) -> Option<Range> {
        Range::parse(&sole(self.headers(), &header::RANGE)?).ok()
    }

    /// Whether the client needs the resource: `false` where it has it already, or believes it
    /// to be another. For a view that would do much work to find out by
    /// [`Response::make_conditional`](crate::Response::make_conditional).
    pub fn is_resource_modified(&self, current: &Validators) -> bool {
        self.conditions().decide(self.method(), current) == Decision::Send
    }

    /// Checks the conditions before the resource is changed, so that no update is lost.
    ///
    /// ```
    /// use devserve::http::{ETag, Validators};
    /// use devserve::{Request, Response};
    ///
    /// fn save(request: &Request) -> devserve::Result<Response> {
    ///     let current = Validators::new().with_etag(ETag::strong("v7")?);
    ///     request.check_preconditions(&current)?;
    ///     // … and only now write.
    ///     Ok(Response::empty())
    /// }
    /// # let _ = save;
    /// ```
    ///
    /// # Errors
    /// [`PreconditionFailed`], which `?` answers as 412.
    pub fn check_preconditions(&self, current: &Validators) -> Result<(), PreconditionFailed> {
        match self.conditions().decide(self.method(), current) {
            Decision::PreconditionFailed => Err(PreconditionFailed),
            Decision::Send | Decision::NotModified => Ok(()),
        }
    }
}
