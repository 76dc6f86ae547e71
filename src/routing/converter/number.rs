use std::fmt::{self, Write as _};

use crate::routing::{Argument, Arguments, Converter, Shape, Value};

/// `int`: digits, and a sign where `signed=True`.
pub(super) struct Int {
    signed: bool,
    fixed_digits: Option<usize>,
    min: i128,
    max: i128,
}

/// So many digits, or a sign and one less, are always an `i64`.
const SHORT: usize = 18;

impl Int {
    pub(super) fn new(arguments: &mut Arguments) -> Result<Self, String> {
        let fixed_digits = arguments.take_count("fixed_digits")?;
        let bound = |name, argument| match argument {
            None => Ok(None),
            Some(Argument::Int(number)) => Ok(Some(number)),
            Some(other) => Err(format!("`{name}` cannot be {other}; write a whole number")),
        };
        let min = bound("min", arguments.take("min"))?;
        let max = bound("max", arguments.take("max"))?;
        let signed = arguments.take_flag("signed")?;
        check_bounds(signed, min, max, 0)?;
        Ok(Self {
            signed,
            fixed_digits: fixed_digits.filter(|digits| *digits > 0),
            min: min.unwrap_or(i128::MIN),
            max: max.unwrap_or(i128::MAX),
        })
    }
}

impl Converter for Int {
    fn shape(&self) -> Shape {
        Shape::Digits {
            signed: self.signed,
        }
    }

    /// A number that is too large for us is no number, and not a fault of the server.
    fn read<'t>(&self, text: &'t str) -> Option<Value<'t>> {
        if self.fixed_digits.is_some_and(|digits| digits != text.len()) {
            return None;
        }
        // Most numbers are short, and those are read faster.
        let number = match text.len() {
            ..=SHORT => text.parse::<i64>().ok()?.into(),
            _ => text.parse::<i128>().ok()?,
        };
        (self.min..=self.max)
            .contains(&number)
            .then_some(Value::Int(number))
    }

    fn accepts(&self, text: &str) -> bool {
        // With this shape, and short enough, it is a number.
        let is_any = self.fixed_digits.is_none() && self.min == i128::MIN && self.max == i128::MAX;
        is_any && text.len() <= SHORT || self.read(text).is_some()
    }

    fn write(&self, value: &Value<'_>, out: &mut String) -> fmt::Result {
        let number = match value {
            Value::Int(number) => *number,
            Value::Text(text) => text.parse().map_err(|_| fmt::Error)?,
            _ => return Err(fmt::Error), // no whole number
        };
        match (self.fixed_digits, u64::try_from(number)) {
            (Some(digits), _) => write!(out, "{number:0digits$}"),
            (None, Ok(number)) => {
                push_digits(number, out);
                Ok(())
            }
            (None, Err(_)) => write!(out, "{number}"),
        }
    }
}

/// What `write!` does, in less time: many a URL is text and one number.
fn push_digits(mut number: u64, out: &mut String) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    while start == digits.len() || number > 0 {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    for digit in &digits[start..] {
        out.push(char::from(*digit));
    }
}

/// `float`: digits, a point and digits, and a sign where `signed=True`.
pub(super) struct Float {
    signed: bool,
    min: f64,
    max: f64,
}

impl Float {
    pub(super) fn new(arguments: &mut Arguments) -> Result<Self, String> {
        let bound = |name, argument| match argument {
            None => Ok(None),
            Some(Argument::Int(number)) => Ok(Some(number as f64)),
            Some(Argument::Float(number)) => Ok(Some(number)),
            Some(other) => Err(format!("`{name}` cannot be {other}; write a number")),
        };
        let min = bound("min", arguments.take("min"))?;
        let max = bound("max", arguments.take("max"))?;
        let signed = arguments.take_flag("signed")?;
        check_bounds(signed, min, max, 0.0)?;
        Ok(Self {
            signed,
            min: min.unwrap_or(f64::MIN),
            max: max.unwrap_or(f64::MAX),
        })
    }
}

impl Converter for Float {
    fn shape(&self) -> Shape {
        Shape::Decimal {
            signed: self.signed,
        }
    }

    fn read<'t>(&self, text: &'t str) -> Option<Value<'t>> {
        let number: f64 = text.parse().ok()?;
        // Digits enough make infinity, which lies within no bounds.
        (self.min..=self.max)
            .contains(&number)
            .then_some(Value::Float(number))
    }

    fn write(&self, value: &Value<'_>, out: &mut String) -> fmt::Result {
        let number: f64 = match value {
            Value::Float(number) => *number,
            Value::Int(number) => *number as f64,
            Value::Text(text) => text.parse().map_err(|_| fmt::Error)?,
            _ => return Err(fmt::Error), // no number
        };
        let start = out.len();
        write!(out, "{number}")?;
        if !out[start..].contains('.') {
            out.push_str(".0");
        }
        Ok(())
    }
}

/// Bounds that no number meets are a mistake in the rule.
fn check_bounds<N: PartialOrd + fmt::Display>(
    signed: bool,
    min: Option<N>,
    max: Option<N>,
    zero: N,
) -> Result<(), String> {
    match (min, max) {
        (Some(bound), _) | (_, Some(bound)) if !signed && bound < zero => Err(format!(
            "{bound} has a sign, and the numbers have none; write signed=True"
        )),
        (Some(min), Some(max)) if min > max => Err(format!("{min} is more than {max}; swap them")),
        _ => Ok(()), // one bound, or none
    }
}
