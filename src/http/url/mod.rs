//! Where a request goes and where a link leads: hosts, request targets, references, IRIs
//! (RFC 3986, RFC 3987, RFC 9112 §3.2).

mod host;
mod iri;
mod reference;
mod target;

pub use host::{Host, HostError, TrustedHosts};
pub use iri::{UrlError, iri_to_uri, uri_to_iri};
pub(crate) use iri::{is_local, path_to_uri, query_to_uri};
pub use reference::join;
pub use target::Target;
