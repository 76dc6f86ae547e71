use std::time::{Duration, SystemTime};

use crate::http::{CacheControl, HeaderSet, age, date, header};
use crate::response::Response;

/// How long an answer holds, and for whom.
impl Response {
    /// What caches may do with the answer; without a directive, the field is taken out.
    pub fn cache_control(self, cache: CacheControl) -> Self {
        self.attempt(|response| {
            let value = cache.to_header()?;
            match cache.is_empty() {
                true => response.headers_mut().remove(header::CACHE_CONTROL),
                false => response.headers_mut().insert(header::CACHE_CONTROL, value),
            };
            Ok(())
        })
    }

    /// Lets caches keep the answer so long without asking: `max-age` among the directives there
    /// are, and in place of `no-cache`, which a [`file`](Self::file) comes with.
    pub fn max_age(self, age: Duration) -> Self {
        let cache = CacheControl::from_headers(&self.headers)
            .without("no-cache")
            .with_max_age(age);
        self.cache_control(cache)
    }

    /// Until when the answer may be kept without asking (RFC 9111 §5.3). Prefer
    /// [`max_age`](Self::max_age), which counts before it and needs no clock.
    pub fn expires(self, time: SystemTime) -> Self {
        self.header("expires", date::format(time))
    }

    /// Adds names of request fields that the answer depends on, such as `Accept-Language`
    /// (RFC 9110 §12.5.5).
    pub fn vary<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.attempt(|response| {
            let headers = response.headers_mut();
            let mut set = HeaderSet::from_headers(headers, &header::VARY);
            set.extend(names);
            if !set.is_empty() {
                headers.insert(header::VARY, set.to_header()?);
            }
            Ok(())
        })
    }

    /// How long the answer was in caches (RFC 9111 §5.1), in whole seconds.
    pub fn age(self, age: Duration) -> Self {
        self.header("age", age::format(age))
    }

    /// When the answer was made (RFC 9110 §6.6.1). A server says so itself where this does not.
    pub fn date(self, time: SystemTime) -> Self {
        self.header("date", date::format(time))
    }
}
