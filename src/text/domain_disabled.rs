use std::borrow::Cow;

/// A domain name in ASCII; any other is given in its `xn--` form where feature `idna` is off.
pub(crate) fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
    domain.is_ascii().then_some(Cow::Borrowed(domain))
}

/// The text behind a label in its `xn--` form, which is not known where feature `idna` is off.
pub(crate) fn label_to_unicode(_label: &str) -> Option<String> {
    None
}
