use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::http::{HeaderMap, HeaderSet, HeaderValue, SameSite, SetCookie, cookie, header};
use crate::session::session::{Contents, Session, SessionError};
use crate::session::stored::Stored;
use crate::session::{Key, Keys};
use crate::wsgi::{App, Environ, Reply, Result, Route};

/// How sessions are kept; [`wrap`](Self::wrap) puts them around an app.
///
/// Safe unless told otherwise: the cookie is hidden from scripts, is not sent with requests that
/// other sites cause (`SameSite=Lax`), and is `Secure` wherever the request came over HTTPS. It
/// is sent only when the session changed or an older key had made it, and an answer that
/// depends on a session says so (`Vary: Cookie`).
///
/// ```
/// # use std::time::Duration;
/// # use devserve::session::{Key, Keys, Sessions};
/// # use devserve::http::{SameSite, SetCookie};
/// # let (new, old) = (Key::generate(), Key::generate());
/// # let app = |_: &devserve::Request| "";
/// let app = Sessions::new(Keys::new(new).and_older(old))
///     .encrypted()
///     .lifetime(Duration::from_secs(7 * 24 * 60 * 60))
///     .cookie(SetCookie::new("__Host-shop", "").secure().http_only().same_site(SameSite::Strict))
///     .wrap(app);
/// # let _ = app;
/// ```
#[derive(Clone)]
pub struct Sessions {
    keys: Keys,
    cookie: SetCookie,
    lifetime: Duration,
    secrecy: Secrecy,
    renewal: Renewal,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

#[derive(Clone, Copy, Debug)]
enum Secrecy {
    Signed,
    Encrypted,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Renewal {
    WhenChanged,
    EveryRequest,
}

impl Sessions {
    /// Signed sessions in a cookie `session`, which live for 31 days or until the browser
    /// closes.
    pub fn new(keys: impl Into<Keys>) -> Self {
        Self {
            keys: keys.into(),
            cookie: SetCookie::new("session", "")
                .http_only()
                .same_site(SameSite::Lax),
            lifetime: Duration::from_secs(31 * 24 * 60 * 60),
            secrecy: Secrecy::Signed,
            renewal: Renewal::WhenChanged,
            clock: Arc::new(SystemTime::now),
        }
    }

    /// The visitor cannot read it either. Otherwise anybody who has the cookie can, and only
    /// not change it.
    pub fn encrypted(mut self) -> Self {
        self.secrecy = Secrecy::Encrypted;
        self
    }

    /// Kept in a cookie of this name and with these attributes, in place of `session`,
    /// `HttpOnly` and `SameSite=Lax`. Its value and age do not count; `Secure` is added over
    /// HTTPS.
    pub fn cookie(mut self, cookie: SetCookie) -> Self {
        self.cookie = cookie;
        self
    }

    /// How long a session is good for after it was last sent, whatever the browser keeps. A
    /// permanent one has it as `Max-Age`.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Every request that reads a permanent session prolongs it, rather than only one that
    /// changes it.
    pub fn renewed_when_read(mut self) -> Self {
        self.renewal = Renewal::EveryRequest;
        self
    }

    /// Reads the time from another clock than the system's.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// `app`, with a session for each request.
    ///
    /// What changes after the app has returned, while its body streams, comes too late.
    pub fn wrap<A: App>(self, app: A) -> SessionApp<A> {
        SessionApp {
            sessions: Arc::new(self),
            app,
        }
    }

    /// The session in these `Cookie` fields, or a new one.
    fn open(&self, fields: &[HeaderValue]) -> Contents {
        fields
            .iter()
            .flat_map(|field| cookie::parse(field.as_bytes()))
            .filter(|(name, _)| name == self.cookie.name())
            .find_map(|(_, value)| self.read(&value))
            .unwrap_or_else(Contents::new)
    }

    /// The session in a cookie's value, if one of our keys made it and it has not expired.
    fn read(&self, value: &str) -> Option<Contents> {
        let name = self.signed_name();
        let open = |key: &Key| match self.secrecy {
            Secrecy::Signed => key.verify(&name, value),
            Secrecy::Encrypted => key.decrypt(&name, value),
        };
        let (text, is_newest) = self.keys.first_that(open)?;
        let stored = match self.secrecy {
            Secrecy::Signed => Stored::from_base64(&text),
            Secrecy::Encrypted => Stored::from_json(&text),
        }?;
        let age = self.now().saturating_sub(stored.issued);
        (age < self.lifetime.as_secs()).then(|| Contents {
            stored,
            is_of_older_key: !is_newest,
            ..Contents::default()
        })
    }

