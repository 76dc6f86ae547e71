//! What a query asks an endpoint to do.

use std::str::FromStr;
use std::time::Duration;

use devserve::exceptions::HttpException;
use devserve::{Request, Result};

/// The query's values by name, whatever its case.
pub(crate) struct Options<'a>(&'a Request<'a>);

impl<'a> Options<'a> {
    pub(crate) fn of(request: &'a Request<'a>) -> Self {
        Self(request)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let mut pairs = self.0.args().iter();
        let (_, value) = pairs.find(|(given, _)| given.eq_ignore_ascii_case(name))?;
        Some(value.trim())
    }

    pub(crate) fn require(&self, name: &str) -> Result<&'a str> {
        Ok(self
            .get(name)
            .ok_or_else(|| mistake(name, "there is none"))?)
    }

    /// A number; without one, `default`.
    pub(crate) fn parse<T: FromStr>(&self, name: &str, default: T) -> Result<T> {
        match self.get(name) {
            None => Ok(default),
            Some(value) => Ok(value
                .parse()
                .map_err(|_| mistake(name, "it is no number"))?),
        }
    }

    /// Seconds, fractions too; without them, `default`. Less than none is none.
    pub(crate) fn seconds(&self, name: &str, default: f64) -> Result<Duration> {
        Ok(seconds(name, self.parse(name, default)?)?)
    }
}

/// So many seconds of a name; less than none is none.
pub(crate) fn seconds(name: &str, number: f64) -> Result<Duration, HttpException> {
    Duration::try_from_secs_f64(number.max(0.0)).map_err(|_| mistake(name, "nobody lives so long"))
}

fn mistake(name: &str, what: &str) -> HttpException {
    HttpException::bad_request().with_description(format!("{name}: {what}"))
}
