use crate::routing::uuid;

/// Which text a converter looks for in a path, before it reads it.
///
/// A shape takes the place of Werkzeug's regular expressions. Where several variables share a
/// segment, shapes alone decide where one ends and the next begins: each takes as much as it
/// can while the rest still fits, a [`Path`](Self::Path) as little. That takes time in
/// proportion to the text, whatever is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// Anything but `/`, of `min` to `max` characters.
    Text {
        /// At least so many; more than none.
        min: usize,
        /// At most so many.
        max: usize,
    },
    /// ASCII digits, after `-` if that is allowed.
    Digits {
        /// Whether a `-` may stand in front.
        signed: bool,
    },
    /// ASCII digits, a point, and digits; after `-` if that is allowed.
    Decimal {
        /// Whether a `-` may stand in front.
        signed: bool,
    },
    /// A UUID in its form with four hyphens.
    Uuid,
    /// One of these words, the first that fits.
    Words(Box<[String]>),
    /// Anything that does not begin with `/`, over as many segments as there are. A variable
    /// of this shape takes in the rest of the path; text may follow it, and variables too.
    Path,
}

impl Shape {
    /// Anything but `/`: what a variable without a converter takes.
    pub const TEXT: Self = Self::Text {
        min: 1,
        max: usize::MAX,
    };

    /// Whether it reaches over several segments.
    pub(super) fn spans_segments(&self) -> bool {
        match self {
            Self::Path => true,
            Self::Words(words) => words.iter().any(|word| word.contains('/')),
            Self::Text { .. } | Self::Digits { .. } | Self::Decimal { .. } | Self::Uuid => false,
        }
    }

    /// How eagerly it is tried among others, as Werkzeug weighs its converters: the lowest
    /// first.
    pub(super) fn weight(&self) -> i32 {
        match self {
            Self::Digits { .. } | Self::Decimal { .. } => 50,
            Self::Text { .. } | Self::Uuid | Self::Words(_) => 100,
            Self::Path => 200,
        }
    }

    /// Whether the whole text has this shape.
    pub(super) fn fits(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Self::Text { min: 1, max } if *max == usize::MAX => {
                !bytes.is_empty() && !bytes.contains(&b'/')
            }
            Self::Text { min, max } => {
                (*min..=*max).contains(&text.chars().count()) && !bytes.contains(&b'/')
            }
            Self::Digits { signed } => are_digits(unsigned(bytes, *signed)),
            Self::Decimal { signed } => {
                let digits = unsigned(bytes, *signed);
                let point = digits.iter().position(|byte| *byte == b'.');
                point.is_some_and(|point| {
                    are_digits(&digits[..point]) && are_digits(&digits[point + 1..])
                })
            }
            Self::Uuid => uuid::is_uuid(bytes),
            Self::Words(words) => words.iter().any(|word| word == text),
            Self::Path => bytes.first().is_some_and(|first| *first != b'/'),
        }
    }
}

fn unsigned(bytes: &[u8], signed: bool) -> &[u8] {
    match bytes {
        [b'-', digits @ ..] if signed => digits,
        _ => bytes,
    }
}

fn are_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}