    /// Tells the browser what became of the session.
    fn save(
        &self,
        session: &Session,
        is_https: bool,
        headers: &mut HeaderMap,
    ) -> Result<(), SessionError> {
        let Some(contents) = session.outcome() else {
            return Ok(());
        };
        vary_by_cookie(headers);
        let mut cookie = self.cookie.clone();
        if is_https {
            cookie = cookie.secure();
        }
        let cookie = match self.fate(&contents) {
            Fate::Kept => return Ok(()),
            Fate::Ended => cookie.into_deletion(),
            Fate::Sent { issued } => self.filled(cookie, contents.stored, issued)?,
        };
        let mend = |source| SessionError::Cookie { source };
        cookie.check_size().map_err(mend)?;
        headers.append(header::SET_COOKIE, cookie.to_header().map_err(mend)?);
        Ok(())
    }

    fn fate(&self, contents: &Contents) -> Fate {
        let is_renewed = self.renewal == Renewal::EveryRequest && contents.stored.is_permanent;
        match (contents.is_empty(), contents.is_new) {
            (true, true) => Fate::Kept,
            (true, false) if contents.is_modified => Fate::Ended,
            _ if contents.is_modified || is_renewed => Fate::Sent { issued: self.now() },
            // Another key does not make it younger.
            _ if contents.is_of_older_key => Fate::Sent {
                issued: contents.stored.issued,
            },
            _ => Fate::Kept,
        }
    }

    fn filled(
        &self,
        cookie: SetCookie,
        stored: Stored,
        issued: u64,
    ) -> Result<SetCookie, SessionError> {
        let is_permanent = stored.is_permanent;
        let stored = Stored { issued, ..stored };
        let text = match self.secrecy {
            Secrecy::Signed => stored.to_base64(),
            Secrecy::Encrypted => stored.to_json(),
        };
        let text = text.map_err(|source| SessionError::Value {
            name: self.cookie.name().to_owned(),
            source,
        })?;
        let name = self.signed_name();
        let cookie = cookie.with_value(match self.secrecy {
            Secrecy::Signed => self.keys.sign(&name, &text),
            Secrecy::Encrypted => self.keys.encrypt(&name, &text),
        });
        if !is_permanent {
            return Ok(cookie);
        }
        let age = Duration::from_secs(self.now().saturating_sub(issued));
        let left = self.lifetime.saturating_sub(age);
        Ok(cookie.max_age_from((self.clock)(), left))
    }

    /// The name that the keys bind the value to. No cookie can have it, so that nothing an app
    /// signs for a cookie of its own passes for a session.
    fn signed_name(&self) -> String {
        format!("session:{}", self.cookie.name())
    }

    /// In seconds since 1970.
    fn now(&self) -> u64 {
        let since = (self.clock)().duration_since(UNIX_EPOCH);
        since.unwrap_or_default().as_secs()
    }
}

/// What becomes of a session's cookie.
enum Fate {
    Kept,
    Sent { issued: u64 },
    Ended,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("keys", &self.keys)
            .field("cookie", &self.cookie)
            .field("lifetime", &self.lifetime)
            .field("secrecy", &self.secrecy)
            .field("renewal", &self.renewal)
            .finish_non_exhaustive()
    }
}

/// An app with sessions; see [`Sessions::wrap`].
#[derive(Debug)]
pub struct SessionApp<A> {
    sessions: Arc<Sessions>,
    app: A,
}

impl<A: App> App for SessionApp<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        let fields = environ.headers().get_all(header::COOKIE).iter();
        let fields: Vec<_> = fields.cloned().collect();
        let sessions = self.sessions.clone();
        let session = Session::opened_by(move || sessions.open(&fields));
        environ.extensions_mut().insert(session.clone());
        let is_https = environ.scheme() == "https";
        let mut reply = self.app.call(environ)?;
        self.sessions
            .save(&session, is_https, reply.headers_mut())?;
        Ok(reply)
    }

    fn routes(&self) -> Result<Vec<Route>> {
        self.app.routes()
    }
}

fn vary_by_cookie(headers: &mut HeaderMap) {
    let known = HeaderSet::from_headers(headers, &header::VARY);
    if !known.contains("*") && !known.contains("cookie") {
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
}
