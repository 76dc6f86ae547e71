use std::fmt;
use std::str::FromStr;

/// A UUID (RFC 9562 §4) as a number, for whichever crate of UUIDs an app uses.
///
/// ```
/// # use devserve::routing::Uuid;
/// let uuid: Uuid = "0190163d-8694-739b-AEA5-966c26f8ad91".parse()?;
/// assert_eq!(uuid.to_string(), "0190163d-8694-739b-aea5-966c26f8ad91");
/// # Ok::<(), devserve::routing::UuidError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(pub u128);

/// The text is not 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no UUID: write xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")]
pub struct UuidError;

/// How long the one form is that we read.
pub(super) const LEN: usize = 36;

/// Where that form has its hyphens.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl FromStr for Uuid {
    type Err = UuidError;

    fn from_str(text: &str) -> Result<Self, UuidError> {
        if !is_uuid(text.as_bytes()) {
            return Err(UuidError);
        }
        let digits = text.chars().filter_map(|digit| digit.to_digit(16));
        Ok(Self(
            digits.fold(0, |number, digit| number << 4 | u128::from(digit)),
        ))
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = |shift: u32, len: u32| self.0 >> shift & ((1 << len) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            bits(96, 32),
            bits(80, 16),
            bits(64, 16),
            bits(48, 16),
            bits(0, 48)
        )
    }
}

/// Whether these bytes are a UUID in full.
pub(super) fn is_uuid(text: &[u8]) -> bool {
    text.len() == LEN
        && text.iter().enumerate().all(|(at, byte)| {
            if HYPHENS.contains(&at) {
                *byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        })
}
