use crate::http::accept::{Fit, Range};
use crate::http::{HeaderName, OptionsHeader, header};
use crate::text::tokens;

/// A language range (RFC 4647 §2.1): `de-AT`, `de`, or `*` for any. `_` counts as `-`.
///
/// A range covers every tag that it begins, subtag by subtag (RFC 4647 §3.3.1): `de` covers
/// `de-AT`. Where no range covers an offer, look-up (§3.4) shortens the ranges: a client that
/// asks for `de-AT` gets `de`, and not English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageRange(String);

impl Range for LanguageRange {
    const ANY: &'static str = "*";

    fn field() -> HeaderName {
        header::ACCEPT_LANGUAGE
    }

    fn parse(entry: &OptionsHeader) -> Option<Self> {
        let tag = entry.value();
        tokens::is_token(tag).then(|| Self(tag.replace('_', "-").to_ascii_lowercase()))
    }

    fn specificity(&self) -> usize {
        Fit::name_specificity(&self.0)
    }

    fn fit(&self, offer: &Self) -> Option<Fit> {
        if let Some(fit) = Fit::of_name(&self.0, &offer.0) {
            Some(fit)
        } else if self.begins(offer) {
            Some(Fit::Wider(self.0.len()))
        } else if offer.begins(self) {
            Some(Fit::Narrower(offer.0.len()))
        } else {
            None
        }
    }
}

impl LanguageRange {
    /// Whether the subtags of `longer` begin with these.
    fn begins(&self, longer: &Self) -> bool {
        let rest = longer.0.strip_prefix(self.0.as_str());
        rest.is_some_and(|rest| rest.starts_with('-'))
    }
}

#[cfg(test)]
mod tests {
    use crate::http::AcceptLanguage;

    #[track_caller]
    fn check(header: &str, offers: &[&str], want: Option<&str>) {
        assert_eq!(
            AcceptLanguage::parse(header).best_match(offers),
            want,
            "{header}"
        );
    }

    #[test]
    fn look_up_shortens_the_range_step_by_step() {
        check("zh-Hant-TW", &["zh", "zh-Hant"], Some("zh-Hant"));
        check("zh-Hant-TW", &["zh", "zh-Hans"], Some("zh"));
        check("de-AT, en;q=0.9", &["en", "de"], Some("de"));
        check("en-GB", &["en-US"], None);
        check("en-GB, *;q=0.1", &["fr", "en"], Some("en"));
        check("*", &["fr", "en"], Some("fr"));
    }

    #[test]
    fn a_range_covers_the_tags_it_begins() {
        check("de", &["den-CA", "de-DE"], Some("de-DE"));
        check("en", &["en-US", "en"], Some("en"));
        check("zh, zh-Hant", &["zh-CN", "zh-Hant-TW"], Some("zh-Hant-TW"));
        check("PT_br", &["pt", "pt-BR"], Some("pt-BR"));
    }

    #[test]
    fn what_is_refused_is_refused_with_all_it_begins_and_no_more() {
        check("en, en-US;q=0", &["en-US"], None);
        check("*, en;q=0", &["en-US", "fr"], Some("fr"));
        check("en-US;q=0, *", &["en"], Some("en"));
        check("en-US;q=0", &["en"], None);
    }

    #[test]
    fn what_is_named_outweighs_what_is_only_like_it() {
        check("de-AT, de;q=0.1, en;q=0.5", &["de", "en"], Some("en"));
    }
}
