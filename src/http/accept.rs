use std::cmp::Reverse;

use crate::http::OptionsHeader;

/// What media types a client takes, and how gladly (RFC 9110 §12.5.1).
///
/// ```
/// # use devserve::http::Accept;
/// let accept = Accept::parse("text/html, */*;q=0.5");
/// assert_eq!(accept.best_match(&["application/json", "text/html"]), Some("text/html"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Accept {
    ranges: Vec<Range>,
}

#[derive(Clone, Debug)]
struct Range {
    kind: String,
    subtype: String,
    params: Vec<(String, String)>,
    /// In thousandths, which is all the digits the grammar has.
    quality: u16,
}

impl Accept {
    /// Reads a field value. An entry that cannot be read is left out; the others count.
    pub fn parse(text: &str) -> Self {
        Self {
            ranges: split_list(text).filter_map(Range::parse).collect(),
        }
    }

    /// A client that sent no `Accept`: it takes anything.
    pub fn anything() -> Self {
        Self::parse("*/*")
    }

    /// How gladly `media_type` is taken, from 0.0 (not at all) to 1.0. The most specific range
    /// that covers it decides.
    pub fn quality(&self, media_type: &str) -> f32 {
        self.rank(media_type)
            .map_or(0.0, |(quality, _)| f32::from(quality) / 1000.0)
    }

    /// The best of `offers`: the gladly taken, then the one named most specifically, then the
    /// earlier offer. `None` where none is acceptable.
    pub fn best_match<'a>(&self, offers: &[&'a str]) -> Option<&'a str> {
        offers
            .iter()
            .enumerate()
            .filter_map(|(place, offer)| Some((self.rank(offer)?, Reverse(place), *offer)))
            .filter(|((quality, _), ..)| *quality > 0)
            .max_by_key(|&(rank, place, _)| (rank, place))
            .map(|(.., offer)| offer)
    }

    fn rank(&self, media_type: &str) -> Option<(u16, usize)> {
        let offer = Range::parse(media_type)?;
        let covering = self.ranges.iter().filter(|range| range.covers(&offer));
        covering
            .map(|range| (range.specificity(), range.quality))
            .max()
            .map(|(s, q)| (q, s))
    }
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let header = OptionsHeader::parse(text);
        let (kind, subtype) = header.value().split_once('/')?;
        if kind.is_empty() || subtype.is_empty() || kind == "*" && subtype != "*" {
            return None;
        }
        let mut params: Vec<_> = header
            .params()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let weight = params.extract_if(.., |(name, _)| name == "q").last();
        params.sort_unstable();
        Some(Self {
            kind: kind.to_ascii_lowercase(),
            subtype: subtype.to_ascii_lowercase(),
            params,
            quality: weight.map_or(Some(1000), |(_, text)| parse_quality(&text))?,
        })
    }

    /// A range without parameters covers the type with any.
    fn covers(&self, offer: &Self) -> bool {
        (self.kind == "*" || self.kind == offer.kind)
            && (self.subtype == "*" || self.subtype == offer.subtype)
            && self.params.iter().all(|param| offer.params.contains(param))
    }

    fn specificity(&self) -> usize {
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("*", _) => 0,
            (_, "*") => 1,
            _ => 2 + self.params.len(),
        }
    }
}

/// The entries of a comma list, commas inside quotes left alone.
fn split_list(text: &str) -> impl Iterator<Item = &str> {
    let mut in_quotes = false;
    let mut escaped = false;
    text.split(move |character| {
        let was_escaped = std::mem::replace(&mut escaped, false);
        match character {
            '"' if !was_escaped => in_quotes = !in_quotes,
            '\\' if in_quotes && !was_escaped => escaped = true,
            _ => {}
        }
        character == ',' && !in_quotes
    })
    .filter(|entry| !entry.trim().is_empty())
}

/// `0.5` as 500 thousandths; `None` for what RFC 9110 §12.4.2 does not allow.
fn parse_quality(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", _) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
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
        check(
            "text/html;q=0.5, image/*;q=0.9",
            &["text/html", "image/png"],
            Some("image/png"),
        );
        check(
            "*/*, text/html",
            &["image/png", "text/html"],
            Some("text/html"),
        );
        check(
            "*/*",
            &["application/json", "text/html"],
            Some("application/json"),
        );
        check(
            "*/*, text/html;q=0",
            &["text/html", "text/plain"],
            Some("text/plain"),
        );
        check(
            "text/html",
            &["text/html; charset=utf-8"],
            Some("text/html; charset=utf-8"),
        );
        check("*/*;q=0", &["text/html"], None);
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
    }
}
