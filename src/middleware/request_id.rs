use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use crate::middleware::doors::EditedHead;
use crate::wsgi::{App, Body, Environ, Reply, Result, Route, StartResponse};

/// An app whose requests have a name each, by which log, answer and the servers behind it can be
/// put side by side.
///
/// The name is the one in `X-Request-ID`, where a proxy sent one that is short and plain, or a
/// new one. The app finds it in that field and as an [`Id`] among the environ's extensions; the
/// answer carries it; and a line in the log, at the level `debug`, ties it to the request.
///
/// ```
/// use devserve::Request;
/// use devserve::middleware::{Id, RequestId};
/// use devserve::testing::Client;
///
/// let app = RequestId::new(|request: &Request| {
///     Id::of(request.environ()).map(|id| id.to_string()).unwrap_or_default()
/// });
/// let client = Client::new(app);
/// let answer = client.get("/").send()?;
/// assert_eq!(answer.header("x-request-id"), Some(&*answer.text()));
/// # Ok::<(), devserve::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RequestId<A> {
    app: A,
    field: HeaderName,
    origin: Origin,
    names: Arc<Names>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Origin {
    TakenOrMade,
    Made,
}

impl<A: App> RequestId<A> {
    /// `app`, with names in `X-Request-ID`.
    pub fn new(app: A) -> Self {
        Self {
            app,
            field: HeaderName::from_static("x-request-id"),
            origin: Origin::TakenOrMade,
            names: Arc::default(),
        }
    }

    /// Names in another field.
    ///
    /// # Panics
    /// If it is no field name.
    #[track_caller]
    pub fn field(mut self, name: &str) -> Self {
        match name.parse() {
            Ok(field) => self.field = field,
            Err(_) => panic!("{name:?} is no field name; write one like \"x-request-id\""),
        }
        self
    }

    /// Gives every request a new name, whatever it brought: for an app without a proxy in front,
    /// where strangers could choose the names in the log.
    pub fn always_new(mut self) -> Self {
        self.origin = Origin::Made;
        self
    }

    /// Names a request, in its environ.
    fn name(&self, environ: &mut Environ) -> Id {
        let sent = environ
            .headers()
            .get(&self.field)
            .filter(|value| is_plain(value));
        let id = match sent.filter(|_| self.origin == Origin::TakenOrMade) {
            Some(sent) => Id(sent.clone()),
            None => self.names.next(),
        };
        environ
            .headers_mut()
            .insert(self.field.clone(), id.0.clone());
        environ.extensions_mut().insert(id.clone());
        id
    }
}

impl<A: App> App for RequestId<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        let id = self.name(environ);
        let reply = self.app.call(environ);
        note(&id, environ, reply.as_ref().ok().map(Reply::status));
        let mut reply = reply?;
        reply.headers_mut().insert(self.field.clone(), id.0);
        Ok(reply)
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        let id = self.name(environ);
        let status = std::cell::Cell::new(None);
        let mut start = EditedHead {
            start_response,
            edit: |told, headers: &mut HeaderMap| {
                status.set(Some(told));
                headers.insert(self.field.clone(), id.0.clone());
            },
        };
        let body = self.app.wsgi(environ, &mut start);
        note(&id, environ, status.get().filter(|_| body.is_ok()));
        body
    }

    fn routes(&self) -> Result<Vec<Route>> {
        self.app.routes()
    }
}

/// What ties a name to a request. The path is the client's: only its escaped form is safe.
fn note(id: &Id, environ: &Environ, status: Option<StatusCode>) {
    let target = environ.raw_target().escape_ascii();
    match status {
        Some(status) => log::debug!("request {id}: {} {target}: {status}", environ.method()),
        None => log::debug!("request {id}: {} {target}: failed", environ.method()),
    }
}

/// The name of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id(HeaderValue);

impl Id {
    /// The name of the request that this environ is; `None` without [`RequestId`] around the app.
    pub fn of(environ: &Environ) -> Option<&Self> {
        environ.extensions().get()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Longer names are not taken from outside: UUIDs and the ids of traces are shorter.
const MOST_BYTES: usize = 128;

/// What can stand in a log and in a URL, and means nothing there.
fn is_plain(value: &HeaderValue) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=:@".contains(byte);
    (1..=MOST_BYTES).contains(&value.len()) && value.as_bytes().iter().all(is_plain)
}

/// Makes names that nobody else makes: 128 bits from the keys that the standard library draws
/// for its maps. They are no secrets.
#[derive(Debug, Default)]
struct Names {
    keys: [RandomState; 2],
    count: AtomicU64,
}

impl Names {
    fn next(&self) -> Id {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let [high, low] = self.keys.each_ref().map(|key| key.hash_one(number));
        let name = format!("{high:016x}{low:016x}");
        Id(HeaderValue::try_from(name).expect("hexadecimal digits are visible ASCII"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: &str, want: bool) {
        let sent = HeaderValue::from_bytes(sent.as_bytes()).unwrap();
        assert_eq!(is_plain(&sent), want, "{sent:?}");
    }

    #[test]
    fn only_short_and_plain_names_are_taken() {
        check("0af7651916cd43dd", true);
        check("Root=1-67891233-abcdef", true);
        check(&"a".repeat(128), true);
        check(&"a".repeat(129), false);
        check("", false);
        check("a b", false);
        check("<script>", false);
        check("\u{e9}", false);
    }

    #[test]
    fn no_two_names_are_the_same() {
        let names = Names::default();
        let mut made: Vec<_> = (0..1000).map(|_| names.next().to_string()).collect();
        made.sort();
        made.dedup();
        assert_eq!(made.len(), 1000);
        assert!(made.iter().all(|name| name.len() == 32));
    }
}
