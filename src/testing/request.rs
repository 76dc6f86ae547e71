use crate::http::StatusCode;
use crate::testing::redirect::{self, RedirectError};
use crate::testing::{Client, EnvironBuilder, StreamedResponse, TestResponse};
use crate::wsgi::Result;

/// More redirects than this are a circle; browsers stop at about as many.
const MAX_REDIRECTS: usize = 20;

/// A request on its way to the app: everything of an [`EnvironBuilder`], and
/// [`send`](EnvironBuilder::send).
pub type TestRequest<'a> = EnvironBuilder<Asker<'a>>;

/// Who sends a [`TestRequest`], and how.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    client: &'a Client,
    follows_redirects: bool,
}

impl<'a> Asker<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self {
            client,
            follows_redirects: false,
        }
    }
}

impl EnvironBuilder<Asker<'_>> {
    /// Goes where redirects point, as a browser does, as long as that is the same app. What was
    /// answered on the way is the answer's [`history`](TestResponse::history).
    ///
    /// After 301, 302 and 303 a `POST` becomes a `GET` without a body, after 303 every method
    /// but `HEAD` does; 307 and 308 keep method and body.
    pub fn follow_redirects(mut self) -> Self {
        self.asker.follows_redirects = true;
        self
    }

    /// Calls the app and reads its whole answer.
    ///
    /// # Errors
    /// What the app returned as `Err` that is no answer, unchanged: let the test return it, and
    /// it is printed with its place and its causes. [`RedirectError`] for a redirect that cannot
    /// be followed, `LiveError` for a server that does not answer.
    ///
    /// # Panics
    /// Wherever the app panics.
    pub fn send(self) -> Result<TestResponse> {
        self.stream()?.finish()
    }

    /// Calls the app and leaves its body to be read, chunk by chunk.
    ///
    /// # Errors
    /// As [`send`](Self::send), but for what the body reports.
    ///
    /// # Panics
    /// Wherever the app panics.
    pub fn stream(mut self) -> Result<StreamedResponse> {
        let mut history = Vec::new();
        if !self.asker.follows_redirects {
            return self.asker.client.ask(self.environ());
        }
        let home = self.url();
        loop {
            let answer = self.asker.client.ask(self.environ())?;
            let location = redirect::next(&self.url(), answer.status(), answer.headers());
            let Some(location) = location else {
                return Ok(answer.with_history(history));
            };
            let status = answer.status();
            // Read to its end, so that its hooks have run before the next is asked.
            history.push(answer.finish()?);
            if history.len() > MAX_REDIRECTS {
                let limit = MAX_REDIRECTS;
                return Err(RedirectError::TooMany { limit, location }.into());
            }
            self.redirect(status, location, &home)?;
        }
    }

    /// Turns to where an answer pointed.
    fn redirect(
        &mut self,
        status: StatusCode,
        location: String,
        home: &str,
    ) -> Result<(), RedirectError> {
        let hosts = (redirect::host_of(&location), redirect::host_of(home));
        let (Some(host), Some(home)) = hosts else {
            return Err(RedirectError::Unusable { location });
        };
        let is_below = || {
            let below = host.name().strip_suffix(home.name());
            self.asker.client.allows_subdomains
                && host.port() == home.port()
                && below.is_some_and(|rest| rest.ends_with('.'))
        };
        if host != home && !is_below() {
            let host = home.to_string();
            return Err(RedirectError::External { location, host });
        }
        let method = redirect::method_after(status, self.method_in_use());
        if method != *self.method_in_use() {
            self.set_method(method);
            self.drop_body();
        } else if !self.is_repeatable() {
            return Err(RedirectError::BodyIsGone { location });
        }
        self.aim(&location);
        Ok(())
    }
}
