use crate::http::accept::{Fit, Range};
use crate::http::{HeaderName, OptionsHeader, header};
use crate::text::tokens;

/// A content coding (RFC 9110 §12.5.3), or `*` for any.
///
/// `identity`, the body as it is, is taken unless refused by name or by `*;q=0`; where it was
/// not listed, every coding that was goes before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodingRange(String);

impl Range for CodingRange {
    const ANY: &'static str = "*";

    fn field() -> HeaderName {
        header::ACCEPT_ENCODING
    }

    fn parse(entry: &OptionsHeader) -> Option<Self> {
        let coding = entry.value().to_ascii_lowercase();
        tokens::is_token(&coding).then(|| {
            Self(match coding.as_str() {
                // Old names of the same (RFC 9110 §8.4.1).
                "x-gzip" => "gzip".to_owned(),
                "x-compress" => "compress".to_owned(),
                _ => coding,
            })
        })
    }

    fn specificity(&self) -> usize {
        Fit::name_specificity(&self.0)
    }

    fn fit(&self, offer: &Self) -> Option<Fit> {
        Fit::of_name(&self.0, &offer.0)
    }

    fn is_implied(offer: &Self) -> bool {
        offer.0 == "identity"
    }
}

#[cfg(test)]
mod tests {
    use crate::http::AcceptEncoding;

    #[track_caller]
    fn check(header: &str, offers: &[&str], want: Option<&str>) {
        assert_eq!(
            AcceptEncoding::parse(header).best_match(offers),
            want,
            "{header}"
        );
    }

    #[test]
    fn identity_is_taken_unless_refused_and_comes_last() {
        let offers = ["identity", "gzip"];
        check("gzip", &offers, Some("gzip"));
        check("gzip;q=0.001", &offers, Some("gzip"));
        check("gzip;q=0", &offers, Some("identity"));
        check("", &offers, Some("identity"));
        check("br, *;q=0", &offers, None);
        check("br, *;q=0, identity;q=0.5", &offers, Some("identity"));
        check("br, identity;q=0", &offers, None);
        check("br, *;q=0.1", &["identity"], Some("identity"));
        check("*", &offers, Some("identity"));
    }

    #[test]
    fn names_have_no_case_and_two_have_old_spellings() {
        check("GZip", &["gzip"], Some("gzip"));
        check("x-gzip;q=0.5, br", &["gzip"], Some("gzip"));
        check("compress", &["x-compress"], Some("x-compress"));
    }
}
