use std::borrow::Cow;

use ::idna::AsciiDenyList;

/// A domain name in ASCII, as UTS 46 maps it without transition: `faß.de` is `xn--fa-hia.de`.
///
/// ASCII stays as written. `None` where the name has no such form, or is far longer than any
/// (RFC 1035 §2.3.4 has 255 bytes): the work grows with the square of a label's length.
pub(crate) fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
    if domain.is_ascii() {
        return Some(Cow::Borrowed(domain));
    }
    if domain.len() > 1000 {
        return None;
    }
    ::idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::URL).ok()
}

/// The text behind a label in its `xn--` form; `None` where there is none, or the label is
/// longer than any (RFC 1035 §2.3.4).
pub(crate) fn label_to_unicode(label: &str) -> Option<String> {
    if !label.starts_with("xn--") || label.len() > 63 {
        return None;
    }
    let (text, outcome) = ::idna::domain_to_unicode(label);
    outcome.is_ok().then_some(text)
}
