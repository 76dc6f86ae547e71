//! HTTP vocabulary: methods, statuses, header fields, and HTTP/1.1 messages as bytes.
//!
//! Nothing here reads a socket, a clock or the environment: bytes come in, values go out.
//! Methods, statuses, versions and header maps are those of crate [`http`]. What it
//! lacks lives here, one family of fields to a file or a folder.
//!
//! A type of a field is read with `parse` from one value, and with `from_headers` from all the
//! lines a message has of it. Where anything can be made of any text, `parse` gives the value;
//! else an `Option`, or a `Result` where the reason matters. It is written with `to_header`, or
//! with `Display` where nothing can go wrong.

pub mod accept;
/// Numbers of seconds: `Age` (RFC 9111 §5.1) and its like.
pub mod age;
mod auth;
mod cache_control;
mod conditional;
mod content;
pub mod cookie;
/// HTTP-dates (RFC 9110 §5.6.7).
pub mod date;
/// How far a field goes: to the next hop only, with the content, or all the way.
pub mod field_scope;
pub mod forwarded;
pub mod h1;
mod header_set;
pub(crate) mod lines;
mod list;
pub mod multidict;
mod policy;
mod range;
mod retry_after;
mod url;

pub use ::http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header,
};

pub use accept::{Accept, AcceptCharset, AcceptEncoding, AcceptLanguage};
pub use auth::{AuthError, Authorization, WwwAuthenticate};
pub use cache_control::{CacheControl, CacheScope};
pub use conditional::{
    Conditions, Decision, ETag, ETagError, ETags, IfRange, PreconditionFailed, Validators,
};
pub use content::{ContentDisposition, ContentType, OptionsHeader, with_default_charset};
pub use cookie::{Cookies, SameSite, SetCookie, SetCookieError};
pub use forwarded::Forwarded;
pub use header_set::HeaderSet;
pub use list::{FieldError, dump_dict, dump_list, parse_dict, parse_list};
pub use multidict::{CombinedMultiDict, MultiDict, ValueError};
pub use policy::{
    ContentSecurityPolicy, CrossOriginEmbedderPolicy, CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy, CspError, SecFetchDest, SecFetchMode, SecFetchSite,
};
pub use range::{ContentRange, Range, RangeError, RangeSpec};
pub use retry_after::RetryAfter;
pub use url::{Host, HostError, Target, TrustedHosts, UrlError, iri_to_uri, join, uri_to_iri};
pub(crate) use url::{is_local, path_to_uri, query_to_uri};
