use std::fmt;
use std::ops;
use std::str::FromStr;

use crate::http::RangeError;
use crate::text::{digits, ows, tokens};

/// A `Content-Range` field (RFC 9110 §14.4): which part of the content an answer is.
///
/// ```
/// # use devserve::http::ContentRange;
/// let part = ContentRange::parse("bytes 0-98/100")?;
/// assert_eq!(part.range(), Some(0..99));
/// assert_eq!(ContentRange::unsatisfied("bytes", 100)?.to_string(), "bytes */100");
/// # Ok::<(), devserve::http::RangeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentRange {
    // Invariant: a token in lower case.
    units: String,
    // Invariant: not empty, and within the length where there is one.
    range: Option<ops::Range<u64>>,
    // Invariant: there where there is no range.
    length: Option<u64>,
}

impl ContentRange {
    /// The part of content of this length; `None` where the length is not known.
    ///
    /// # Errors
    /// [`RangeError`] where the part is empty or not within the content.
    pub fn new(
        units: &str,
        range: ops::Range<u64>,
        length: Option<u64>,
    ) -> Result<Self, RangeError> {
        if range.is_empty() {
            return Err(RangeError::Nothing);
        }
        if length.is_some_and(|length| length < range.end) {
            return Err(RangeError::Malformed);
        }
        Self::checked(units, Some(range), length)
    }

    /// Reads a field value. A number beyond 64 bits is none: a part that was cut short would be
    /// put in the wrong place.
    ///
    /// # Errors
    /// [`RangeError`] for what is no part of a content.
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        read(text).unwrap_or(Err(RangeError::Malformed))
    }

    /// No part: what a 416 says.
    ///
    /// # Errors
    /// [`RangeError`] where the unit is no token.
    pub fn unsatisfied(units: &str, length: u64) -> Result<Self, RangeError> {
        Self::checked(units, None, Some(length))
    }

    fn checked(
        units: &str,
        range: Option<ops::Range<u64>>,
        length: Option<u64>,
    ) -> Result<Self, RangeError> {
        if !tokens::is_token(units) {
            return Err(RangeError::Malformed);
        }
        Ok(Self {
            units: units.to_ascii_lowercase(),
            range,
            length,
        })
    }

    /// The unit, in lower case.
    pub fn units(&self) -> &str {
        &self.units
    }

    /// The part, its end excluded; `None` where there is none.
    pub fn range(&self) -> Option<ops::Range<u64>> {
        self.range.clone()
    }

    /// The length of the whole content, where it is known.
    pub fn length(&self) -> Option<u64> {
        self.length
    }
}

impl FromStr for ContentRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        Self::parse(text)
    }
}

fn read(text: &str) -> Option<Result<ContentRange, RangeError>> {
    let text = ows::trim(text);
    let (units, rest) = text.split_once([' ', '\t'])?;
    let (range, length) = ows::trim_start(rest).split_once('/')?;
    let length = match length {
        "*" => None,
        length => Some(digits::parse(length)?),
    };
    if range == "*" {
        return Some(ContentRange::unsatisfied(units, length?));
    }
    let (first, last) = range.split_once('-')?;
    let stop = digits::parse(last)?.checked_add(1)?;
    Some(ContentRange::new(
        units,
        digits::parse(first)?..stop,
        length,
    ))
}

impl fmt::Display for ContentRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.range {
            Some(range) => write!(f, "{} {}-{}/", self.units, range.start, range.end - 1)?,
            None => write!(f, "{} */", self.units)?,
        }
        match self.length {
            Some(length) => write!(f, "{length}"),
            None => f.write_str("*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let part: ContentRange = text.parse().expect(text);
        assert_eq!(part.to_string(), want);
        assert_eq!(want.parse(), Ok(part));
    }

    #[test]
    fn parts_and_no_parts() {
        check("bytes 0-98/100", "bytes 0-98/100");
        check(" Bytes \t 99-99/100 ", "bytes 99-99/100");
        check("bytes 0-98/*", "bytes 0-98/*");
        check("bytes */0", "bytes */0");
        check(
            "items 1-18446744073709551614/*",
            "items 1-18446744073709551614/*",
        );
    }

    #[test]
    fn what_is_no_content_range() {
        let refused = [
            "",
            "bytes",
            "bytes */*",
            "bytes 0-9",
            "bytes 0/10",
            "bytes -9/10",
            "bytes 0-/10",
            "bytes 5-3/10",
            "bytes 0-10/10",
            "bytes 0 - 9/10",
            "bytes 0-9/+10",
            "bytes=0-9/10",
            "b(y)tes 0-9/10",
            "bytes 0-18446744073709551615/*",
            "bytes 0-9/99999999999999999999",
        ];
        for text in refused {
            assert!(text.parse::<ContentRange>().is_err(), "{text}");
        }
    }
}
