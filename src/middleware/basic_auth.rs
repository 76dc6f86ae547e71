use std::fmt;

use crate::exceptions::HttpException;
use crate::http::{HeaderValue, WwwAuthenticate, header};
use crate::middleware::doors;
use crate::request::Request;
use crate::security::constant_time_eq;
use crate::text::latin1;
use crate::wsgi::{App, Body, Environ, Reply, Result, Route, StartResponse};

/// An app behind a user name and a password (RFC 7617), which browsers ask for by themselves.
///
/// Who is let in is the app's `REMOTE_USER`, [`Request::remote_user`]. Everybody else gets a
/// 401 with the challenge. The password goes over the wire as it is: serve this by HTTPS.
///
/// ```
/// use devserve::Request;
/// use devserve::http::Authorization;
/// use devserve::middleware::BasicAuth;
/// use devserve::testing::Client;
///
/// let admin = |request: &Request| format!("Hello, {}!", request.remote_user().unwrap_or_default());
/// let admin = BasicAuth::with_users(admin, "Admin", [("ada", "difference engine")]);
///
/// let client = Client::new(admin);
/// assert_eq!(client.get("/").send()?.status(), 401);
/// let ada = Authorization::basic("ada", "difference engine").to_header()?;
/// let answer = client.get("/").header("authorization", ada.to_str()?).send()?;
/// assert_eq!(answer.text(), "Hello, ada!");
/// # Ok::<(), devserve::Error>(())
/// ```
pub struct BasicAuth<A> {
    app: A,
    challenge: HeaderValue,
    check: Box<Check>,
}

/// Whether a name and a password belong together.
type Check = dyn Fn(&str, &str) -> bool + Send + Sync;

impl<A: App> BasicAuth<A> {
    /// `app`, for those whose name and password `check` finds right. Browsers show the realm,
    /// and send the same password wherever it is the same.
    ///
    /// `check` should take as long for a name that nobody has as for a wrong password:
    /// [`security::check_password_hash`](crate::security) against some hash, say.
    ///
    /// # Panics
    /// If the realm holds a control character.
    #[track_caller]
    pub fn new(
        app: A,
        realm: &str,
        check: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        let Ok(challenge) = WwwAuthenticate::basic(realm).to_header() else {
            panic!("{realm:?} cannot be a realm: it holds what no header field can");
        };
        Self {
            app,
            challenge,
            check: Box::new(check),
        }
    }

    /// `app`, for these names with their passwords, compared in a time that tells nothing of
    /// them but their length.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[track_caller]
    pub fn with_users<N, P>(app: A, realm: &str, users: impl IntoIterator<Item = (N, P)>) -> Self
    where
        N: Into<String>,
        P: Into<String>,
    {
        let users: Vec<(String, String)> = users
            .into_iter()
            .map(|(name, password)| (name.into(), password.into()))
            .collect();
        Self::new(app, realm, move |name, password| {
            // All are looked at, so that it takes as long whoever it is.
            users.iter().fold(false, |found, (known, secret)| {
                let is_name = constant_time_eq(known.as_bytes(), name.as_bytes());
                let is_secret = constant_time_eq(secret.as_bytes(), password.as_bytes());
                found | (is_name & is_secret)
            })
        })
    }

    /// Lets a request in, or makes the answer that keeps it out.
    fn refusal(&self, environ: &mut Environ) -> Result<Option<Reply>> {
        // Only who comes through here is known by name.
        environ.remove("REMOTE_USER");
        let sent = Request::new(environ).authorization();
        let user = sent.as_ref().and_then(|sent| {
            let (name, password) = (sent.username()?, sent.password()?);
            (self.check)(name, password).then_some(name)
        });
        match user {
            Some(name) => {
                environ.set("REMOTE_USER", latin1::from_bytes(name.as_bytes()))?;
                Ok(None)
            }
            None => {
                let exception = HttpException::unauthorized()
                    .with_header(header::WWW_AUTHENTICATE, self.challenge.clone());
                doors::refusal(exception, environ).map(Some)
            }
        }
    }
}

impl<A: App> App for BasicAuth<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        doors::call(self.refusal(environ)?, &self.app, environ)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        doors::wsgi(self.refusal(environ)?, &self.app, environ, start_response)
    }

    fn routes(&self) -> Result<Vec<Route>> {
        self.app.routes()
    }
}

impl<A: fmt::Debug> fmt::Debug for BasicAuth<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth")
            .field("app", &self.app)
            .field("challenge", &self.challenge)
            .finish_non_exhaustive()
    }
}
