//! What a page may do and load, and what other pages may do with it; and what browsers tell of
//! a page that sends a request.

mod content_security_policy;
mod cross_origin;
mod sec_fetch;
mod words;

pub use content_security_policy::{ContentSecurityPolicy, CspError};
pub use cross_origin::{
    CrossOriginEmbedderPolicy, CrossOriginOpenerPolicy, CrossOriginResourcePolicy,
};
pub use sec_fetch::{SecFetchDest, SecFetchMode, SecFetchSite};
