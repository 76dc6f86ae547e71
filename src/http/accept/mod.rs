//! What a client takes, and how gladly: the `Accept` family (RFC 9110 §12.5).
//!
//! Start at [`AcceptList`], which is the same for all four fields. What an entry may be, and
//! which offers it covers, is a [`Range`] of its own: one grammar to a file.

mod charset_range;
mod coding_range;
mod language_range;
mod list;
mod media_range;

pub use charset_range::CharsetRange;
pub use coding_range::CodingRange;
pub use language_range::LanguageRange;
pub use list::{AcceptList, Fit, Range};
pub use media_range::MediaRange;

/// What media types a client takes, and how gladly (RFC 9110 §12.5.1).
///
/// ```
/// # use devserve::http::Accept;
/// let accept = Accept::parse("text/html, */*;q=0.5");
/// assert_eq!(accept.best_match(&["application/json", "text/html"]), Some("text/html"));
/// ```
pub type Accept = AcceptList<MediaRange>;

/// What languages a client reads (RFC 9110 §12.5.4), matched by look-up (RFC 4647 §3.4).
///
/// ```
/// # use devserve::http::AcceptLanguage;
/// let accept = AcceptLanguage::parse("de-AT, en;q=0.5");
/// assert_eq!(accept.best_match(&["en", "de"]), Some("de"));
/// ```
pub type AcceptLanguage = AcceptList<LanguageRange>;

/// What content codings a client undoes (RFC 9110 §12.5.3).
///
/// ```
/// # use devserve::http::AcceptEncoding;
/// let accept = AcceptEncoding::parse("br;q=0.5, gzip");
/// assert_eq!(accept.best_match(&["br", "gzip", "identity"]), Some("gzip"));
/// assert!(accept.accepts("identity"), "as it is, where that is not refused");
/// ```
pub type AcceptEncoding = AcceptList<CodingRange>;

/// What charsets a client reads (RFC 9110 §12.5.2). The field is deprecated: everybody reads
/// UTF-8.
pub type AcceptCharset = AcceptList<CharsetRange>;
