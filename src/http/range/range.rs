use std::fmt;
use std::ops;
use std::str::FromStr;

use crate::text::{digits, ows, tokens};

/// The parts asked for in a `Range` field (RFC 9110 §14.2), in the order sent.
///
/// ```
/// # use devserve::http::Range;
/// let range = Range::parse("bytes=0-4, -2")?;
/// assert_eq!(range.resolve(10), [0..5, 8..10]);
/// # Ok::<(), devserve::http::RangeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    // Invariant: a token in lower case.
    units: String,
    // Invariant: from 1 to MAX_SPECS, none reversed, no suffix of nothing.
    specs: Vec<RangeSpec>,
}

/// One part asked for (RFC 9110 §14.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeSpec {
    /// `5-9`, both ends included. Shorter content gives what it has.
    Closed {
        /// The first position.
        first: u64,
        /// The last position.
        last: u64,
    },
    /// `5-`: from there to the end.
    From(u64),
    /// `-5`: so many at the end; of shorter content all of it (§14.1.2).
    Suffix(u64),
}

impl Range {
    /// More parts than this are refused: each costs an answer far more than the request.
    pub const MAX_SPECS: usize = 200;

    /// Parts of any unit.
    ///
    /// # Errors
    /// [`RangeError`] for what no field can say.
    pub fn new(
        units: &str,
        specs: impl IntoIterator<Item = RangeSpec>,
    ) -> Result<Self, RangeError> {
        if !tokens::is_token(units) {
            return Err(RangeError::Malformed);
        }
        let mut kept = Vec::new();
        for spec in specs {
            match spec {
                RangeSpec::Closed { first, last } if first > last => {
                    return Err(RangeError::Malformed);
                }
                // Nothing is ever in it, so it only counts where there is nothing else.
                RangeSpec::Suffix(0) => {}
                _ if kept.len() == Self::MAX_SPECS => return Err(RangeError::TooMany),
                spec => kept.push(spec),
            }
        }
        if kept.is_empty() {
            return Err(RangeError::Nothing);
        }
        Ok(Self {
            units: units.to_ascii_lowercase(),
            specs: kept,
        })
    }

    /// Reads a field value; spaces that the grammar does not know are allowed. A number beyond
    /// 64 bits is the largest there is, as no content is that long.
    ///
    /// # Errors
    /// [`RangeError`] for what is no range, or has more than [`MAX_SPECS`](Self::MAX_SPECS).
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        let (units, set) = text.split_once('=').ok_or(RangeError::Malformed)?;
        let mut specs = Vec::new();
        // Empty elements are no part of a list (§5.6.1).
        for spec in set
            .split(',')
            .map(ows::trim)
            .filter(|spec| !spec.is_empty())
        {
            if specs.len() == Self::MAX_SPECS {
                return Err(RangeError::TooMany);
            }
            specs.push(RangeSpec::parse(spec).ok_or(RangeError::Malformed)?);
        }
        Self::new(ows::trim(units), specs)
    }

    /// Parts in bytes.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn bytes(specs: impl IntoIterator<Item = RangeSpec>) -> Result<Self, RangeError> {
        Self::new("bytes", specs)
    }

    /// The unit, in lower case; `bytes` is the only one in use.
    pub fn units(&self) -> &str {
        &self.units
    }

    /// Whether the parts are counted in bytes.
    pub fn is_bytes(&self) -> bool {
        self.units == "bytes"
    }

    /// The parts, in the order sent.
    pub fn specs(&self) -> &[RangeSpec] {
        &self.specs
    }

    /// What the parts are of content of this length; empty where none can be satisfied.
    ///
    /// The order is the one asked for, unless parts overlap or touch: then all are sorted and
    /// joined (§14.2 allows it), so the sum is never more than the content.
    pub fn resolve(&self, length: u64) -> Vec<ops::Range<u64>> {
        let asked: Vec<_> = self
            .specs
            .iter()
            .filter_map(|spec| spec.resolve(length))
            .collect();
        let mut joined: Vec<ops::Range<u64>> = Vec::with_capacity(asked.len());
        let mut sorted = asked.clone();
        sorted.sort_unstable_by_key(|part| part.start);
        for part in sorted {
            match joined.last_mut() {
                Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
                _ => joined.push(part),
            }
        }
        if joined.len() == asked.len() {
            asked
        } else {
            joined
        }
    }

    /// What the one part asked for is of content of this length; `None` where it cannot be
    /// satisfied, or where there are several.
    pub fn range_for_length(&self, length: u64) -> Option<ops::Range<u64>> {
        match self.specs.as_slice() {
            [spec] => spec.resolve(length),
            _ => None, // several
        }
    }
}

