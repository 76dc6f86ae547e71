use std::cell::{RefCell, RefMut};
use std::fmt;

use crate::http::Method;
use crate::testing::TestRequest;
use crate::testing::jar::Jar;
use crate::wsgi::App;

/// A browser without a window: it calls the app and keeps its cookies.
pub struct Client {
    pub(super) app: Box<dyn App>,
    jar: RefCell<Jar>,
}

impl Client {
    /// A client of this app, without cookies.
    pub fn new(app: impl App) -> Self {
        Self {
            app: Box::new(app),
            jar: RefCell::default(),
        }
    }

    /// A request for `target`: `/path?query`, or a URL whose host becomes `Host`.
    pub fn request(&self, method: Method, target: &str) -> TestRequest<'_> {
        TestRequest::new(self, method, target)
    }

    /// A `GET`.
    pub fn get(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::GET, target)
    }

    /// A `HEAD`.
    pub fn head(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::HEAD, target)
    }

    /// A `POST`.
    pub fn post(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::POST, target)
    }

    /// A `PUT`.
    pub fn put(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::PUT, target)
    }

    /// A `PATCH`.
    pub fn patch(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::PATCH, target)
    }

    /// A `DELETE`.
    pub fn delete(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::DELETE, target)
    }

    /// An `OPTIONS`.
    pub fn options(&self, target: &str) -> TestRequest<'_> {
        self.request(Method::OPTIONS, target)
    }

    /// The value of a cookie for `/`, as the app sent it.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.borrow().get(name)
    }

    /// Keeps a cookie for every path, as if the app had set it. The value goes out as it is.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar.borrow_mut().set(name, value);
    }

    pub(super) fn jar(&self) -> RefMut<'_, Jar> {
        self.jar.borrow_mut()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("jar", &self.jar)
            .finish_non_exhaustive()
    }
}
