use std::cmp::Reverse;
use std::fmt;

use crate::http::lines::joined;
use crate::http::list::readable_items;
use crate::http::{HeaderMap, HeaderName, OptionsHeader};
use crate::text::digits;

/// The entries of a field of the `Accept` family, the gladly taken first.
///
/// Of equal weight the more specific goes first, and then the one sent first.
///
/// ```
/// # use devserve::http::Accept;
/// let accept = Accept::parse("text/*;q=0.3, text/html, */*;q=0.1");
/// assert_eq!(accept.best(), Some("text/html"));
/// assert_eq!(accept.quality("text/plain"), 0.3);
/// assert_eq!(accept.to_string(), "text/html,text/*;q=0.3,*/*;q=0.1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptList<R> {
    entries: Vec<Entry<R>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry<R> {
    range: R,
    text: String,
    weight: Weight,
}

/// What one entry of a field may be: a media range, a language range, a coding, a charset.
pub trait Range: Sized {
    /// The entry that covers every offer.
    const ANY: &'static str;

    /// The field it stands in.
    fn field() -> HeaderName;

    /// Reads an entry without its weight, or an offer; `None` where it is neither.
    fn parse(entry: &OptionsHeader) -> Option<Self>;

    /// Where the entry stands among those of equal weight.
    fn specificity(&self) -> usize;

    /// How closely the entry names `offer`; `None` where it does not cover it.
    fn fit(&self, offer: &Self) -> Option<Fit>;

    /// Whether `offer` is taken although no entry covers it.
    fn is_implied(_offer: &Self) -> bool {
        false
    }
}

/// How closely a [`Range`] names an offer, loosest first. The closest entry decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It covers everything.
    Any,
    /// It is narrower than the offer, which is what look-up falls back to. With the length of
    /// the offer. It cannot refuse the offer.
    Narrower(usize),
    /// It is wider than the offer; with its length.
    Wider(usize),
    /// It names the offer; with the number of parameters that are the same.
    Named(usize),
}

impl Fit {
    /// How closely `range`, a name or `*` for any, names `offer`.
    pub(super) fn of_name(range: &str, offer: &str) -> Option<Self> {
        match range {
            "*" => Some(Self::Any),
            name => (name == offer).then_some(Self::Named(0)),
        }
    }

    /// Where a range that is one name, or `*` for any, stands.
    pub(super) fn name_specificity(range: &str) -> usize {
        usize::from(range != "*")
    }
}

impl<R: Range> AcceptList<R> {
    /// Reads a field value. An entry that cannot be read is left out; the others count. Of one
    /// with a quote that is never closed nobody knows the end, so it is the last.
    pub fn parse(text: &str) -> Self {
        let entries = readable_items(text).into_iter();
        let mut entries: Vec<_> = entries.filter_map(Entry::parse).collect();
        entries.sort_by_key(|entry: &Entry<R>| {
            (Reverse(entry.weight), Reverse(entry.range.specificity()))
        });
        Self { entries }
    }

