use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

use crate::sys::unwind::{self, Trace};

/// Any error, on its way up to whoever answers the request.
///
/// `?` turns every [`std::error::Error`], boxed error and message into it, and the place of
/// that `?` is kept. The source is never flattened: ask [`chain`](Self::chain) or
/// [`downcast_ref`](Self::downcast_ref).
///
/// It does not implement `std::error::Error` itself; that is what leaves room for the one
/// `From` that takes them all.
pub struct Error(Box<Inner>);

struct Inner {
    source: Box<dyn StdError + Send + Sync>,
    at: &'static Location<'static>,
    trace: Option<Trace>,
}

impl Error {
    /// Where `?` (or `into`) made this error.
    pub fn at(&self) -> &'static Location<'static> {
        self.0.at
    }

    /// The error that was given to `?`.
    pub fn source(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0.source
    }

    /// The error that was given to `?`, if it is an `E`.
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        self.0.source.downcast_ref()
    }

    /// The error that was given to `?`, if it is an `E`; else this error again.
    ///
    /// # Errors
    /// This error, unchanged, where its source is another type.
    pub fn downcast<E: StdError + 'static>(self) -> std::result::Result<E, Self> {
        if self.0.source.is::<E>() {
            let source = self.0.source.downcast().expect("its type was just asked");
            return Ok(*source);
        }
        Err(self)
    }

    /// The error and its causes, outermost first.
    pub fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let first: &(dyn StdError + 'static) = &*self.0.source;
        std::iter::successors(Some(first), |&error| error.source())
    }

    /// The stack at that `?`, where the thread was armed.
    #[cfg_attr(
        not(feature = "debugger"),
        expect(dead_code, reason = "only the debugger asks")
    )]
    pub(crate) fn trace(&self) -> Option<&Trace> {
        self.0.trace.as_ref()
    }
}

impl<E> From<E> for Error
where
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    #[track_caller]
    fn from(source: E) -> Self {
        Self(Box::new(Inner {
            source: source.into(),
            at: Location::caller(),
            trace: unwind::trace(),
        }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.source, f)
    }
}

/// The error, its place and its causes, a line each: what `main` prints when it returns one.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at {})", self.0.source, self.0.at)?;
        for cause in self.chain().skip(1) {
            write!(f, "\ncaused by: {cause}")?;
        }
        Ok(())
    }
}

/// What apps return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<u8> {
        Ok(text.parse()?)
    }

    #[test]
    fn keeps_the_place_and_the_type_of_what_failed() {
        let error = parse("300").unwrap_err();
        assert!(error.at().file().ends_with("wsgi/error.rs"));
        assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
        assert_eq!(error.to_string(), "number too large to fit in target type");
    }

    #[test]
    fn tells_its_causes_from_the_outermost_in() {
        let error = Error::from(std::io::Error::other(
            "disk full".parse::<f32>().unwrap_err(),
        ));
        let chain: Vec<_> = error.chain().map(ToString::to_string).collect();
        assert_eq!(chain[0], "invalid float literal");
        assert!(format!("{error:?}").contains("error.rs"));
    }

    #[test]
    fn a_message_is_an_error_too() {
        assert_eq!(Error::from("no such cart").to_string(), "no such cart");
    }
}
