//! HTTP vocabulary: methods, statuses, header fields, and HTTP/1.1 messages as bytes.
//!
//! Nothing here reads a socket, a clock or the environment: bytes come in, values go out.
//! Methods, statuses, versions and header maps are those of crate [`http`]. What it
//! lacks lives here, one family of fields to a file.

pub mod accept;
/// Numbers of seconds: `Age` (RFC 9111 §5.1) and its like.
pub mod age;
mod auth;
mod cache_control;
mod conditional;
mod content_range;
mod content_security_policy;
mod content_type;
/// The `Cookie` field: what a browser sends back.
pub mod cookie;
mod cross_origin;
/// HTTP-dates (RFC 9110 §5.6.7).
pub mod date;
mod disposition;
mod etag;
/// How far a field goes: to the next hop only, with the content, or all the way.
pub mod field_scope;
pub mod forwarded;
pub mod h1;
mod header_set;
mod host;
mod if_range;
mod iri;
mod list;
pub mod multidict;
mod options;
mod range;
mod reference;
mod retry_after;
mod same_site;
mod sec_fetch;
mod set_cookie;
mod target;
mod words;

pub use ::http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header,
};

pub use accept::{Accept, AcceptCharset, AcceptEncoding, AcceptLanguage};
pub use auth::{AuthError, Authorization, WwwAuthenticate};
pub use cache_control::{CacheControl, CacheScope};
pub(crate) use conditional::sole;
pub use conditional::{Conditions, Decision, PreconditionFailed, Validators};
pub use content_range::ContentRange;
pub use content_security_policy::{ContentSecurityPolicy, CspError};
pub use content_type::{ContentType, with_default_charset};
pub use cookie::Cookies;
pub use cross_origin::{
    CrossOriginEmbedderPolicy, CrossOriginOpenerPolicy, CrossOriginResourcePolicy,
};
pub use disposition::ContentDisposition;
pub use etag::{ETag, ETagError, ETags};
pub use forwarded::Forwarded;
pub use header_set::HeaderSet;
pub use host::{Host, HostError, TrustedHosts};
pub use if_range::IfRange;
pub use iri::{UrlError, iri_to_uri, uri_to_iri};
pub(crate) use iri::{is_local, path_to_uri, query_to_uri};
pub use list::{FieldError, dump_dict, dump_list, parse_dict, parse_list};
pub use multidict::{CombinedMultiDict, MultiDict, ValueError};
pub use options::OptionsHeader;
pub use range::{Range, RangeError, RangeSpec};
pub use reference::join;
pub use retry_after::RetryAfter;
pub use same_site::SameSite;
pub use sec_fetch::{SecFetchDest, SecFetchMode, SecFetchSite};
pub use set_cookie::{SetCookie, SetCookieError};
pub use target::Target;
