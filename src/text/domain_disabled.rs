use std::borrow::Cow;

/// A domain name in ASCII; any other is given in its `xn--` form where feature `idna` is off.
pub(crate) fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
    domain.is_ascii().then_some(Cow::Borrowed(domain))
}
