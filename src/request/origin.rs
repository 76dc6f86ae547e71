use crate::http::{HeaderSet, Method, SecFetchDest, SecFetchMode, SecFetchSite, header};
use crate::request::Request;

/// Whose page sends the request, and what for: CORS and fetch metadata.
impl<'a> Request<'a> {
    /// `Origin`: scheme, host and port of the page that sends the request (RFC 6454 §7), or
    /// `null` where the browser keeps them to itself.
    pub fn origin(&self) -> Option<&'a str> {
        self.header("origin")
    }

    /// The method a page asks to be allowed, before it sends the request proper.
    pub fn access_control_request_method(&self) -> Option<Method> {
        self.header("access-control-request-method")?.parse().ok()
    }

    /// The fields a page asks to be allowed.
    pub fn access_control_request_headers(&self) -> HeaderSet {
        HeaderSet::from_headers(self.headers(), &header::ACCESS_CONTROL_REQUEST_HEADERS)
    }

    /// Who caused the request; `None` from a client that does not tell.
    ///
    /// A request that changes something is safe from forgery where this is
    /// [`SameOrigin`](SecFetchSite::SameOrigin) or [`None`](SecFetchSite::None).
    pub fn sec_fetch_site(&self) -> Option<SecFetchSite> {
        SecFetchSite::parse(self.header("sec-fetch-site")?)
    }

    /// How the answer will be used.
    pub fn sec_fetch_mode(&self) -> Option<SecFetchMode> {
        SecFetchMode::parse(self.header("sec-fetch-mode")?)
    }

    /// What the answer will be.
    pub fn sec_fetch_dest(&self) -> Option<SecFetchDest> {
        SecFetchDest::parse(self.header("sec-fetch-dest")?)
    }

    /// Whether the user caused the request, by a click or a key.
    pub fn sec_fetch_user(&self) -> bool {
        self.header("sec-fetch-user")
            .is_some_and(|value| value.trim() == "?1")
    }
}