impl RangeSpec {
    /// What this is of content of a length; `None` where nothing of it is in the content.
    pub fn resolve(self, length: u64) -> Option<ops::Range<u64>> {
        let range = match self {
            Self::Closed { first, last } => first..last.saturating_add(1).min(length),
            Self::From(first) => first..length,
            Self::Suffix(count) => length.saturating_sub(count)..length,
        };
        (!range.is_empty()).then_some(range)
    }

    fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        let (first, last) = (ows::trim(first), ows::trim(last));
        Some(match (first.is_empty(), last.is_empty()) {
            (true, _) => Self::Suffix(digits::parse_or_max(last)?),
            (_, true) => Self::From(digits::parse_or_max(first)?),
            _ => Self::Closed {
                first: digits::parse_or_max(first)?,
                last: digits::parse_or_max(last)?,
            },
        })
    }
}

impl FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        Self::parse(text)
    }
}

impl TryFrom<ops::Range<u64>> for RangeSpec {
    type Error = RangeError;

    fn try_from(range: ops::Range<u64>) -> Result<Self, RangeError> {
        if range.is_empty() {
            return Err(RangeError::Nothing);
        }
        Ok(Self::Closed {
            first: range.start,
            last: range.end - 1,
        })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.units)?;
        for (at, spec) in self.specs.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{spec}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RangeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { first, last } => write!(f, "{first}-{last}"),
            Self::From(first) => write!(f, "{first}-"),
            Self::Suffix(count) => write!(f, "-{count}"),
        }
    }
}

/// Why something is no range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// Not in the grammar, or it ends before it begins.
    #[error("this is no range, such as bytes=0-499")]
    Malformed,
    /// A range that nothing can be in.
    #[error("the range asks for nothing")]
    Nothing,
    /// More parts than [`Range::MAX_SPECS`].
    #[error("a range has at most {} parts", Range::MAX_SPECS)]
    TooMany,
}

#[cfg(test)]
#[expect(
    clippy::single_range_in_vec_init,
    reason = "one part is a list of parts like any other"
)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, length: u64, want: &[ops::Range<u64>]) {
        let range: Range = text.parse().expect(text);
        assert_eq!(range.resolve(length), want, "{text} of {length}");
        assert_eq!(range.to_string().parse(), Ok(range));
    }

    #[test]
    fn a_part_is_cut_to_what_there_is() {
        check("bytes=0-4", 11, &[0..5]);
        check("bytes=6-", 11, &[6..11]);
        check("bytes=-5", 11, &[6..11]);
        check("bytes=-500", 11, &[0..11]);
        check("BYTES = 6 - 666", 11, &[6..11]);
        check("bytes=0-0,,", 11, &[0..1]);
        check("bytes=11-", 11, &[]);
        check("bytes=0-,-1", 0, &[]);
        check("bytes=0-99999999999999999999999", 11, &[0..11]);
        check("bytes=-99999999999999999999999", 11, &[0..11]);
        check("bytes=99999999999999999999999-", 11, &[]);
        check("bytes=0-18446744073709551615", u64::MAX, &[0..u64::MAX]);
    }

    #[test]
    fn several_parts_keep_their_order_unless_they_meet() {
        check("bytes=-1,0-0", 11, &[10..11, 0..1]);
        check("bytes=0-4,50-60", 11, &[0..5]);
        check("bytes=0-1,-0", 11, &[0..2]);
        check("bytes=5-8,0-5", 11, &[0..9]);
        check("bytes=0-1,2-3,8-9", 11, &[0..4, 8..10]);
        check("bytes=0-,0-,0-", 11, &[0..11]);
    }

    #[test]
    fn what_is_no_range() {
        let malformed = [
            "",
            "bytes",
            "bytes 0-1",
            "=0-1",
            "by tes=0-1",
            "bytes=5-3",
            "bytes=+1-2",
            "bytes=1-2-3",
            "bytes=--1",
            "bytes=-",
            "bytes=0-1;2-3",
            "bytes=0x1-",
            "bytes=\u{661}-",
        ];
        for text in malformed {
            assert_eq!(text.parse::<Range>(), Err(RangeError::Malformed), "{text}");
        }
        for text in ["bytes=", "bytes=,,", "bytes=-0", "bytes=-0,-0"] {
            assert_eq!(text.parse::<Range>(), Err(RangeError::Nothing), "{text}");
        }
    }

    #[test]
    fn the_number_of_parts_is_bounded() {
        let parts = |count| format!("bytes={}", "0-,".repeat(count)).parse::<Range>();
        assert!(parts(Range::MAX_SPECS).is_ok());
        assert_eq!(parts(Range::MAX_SPECS + 1), Err(RangeError::TooMany));
        assert_eq!(parts(500_000), Err(RangeError::TooMany));
    }
}
