use crate::http::accept::{Accept, Fit, Range};
use crate::http::{HeaderName, OptionsHeader, header};
use crate::text::tokens;

/// A media range (RFC 9110 §12.5.1): `text/html;level=1`, `text/*` or `*/*`.
///
/// A range without parameters covers the type with any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRange {
    kind: String,
    subtype: String,
    // In lower case, as HTTP's own parameters compare without it.
    params: Vec<(String, String)>,
}

impl Range for MediaRange {
    const ANY: &'static str = "*/*";

    fn field() -> HeaderName {
        header::ACCEPT
    }

    fn parse(entry: &OptionsHeader) -> Option<Self> {
        let (kind, subtype) = entry.value().split_once('/')?;
        if !tokens::is_token(kind) || !tokens::is_token(subtype) || kind == "*" && subtype != "*" {
            return None;
        }
        let params = entry.params().filter(|(name, _)| *name != "q");
        Some(Self {
            kind: kind.to_ascii_lowercase(),
            subtype: subtype.to_ascii_lowercase(),
            params: params
                .map(|(name, value)| (name.to_owned(), value.to_ascii_lowercase()))
                .collect(),
        })
    }

    fn specificity(&self) -> usize {
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", _) => self.params.len(),
            (_, "*") => 1 + self.params.len(),
            _ => 2 + self.params.len(),
        }
    }

    fn fit(&self, offer: &Self) -> Option<Fit> {
        let matches = |range: &str, offer: &str| range == "*" || range == offer;
        let covers = matches(&self.kind, &offer.kind)
            && matches(&self.subtype, &offer.subtype)
            && self.params.iter().all(|param| offer.params.contains(param));
        let fit = match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", _) => Fit::Any,
            (_, "*") => Fit::Wider(0),
            _ => Fit::Named(self.params.len()),
        };
        covers.then_some(fit)
    }
}

impl Accept {
    /// Whether HTML is taken.
    pub fn accepts_html(&self) -> bool {
        self.accepts("text/html") || self.accepts_xhtml()
    }

    /// Whether XHTML is taken.
    pub fn accepts_xhtml(&self) -> bool {
        self.accepts("application/xhtml+xml") || self.accepts("application/xml")
    }

    /// Whether JSON is taken.
    pub fn accepts_json(&self) -> bool {
        self.accepts("application/json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, offers: &[&str], want: Option<&str>) {
        assert_eq!(Accept::parse(header).best_match(offers), want, "{header}");
    }

    #[test]
    fn the_gladly_taken_then_the_specific_then_the_earlier_offer_wins() {
        let (html, text, json) = ("text/html", "text/plain", "application/json");
        check(
            "text/html;q=0.5, image/*;q=0.9",
            &[html, "image/png"],
            Some("image/png"),
        );
        check("*/*, text/html", &["image/png", html], Some(html));
        check("*/*", &[json, html], Some(json));
        check("*/*, text/html;q=0", &[html, text], Some(text));
        check("*/*;q=0", &[html], None);
        check("", &[html], None);
        check("text/*;q=0.5, text/html;q=0.1", &[html, text], Some(text));
        check("*/*", &["no type"], None);
    }

    #[test]
    fn a_range_without_parameters_covers_the_type_with_any() {
        let offer = "text/html; charset=utf-8";
        check("text/html", &[offer], Some(offer));
        check(
            "text/html;charset=UTF-8",
            &["text/html", offer],
            Some(offer),
        );
        check("text/html;level=1", &[offer], None);
        check(
            "TEXT/HTML;Level=1;q=0.5, text/html;q=0.1",
            &[offer, "text/html;LEVEL=1"],
            Some("text/html;LEVEL=1"),
        );
    }

    #[test]
    fn a_broken_entry_spoils_nothing_else() {
        check(
            "foo=, text/html;q=2, text/plain;q=0.1",
            &["text/html", "text/plain"],
            Some("text/plain"),
        );
        check(
            "text/plain;x=\"a,b\", text/html",
            &["text/html"],
            Some("text/html"),
        );
        check("*/html, text/, /html, te xt/html, *", &["text/html"], None);
        check(
            "text/html, text/plain;a=\"b, image/png",
            &["image/png", "text/html"],
            Some("text/html"),
        );
    }

    #[test]
    fn the_list_is_in_the_clients_order() {
        let accept = Accept::parse("*/*;q=0.1, text/html, a/b ; x=\"1 2\";Q=0.50,a/*;q=0.5");
        assert_eq!(
            accept.to_string(),
            "text/html,a/b; x=\"1 2\";q=0.5,a/*;q=0.5,*/*;q=0.1"
        );
        assert_eq!(Accept::parse(&accept.to_string()), accept);
    }
}
