use std::any::type_name;
use std::fmt;

use crate::exceptions::HttpException;
use crate::http::StatusCode;
use crate::request::Request;
use crate::response::{IntoResponse, Response};
use crate::wsgi::{Error, Reply, Result};

type Before = dyn Fn(&Request<'_>) -> Result<Option<Reply>> + Send + Sync;
type After = dyn Fn(&Request<'_>, Reply) -> Result<Reply> + Send + Sync;
type OnError = dyn Fn(&Request<'_>, &Error) -> Option<Result<Reply>> + Send + Sync;

/// What runs around a router's views.
#[derive(Default)]
pub(super) struct Hooks {
    before: Vec<Box<Before>>,
    after: Vec<Box<After>>,
    // Each with the name of the type of error it is for.
    errors: Vec<(&'static str, Box<OnError>)>,
    statuses: Vec<(StatusCode, Box<OnError>)>,
}

impl Hooks {
    pub(super) fn before<R>(&mut self, hook: R)
    where
        R: Fn(&Request<'_>) -> Result<Option<Response>> + Send + Sync + 'static,
    {
        self.before.push(Box::new(move |request| {
            hook(request)?.map(Response::into_reply).transpose()
        }));
    }

    pub(super) fn after<H>(&mut self, hook: H)
    where
        H: Fn(&Request<'_>, Reply) -> Result<Reply> + Send + Sync + 'static,
    {
        self.after.push(Box::new(hook));
    }

    pub(super) fn on_error<E, H, R>(&mut self, handler: H)
    where
        E: std::error::Error + Send + Sync + 'static,
        H: Fn(&Request<'_>, &E) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        let handler = move |request: &Request<'_>, error: &Error| {
            let error = error.downcast_ref::<E>()?;
            Some(handler(request, error).into_reply())
        };
        self.errors.push((type_name::<E>(), Box::new(handler)));
    }

    pub(super) fn on_status<H, R>(&mut self, status: StatusCode, handler: H)
    where
        H: Fn(&Request<'_>, &HttpException) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        let handler = move |request: &Request<'_>, error: &Error| {
            let exception = HttpException::of_error(error)?;
            let reply = handler(request, &exception).into_reply();
            Some(reply.map(|reply| with_status(reply, &exception)))
        };
        self.statuses.push((status, Box::new(handler)));
    }

    /// The first answer of a hook, in the order they were given.
    pub(super) fn run_before(&self, request: &Request<'_>) -> Result<Option<Reply>> {
        for hook in &self.before {
            if let Some(reply) = hook(request)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    /// What the hooks make of an answer, the last one first, as layers have it.
    pub(super) fn run_after(&self, request: &Request<'_>, reply: Reply) -> Result<Reply> {
        let mut hooks = self.after.iter().rev();
        hooks.try_fold(reply, |reply, hook| hook(request, reply))
    }

    /// What the handlers make of an error: that of its type, else that of its status.
    pub(super) fn handle(&self, request: &Request<'_>, error: &Error) -> Option<Result<Reply>> {
        let by_type = self.errors.iter().rev();
        by_type
            .map(|(_, handler)| handler)
            .find_map(|handler| handler(request, error))
            .or_else(|| {
                let status = HttpException::of_error(error)?.status();
                let mut by_status = self.statuses.iter().rev();
                let (_, handler) = by_status.find(|(of, _)| *of == status)?;
                handler(request, error)
            })
    }
}

/// A page made for a status answers with it, and with the fields it needs, unless it says
/// otherwise itself.
fn with_status(mut reply: Reply, exception: &HttpException) -> Reply {
    if reply.status() == StatusCode::OK {
        *reply.status_mut() = exception.status();
    }
    for name in exception.headers().keys() {
        if !reply.headers().contains_key(name) {
            let values = exception.headers().get_all(name).iter().cloned();
            let lines = values.map(|value| (name.clone(), value));
            reply.headers_mut().extend(lines);
        }
    }
    reply
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors: Vec<_> = self.errors.iter().map(|(name, _)| name).collect();
        let statuses: Vec<_> = self.statuses.iter().map(|(status, _)| status).collect();
        f.debug_struct("Hooks")
            .field("before", &self.before.len())
            .field("after", &self.after.len())
            .field("errors", &errors)
            .field("statuses", &statuses)
            .finish()
    }
}
