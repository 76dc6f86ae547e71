use crate::http::accept::{Fit, Range};
use crate::http::{HeaderName, OptionsHeader, header};
use crate::text::{charset, tokens};

/// A charset (RFC 9110 §12.5.2), or `*` for any. One charset has several names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharsetRange(String);

impl Range for CharsetRange {
    const ANY: &'static str = "*";

    fn field() -> HeaderName {
        header::ACCEPT_CHARSET
    }

    fn parse(entry: &OptionsHeader) -> Option<Self> {
        let label = entry.value();
        tokens::is_token(label).then(|| {
            Self(match label {
                Self::ANY => label.to_owned(),
                name => charset::plain_name(name),
            })
        })
    }

    fn specificity(&self) -> usize {
        Fit::name_specificity(&self.0)
    }

    fn fit(&self, offer: &Self) -> Option<Fit> {
        Fit::of_name(&self.0, &offer.0)
    }
}

#[cfg(test)]
mod tests {
    use crate::http::AcceptCharset;

    #[track_caller]
    fn check(header: &str, offer: &str, want: f32) {
        assert_eq!(
            AcceptCharset::parse(header).quality(offer),
            want,
            "{header}: {offer}"
        );
    }

    #[test]
    fn a_charset_has_several_names() {
        check("utf-8", "UTF8", 1.0);
        check("utf_8", "utf-8", 1.0);
        check("latin1;q=0.5", "ISO-8859-1", 0.5);
        check("ASCII", "us-ascii", 1.0);
        check("iso-8859-15", "iso-8859-1", 0.0);
        check("*;q=0.1, utf-8", "koi8-r", 0.1);
    }
}
