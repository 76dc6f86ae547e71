use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::dev::inject::{self, Injection};
use crate::dev::reload::{OWN_PATHS, ReloadHub, SCRIPT};
use crate::dev::{Notice, Sink};
use crate::exceptions::HttpException;
use crate::pages::Page;
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
            Injection::Candidate => with_script(reply, &mark),
            Injection::None | Injection::Forbidden => Ok(reply),
        }
    }
}

impl<A: App> Live<A> {
    /// Whether a page may get the script; says once where a policy forbids it.
    fn injection(&self, environ: &Environ, reply: &Reply) -> Injection {
        // The head of a page is that of the page with the script.
        let method = match *environ.method() {
            Method::HEAD => &Method::GET,
            ref method => method,
        };
        let injection = inject::decide(method, environ.headers(), reply.status(), reply.headers());
        if injection == Injection::Forbidden && !self.forbidden_said.swap(true, Ordering::Relaxed) {
            let target = latin1::from_bytes(environ.raw_target()).into_owned();
            self.sink.tell(Notice::NoLiveReload { target });
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
fn with_script(reply: Reply, mark: &Mark) -> Result<Reply> {
    let (mut head, body) = reply.into_parts();
    let length = body.len();
    let mut chunks = body.into_chunks();
    let first = chunks.next().transpose()?.unwrap_or_default();
    let tag = match inject::is_document(&first) {
        true => inject::tag(mark.version, Page::nonce_in(&head.headers)),
        false => String::new(),
    };
    if let Some(length) = length {
        let length = length + tag.len() as u64;
        head.headers.insert(header::CONTENT_LENGTH, length.into());
    }
    if !tag.is_empty() {
        mark.put_on(&mut head.headers);
        // Its parts are not those of the file.
        head.headers.remove(header::ACCEPT_RANGES);
    }
    let parts = [Ok(first)]
        .into_iter()
        .chain(chunks)
        .chain([Ok(tag.into())]);
    Ok(Reply::from_parts(head, Body::chunks(parts)))
}

/// What tells the entity tag of a page with the script from that of its file.
///
/// The script knows the version it came with. A page kept from an older version and found not
/// modified would take itself for old, and reload for ever.
struct Mark {
    version: u64,
    ending: String,
}

impl Mark {
    fn new(version: u64) -> Self {
        Self {
            version,
            ending: format!("-live-{version:x}\""),
        }
    }

    /// Has the request ask about the file where it asks about this version of the page; whether
    /// it did.
    fn take_off(&self, request: &mut HeaderMap) -> bool {
        let Some(value) = request.get_mut(header::IF_NONE_MATCH) else {
            return false;
        };
        let text = value.to_str().unwrap_or_default();
        if !text.contains(&self.ending) {
            return false;
        }
        match HeaderValue::try_from(text.replace(&self.ending, "\"")) {
            Ok(plain) => {
                *value = plain;
                true
            }
            Err(_) => false,
        }
    }

    fn put_on(&self, answer: &mut HeaderMap) {
        let Some(value) = answer.get_mut(header::ETAG) else {
            return;
        };
        let text = value.to_str().ok().and_then(|tag| tag.strip_suffix('"'));
        let marked = text.map(|tag| HeaderValue::try_from(format!("{tag}{}", self.ending)));
        if let Some(Ok(marked)) = marked {
            *value = marked;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_marked_and_the_mark_taken_off_again() {
        let mark = Mark::new(17);
        let mut answer = HeaderMap::new();
        answer.insert(header::ETAG, HeaderValue::from_static("\"1a-2\""));
        mark.put_on(&mut answer);
        assert_eq!(answer[header::ETAG], "\"1a-2-live-11\"");
        for (asked, is_ours, want) in [
            ("\"1a-2-live-11\"", true, "\"1a-2\""),
            ("W/\"1a-2-live-11\", \"b\"", true, "W/\"1a-2\", \"b\""),
            ("\"1a-2-live-10\"", false, "\"1a-2-live-10\""),
            ("\"1a-2\"", false, "\"1a-2\""),
            ("*", false, "*"),
        ] {
            let mut request = HeaderMap::new();
            request.insert(header::IF_NONE_MATCH, asked.parse().unwrap());
            assert_eq!(mark.take_off(&mut request), is_ours, "{asked}");
            assert_eq!(request[header::IF_NONE_MATCH], want);
        }
        assert!(!mark.take_off(&mut HeaderMap::new()));
    }
}
