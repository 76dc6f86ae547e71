use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderValue, Method, StatusCode, header};

use crate::dev::inject::{self, Injection};
use crate::dev::mark::Mark;
use crate::dev::reload::{OWN_PATHS, ReloadHub, SCRIPT};
use crate::dev::{Notice, Sink};
use crate::exceptions::HttpException;
use crate::response::Response;
use crate::site::watch::Watch;
use crate::text::latin1;
use crate::wsgi::{App, Body, Environ, Reply, Result};

/// An app whose pages hear of what changes: each gets the live-reload script, and the script and
/// its stream of events are answered here.
pub(super) struct Live<A> {
    pub(super) app: A,
    pub(super) hub: Arc<ReloadHub>,
    pub(super) watch: Watch,
    pub(super) sink: Sink,
    /// Whether it was said that a page's policy forbids the script.
    pub(super) forbidden_said: AtomicBool,
}

impl<A: App> App for Live<A> {
    fn call(&self, environ: &mut Environ) -> Result<Reply> {
        if let Some(own) = environ.path_info().strip_prefix(OWN_PATHS) {
            return self.answer_own(own, environ);
        }
        // In this order: what changes from here on makes the page an old one.
        self.watch.attend(environ.path_info());
        let mark = Mark::new(self.hub.version());
        let was_ours = mark.take_off(environ.headers_mut());
        let mut reply = self.app.call(environ)?;
        if reply.status() == StatusCode::NOT_MODIFIED && was_ours {
            mark.put_on(reply.headers_mut());
        }
        match self.injection(environ, &reply) {
            Injection::None | Injection::Impossible(_) => Ok(reply),
            injection @ Injection::Script { .. } => with_script(reply, &injection, &mark),
        }
    }
}

impl<A: App> Live<A> {
    /// Whether a page may get the script; says once where a policy forbids it.
    fn injection(&self, environ: &Environ, reply: &Reply) -> Injection {
        let (method, status) = (environ.method(), reply.status());
        let injection = inject::decide(method, environ.headers(), status, reply.headers());
        if let Injection::Impossible(why) = injection
            && !self.forbidden_said.swap(true, Ordering::Relaxed)
        {
            let target = latin1::from_bytes(environ.raw_target()).into_owned();
            self.sink.tell(Notice::NoLiveReload { target, why });
        }
        injection
    }

    /// The script, or the stream it listens to.
    fn answer_own(&self, path: &[u8], environ: &Environ) -> Result<Reply> {
        let response = match (path, environ.method()) {
            (b"reload.js", &(Method::GET | Method::HEAD)) => {
                Response::text(SCRIPT).content_type("text/javascript; charset=utf-8")
            }
            (b"events", &Method::GET) => {
                let events = self.hub.subscribe();
                let events = std::iter::from_fn(move || events.next_event().map(Ok));
                Response::stream(events).content_type("text/event-stream")
            }
            _ => return Err(HttpException::not_found().into()),
        };
        let response = response
            .header("cache-control", HeaderValue::from_static("no-store"))
            .header(
                "x-content-type-options",
                HeaderValue::from_static("nosniff"),
            );
        response.into_reply()
    }
}

/// A page with the script behind it, if it turns out to be a whole document.
fn with_script(reply: Reply, injection: &Injection, mark: &Mark) -> Result<Reply> {
    let (mut head, body) = reply.into_parts();
    let length = body.len();
    let mut chunks = body.into_chunks();
    let first = chunks.next().transpose()?.unwrap_or_default();
    let tag = injection.tag_for(&first, mark.version());
    if let Some(length) = length {
        let length = length + tag.len() as u64;
        head.headers.insert(header::CONTENT_LENGTH, length.into());
    }
    if !tag.is_empty() {
        inject::adapt(&mut head.headers, mark);
    }
    let parts = [Ok(first)]
        .into_iter()
        .chain(chunks)
        .chain([Ok(tag.into())]);
    Ok(Reply::from_parts(head, Body::chunks(parts)))
}
