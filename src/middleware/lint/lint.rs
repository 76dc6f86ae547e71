use std::fmt;
use std::io::Write;
use std::sync::Arc;

use crate::http::{HeaderMap, Method};
use crate::middleware::lint::answer::Answer;
use crate::middleware::lint::{Rule, Violation, request};
use crate::wsgi::{App, Body, Environ, Error, Reply, Result, Route, StartResponse, Status};

/// An app whose contract with its server is watched, from both sides: the environ it gets, how
/// it calls `start_response`, its header fields, and the length of its body.
///
/// Each broken [`Rule`] is reported, to the log unless [`report`](Self::report) says otherwise.
/// In a program built with `debug_assertions` the request fails, too: with an error that names
/// the rule, whose it is and where it is written.
///
/// ```
/// use devserve::middleware::{Lint, Rule, Violation};
/// use devserve::testing::Client;
/// use devserve::{Request, Response};
///
/// let app = |_: &Request| Response::text("Hello").header("content-length", "6");
/// let client = Client::new(Lint::new(app).strict());
/// let error = client.get("/").send().err().ok_or("it should fail")?;
/// let violation = error.downcast_ref::<Violation>().ok_or("it has a rule")?;
/// assert_eq!(violation.rule, Rule::BodyLength);
/// # Ok::<(), devserve::Error>(())
/// ```
///
/// Between two other middlewares it watches these two: `Lint::new(Compression::new(app))`.
#[derive(Clone)]
pub struct Lint<A> {
    app: A,
    judge: Judge,
}

/// What becomes of a violation.
#[derive(Clone)]
struct Judge {
    is_strict: bool,
    report: Arc<dyn Fn(&Violation) + Send + Sync>,
}

impl<A: App> Lint<A> {
    /// `app`, watched.
    pub fn new(app: A) -> Self {
        Self {
            app,
            judge: Judge {
                is_strict: cfg!(debug_assertions),
                report: Arc::new(|violation| log::warn!("{violation}")),
            },
        }
    }

    /// A violation fails its request, in every build.
    pub fn strict(mut self) -> Self {
        self.judge.is_strict = true;
        self
    }

    /// Violations are reported only, in every build.
    pub fn lenient(mut self) -> Self {
        self.judge.is_strict = false;
        self
    }

    /// Gives each violation to `report`, and not to the log.
    pub fn report(mut self, report: impl Fn(&Violation) + Send + Sync + 'static) -> Self {
        self.judge.report = Arc::new(report);
        self
    }
}

impl<A: App> App for Lint<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        self.judge.hear(request::check(environ))?;
        let method = environ.method().clone();
        let reply = self.app.call(environ)?;
        let (status, headers) = (reply.status(), reply.headers());
        self.judge.hear(Answer::check_head(status, headers))?;
        let answer = Answer::new(&method, status, headers);
        let (head, body) = reply.into_parts();
        let body = self.judge.watch(body, answer)?;
        Ok(Reply::from_parts(head, body))
    }

    fn wsgi(&self, environ: &mut Environ, start_response: &mut dyn StartResponse) -> Result<Body> {
        self.judge.hear(request::check(environ))?;
        let mut start = Watched {
            judge: &self.judge,
            method: environ.method().clone(),
            start_response,
            answer: None,
        };
        let body = self.app.wsgi(environ, &mut start)?;
        match start.answer {
            Some(answer) => self.judge.watch(body, answer),
            None => {
                let detail = "the app returned its body and had not called it";
                self.judge.note(Rule::HeadFirst, detail)?;
                Ok(body) // a server says it again
            }
        }
    }

    fn routes(&self) -> Result<Vec<Route>> {
        self.app.routes()
    }
}

impl Judge {
    /// Reports each violation; where it is strict, the first is an error.
    fn hear(&self, broken: impl IntoIterator<Item = Violation>) -> Result<()> {
        let mut first = None;
        for violation in broken {
            (self.report)(&violation);
            first.get_or_insert(violation);
        }
        match first.filter(|_| self.is_strict) {
            Some(violation) => Err(violation.into()),
            None => Ok(()),
        }
    }

    fn note(&self, rule: Rule, detail: &str) -> Result<()> {
        let detail = detail.to_owned();
        self.hear([Violation { rule, detail }])
    }

    /// The body, with its chunks counted as they go by. One that is at hand is judged now, and
    /// stays what it is.
    fn watch(&self, mut body: Body, mut answer: Answer) -> Result<Body> {
        let whole = match body.is_empty() {
            true => Some(&b""[..]), // one that takes the connection over, too
            false => body.as_bytes(),
        };
        if let Some(bytes) = whole {
            self.hear(answer.chunk(bytes).into_iter().chain(answer.end()))?;
            return Ok(body);
        }
        let judge = self.clone();
        let close = body.take_close();
        let watched = Body::writer(move |out| {
            body.send(&mut |chunk| {
                judge.hear(answer.chunk(chunk))?;
                out.write_all(chunk)?;
                Ok(out.flush()?)
            })?;
            judge.hear(answer.end())
        });
        Ok(watched.with_close(close))
    }
}

/// A `start_response` that is called as the rules say.
struct Watched<'a> {
    judge: &'a Judge,
    method: Method,
    start_response: &'a mut dyn StartResponse,
    // What the head promised, once there is one.
    answer: Option<Answer>,
}

impl Watched<'_> {
    fn take_head(&mut self, status: &Status, headers: &HeaderMap) -> Result<()> {
        let broken = Answer::check_head(status.code(), headers);
        self.judge.hear(broken)?;
        self.answer = Some(Answer::new(&self.method, status.code(), headers));
        Ok(())
    }
}

impl StartResponse for Watched<'_> {
    fn begin(&mut self, status: Status, headers: HeaderMap) -> Result<()> {
        if self.answer.is_some() {
            let detail = "it was called again, and without one";
            self.judge.note(Rule::HeadOnce, detail)?;
        }
        self.take_head(&status, &headers)?;
        self.start_response.begin(status, headers)
    }

    fn replace(&mut self, status: Status, headers: HeaderMap, cause: Error) -> Result<()> {
        self.take_head(&status, &headers)?;
        self.start_response.replace(status, headers, cause)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.answer {
            Some(answer) => self.judge.hear(answer.chunk(bytes))?,
            None => self
                .judge
                .note(Rule::HeadFirst, "write was called before it")?,
        }
        self.start_response.write(bytes)
    }
}

impl<A: fmt::Debug> fmt::Debug for Lint<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lint")
            .field("app", &self.app)
            .field("is_strict", &self.judge.is_strict)
            .finish_non_exhaustive()
    }
}
