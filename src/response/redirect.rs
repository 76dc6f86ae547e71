use crate::http::StatusCode;
use crate::response::Response;
use crate::text::{html, percent};

impl Response {
    /// Sends the browser to `target`: 302, after which browsers ask with GET.
    ///
    /// `target` is a path or a URL and may hold text (`/café`). Never pass on what a stranger
    /// sent: `//elsewhere.example` is a target too.
    pub fn redirect(target: &str) -> Self {
        Self::redirect_with(StatusCode::FOUND, target)
    }

    /// [`redirect`](Self::redirect) with another status: 303 after a form, 301 or 308 for ever,
    /// 307 to keep method and body.
    pub fn redirect_with<S>(status: S, target: &str) -> Self
    where
        S: TryInto<StatusCode, Error: std::error::Error + Send + Sync + 'static>,
    {
        let location = percent::encode_reference(target);
        let shown = html::escape(&location);
        let page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<title>Redirecting</title>\n\
             <p>Go on to <a href=\"{shown}\">{shown}</a>.\n"
        );
        Self::html(page)
            .status(status)
            .attempt(|_| check(target))
            .header("location", &*location)
    }
}

fn check(target: &str) -> crate::wsgi::Result<()> {
    if target.contains(|character: char| character.is_ascii_control()) {
        return Err(RedirectError {
            target: target.to_owned(),
        }
        .into());
    }
    Ok(())
}

/// A redirect's target that holds a control character, and so may not be what it seems.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot redirect to {target:?}: it holds a control character")]
pub struct RedirectError {
    /// The target.
    pub target: String,
}