    /// Reads all lines of the field, which are one list (RFC 9110 §5.3). Without any, everything
    /// is taken.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let name = R::field();
        match headers.contains_key(&name) {
            true => Self::parse(&joined(headers, &name)),
            false => Self::anything(),
        }
    }

    /// A client that sent no such field: it takes anything.
    pub fn anything() -> Self {
        Self::parse(R::ANY)
    }

    /// Every entry and its weight, from 0.0 (refused) to 1.0, the gladly taken first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f32)> {
        self.entries
            .iter()
            .map(|entry| (entry.text.as_str(), entry.weight.to_f32()))
    }

    /// Every entry without its weight, the gladly taken first.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.text.as_str())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the field holds no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry the client likes most; `None` where it likes nothing.
    pub fn best(&self) -> Option<&str> {
        let first = self.entries.first()?;
        (first.weight > Weight::NONE).then_some(first.text.as_str())
    }

    /// How gladly `offer` is taken, from 0.0 (not at all) to 1.0. The entry that names it most
    /// closely decides.
    pub fn quality(&self, offer: &str) -> f32 {
        self.rank(offer).map_or(0.0, |(weight, _)| weight.to_f32())
    }

    /// Whether `offer` is taken at all.
    pub fn accepts(&self, offer: &str) -> bool {
        self.rank(offer)
            .is_some_and(|(weight, _)| weight > Weight::NONE)
    }

    /// The best of `offers`: the gladly taken, then the one named most closely, then the
    /// earlier offer. `None` where none is acceptable.
    pub fn best_match<'a>(&self, offers: &[&'a str]) -> Option<&'a str> {
        offers
            .iter()
            .enumerate()
            .filter_map(|(place, offer)| Some((self.rank(offer)?, Reverse(place), *offer)))
            .filter(|((weight, _), ..)| *weight > Weight::NONE)
            .max_by_key(|&(rank, place, _)| (rank, place))
            .map(|(.., offer)| offer)
    }

    fn rank(&self, offer: &str) -> Option<(Weight, Fit)> {
        let offer = R::parse(&OptionsHeader::parse(offer))?;
        let covering = self.entries.iter().filter_map(|entry| {
            let fit = entry.range.fit(&offer)?;
            let refuses_another = matches!(fit, Fit::Narrower(_)) && entry.weight == Weight::NONE;
            (!refuses_another).then_some((fit, entry.weight))
        });
        match covering.max() {
            Some((fit, weight)) => Some((weight, fit)),
            None => R::is_implied(&offer).then_some((Weight::LEAST, Fit::Any)),
        }
    }
}

/// As a field value, in the list's own order.
impl<R> fmt::Display for AcceptList<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, entry) in self.entries.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{}{}", entry.text, entry.weight)?;
        }
        Ok(())
    }
}

impl<R: Range> Entry<R> {
    fn parse(text: &str) -> Option<Self> {
        let header = OptionsHeader::parse(text);
        let weight = match header.param("q") {
            Some(weight) => Weight::parse(weight)?,
            None => Weight::FULL,
        };
        let others = header.params().filter(|(name, _)| *name != "q");
        let bare = others.fold(OptionsHeader::new(header.value()), |bare, (name, value)| {
            bare.with(name, value)
        });
        Some(Self {
            range: R::parse(&bare)?,
            text: bare.to_text().ok()?,
            weight,
        })
    }
}

/// A `qvalue` (RFC 9110 §12.4.2) in millionths: its grammar has three decimals, and some
/// clients send more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Weight(u32);

impl Weight {
    const NONE: Self = Self(0);
    const LEAST: Self = Self(1);
    const FULL: Self = Self(1_000_000);

    fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        if !(decimals.is_empty() || digits::is_number(decimals)) {
            return None;
        }
        let digits = &decimals[..decimals.len().min(6)];
        let millionths: u32 = format!("{digits:0<6}").parse().ok()?;
        match whole {
            "0" => Some(Self(millionths)),
            "1" if decimals.bytes().all(|byte| byte == b'0') => Some(Self::FULL),
            _ => None,
        }
    }

    fn to_f32(self) -> f32 {
        // Both are exact in 24 bits, so that 0.3 comes out as the literal 0.3 does.
        self.0 as f32 / Self::FULL.0 as f32
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1_000_000 => Ok(()),
            0 => f.write_str(";q=0"),
            part => {
                let decimals = format!("{part:06}");
                write!(f, ";q=0.{}", decimals.trim_end_matches('0'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<f32>) {
        assert_eq!(Weight::parse(text).map(Weight::to_f32), want, "{text}");
    }

    #[test]
    fn a_weight_is_a_number_from_0_to_1() {
        check("0", Some(0.0));
        check("0.3", Some(0.3));
        check("0.001", Some(0.001));
        check("0.3333333333", Some(0.333_333));
        check("1", Some(1.0));
        check("1.", Some(1.0));
        check("1.000", Some(1.0));
        for wrong in [
            "1.001",
            "2",
            "-1",
            "-0.5",
            "+1",
            ".5",
            "",
            "1e0",
            "0,5",
            "00.5",
            "01",
            "inf",
            "nan",
            "0.5 ",
            "0.5.5",
            "1.0000000001",
            "\u{1fbf0}.5",
        ] {
            check(wrong, None);
        }
    }
}
