use std::cell::RefCell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::time::SystemTime;

use crate::http::{Method, StatusCode};
use crate::testing::jar::{Jar, Place, StoredCookie};
use crate::testing::live::Live;
use crate::testing::{Asker, EnvironBuilder, StreamedResponse, TestRequest};
use crate::wsgi::{self, App, Environ, Reply, Result};

/// A browser without a window: it calls the app and keeps its cookies.
pub struct Client {
    pub(super) door: Door,
    jar: RefCell<Jar>,
    defaults: EnvironBuilder,
    clock: Box<dyn Fn() -> SystemTime>,
    pub(super) allows_subdomains: bool,
}

/// Who answers.
pub(super) enum Door {
    App {
        app: Box<dyn App>,
        faults: Faults,
    },
    #[cfg_attr(
        not(feature = "server"),
        expect(dead_code, reason = "without it, no server is asked")
    )]
    Live(Live),
}

/// What becomes of an app's `Err` and its panics.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Faults {
    Raised,
    Answered,
}

impl Client {
    /// A client of this app, without cookies. It asks `http://localhost/`, from 127.0.0.1.
    pub fn new(app: impl App) -> Self {
        let app = Box::new(app);
        let faults = Faults::Raised;
        Self::behind(Door::App { app, faults }, EnvironBuilder::new("/"))
    }

    pub(super) fn behind(door: Door, defaults: EnvironBuilder) -> Self {
        Self {
            door,
            jar: RefCell::default(),
            defaults,
            clock: Box::new(SystemTime::now),
            allows_subdomains: false,
        }
    }

    /// What every request starts from: the client's own beginning, changed. Its target is of no
    /// account.
    ///
    /// ```
    /// # use devserve::{Request, testing::Client};
    /// let client = Client::new(|request: &Request<'_>| request.url())
    ///     .defaults(|request| request.base_url("https://shop.test").header("accept", "text/html"));
    /// assert_eq!(client.get("/cart").send()?.text(), "https://shop.test/cart");
    /// # Ok::<(), devserve::Error>(())
    /// ```
    #[must_use]
    pub fn defaults(mut self, change: impl FnOnce(EnvironBuilder) -> EnvironBuilder) -> Self {
        self.defaults = change(self.defaults);
        self
    }

    /// Follows redirects to hosts below the one a request was for too: the app answers them all.
    #[must_use]
    pub fn allow_subdomains(self) -> Self {
        Self {
            allows_subdomains: true,
            ..self
        }
    }

    /// Answers an app's `Err` and its panics with a bare 500, as servers do. Otherwise an `Err`
    /// comes out of `send`, and so does a panic. A live server has answered them already.
    #[must_use]
    pub fn answer_faults(mut self) -> Self {
        if let Door::App { faults, .. } = &mut self.door {
            *faults = Faults::Answered;
        }
        self
    }

    /// Reads the time from `clock`, by which cookies expire.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// A request for `target`: `/path?query`, or a URL whose scheme and host are taken too.
    ///
    /// # Panics
    /// If it is no request target: write `/search?q=tea`, with spaces as `%20`.
    #[track_caller]
    pub fn request(&self, method: Method, target: &str) -> TestRequest<'_> {
        let mut request = self.defaults.clone().method(method);
        request.aim(target);
        self.open(request)
    }

    /// A request that is built already; it has nothing of the client's but the cookies.
    pub fn open(&self, request: EnvironBuilder) -> TestRequest<'_> {
        request.asked_by(Asker::new(self))
    }

    /// A `GET`.
    #[track_caller]
    pub fn get(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::GET, target)
    }

    /// A `HEAD`.
    #[track_caller]
    pub fn head(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::HEAD, target)
    }

    /// A `POST`.
    #[track_caller]
    pub fn post(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::POST, target)
    }

    /// A `PUT`.
    #[track_caller]
    pub fn put(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::PUT, target)
    }

    /// A `PATCH`.
    #[track_caller]
    pub fn patch(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::PATCH, target)
    }

    /// A `DELETE`.
    #[track_caller]
    pub fn delete(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::DELETE, target)
    }

    /// An `OPTIONS`.
    #[track_caller]
    pub fn options(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::OPTIONS, target)
    }

    /// A `TRACE`.
    #[track_caller]
    pub fn trace(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::TRACE, target)
    }

    /// The value of a cookie for the client's `/`, as the app sent it.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookie_for("/", name)
    }

    /// The value of a cookie that goes along with requests for `target`, as the app sent it.
    ///
    /// # Panics
    /// If `target` is no request target.
    #[track_caller]
    pub fn cookie_for(&self, target: &str, name: &str) -> Option<String> {
        let (jar, now) = (self.jar.borrow(), (self.clock)());
        let cookies = jar.for_place(&self.place(target), now);
        let found = cookies.into_iter().find(|cookie| cookie.name == name)?;
        Some(found.value.clone())
    }

    /// Every cookie that is kept.
    pub fn cookies(&self) -> Vec<StoredCookie> {
        self.jar.borrow().kept((self.clock)()).cloned().collect()
    }

    /// Keeps a cookie for every path, as if the app had set it. The value goes out as it is.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let cookie = StoredCookie::new(&self.place("/"), name, value);
        self.jar.borrow_mut().keep(cookie);
    }

    /// Keeps a cookie with this domain, path and date.
    pub fn keep_cookie(&self, cookie: StoredCookie) {
        self.jar.borrow_mut().keep(cookie);
    }

    /// Forgets the cookies of this name, whatever their domain and path.
    pub fn delete_cookie(&self, name: &str) {
        self.jar.borrow_mut().forget(name);
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&self) {
        self.jar.borrow_mut().clear();
    }

    /// Where the cookies for `target` go.
    #[track_caller]
    fn place(&self, target: &str) -> Place {
        let mut request = self.defaults.clone();
        request.aim(target);
        Place::of(&request.environ())
    }

    /// One request with its cookies, and its answer's kept.
    pub(super) fn ask(&self, mut environ: Environ) -> Result<StreamedResponse> {
        let (place, now) = (Place::of(&environ), (self.clock)());
        self.jar.borrow().add_to(environ.headers_mut(), &place, now);
        let reply = match &self.door {
            Door::App { app, faults } => match faults {
                Faults::Raised => wsgi::run(&**app, &mut environ)?,
                Faults::Answered => answered(&**app, &mut environ),
            },
            Door::Live(live) => live.ask(&environ)?,
        };
        self.jar.borrow_mut().take(reply.headers(), &place, now);
        Ok(StreamedResponse::new(reply, environ))
    }
}

/// The app's answer, or what a server says in its place.
fn answered(app: &dyn App, environ: &mut Environ) -> Reply {
    let answer = panic::catch_unwind(AssertUnwindSafe(|| -> Result<Reply> {
        let mut reply = wsgi::run(app, environ)?;
        // What fails before the first byte is still a clean 500.
        reply.body_mut().prime()?;
        Ok(reply)
    }));
    match answer {
        Ok(Ok(reply)) => reply,
        Ok(Err(_)) | Err(_) => {
            let mut reply = Reply::new("Internal Server Error".into());
            *reply.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            reply
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("jar", &self.jar)
            .finish_non_exhaustive()
    }
}
