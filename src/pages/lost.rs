use minijinja::context;
use serde::Serialize;

use crate::http::StatusCode;
use crate::pages::Page;
use crate::text::visible::visible;

/// A request that the app took, or should have taken, and did not answer, while it lives on.
#[derive(Clone, Debug, Serialize)]
pub struct AnswerLost {
    /// The request: `GET /cart`.
    pub request: String,
    /// Which life of the app had it: counted from 1, in the order they were begun.
    pub generation: String,
    /// What was seen: `the app ended the connection without an answer`.
    pub why: String,
    /// The system's reason, if it gave one.
    pub cause: Option<String>,
}

impl AnswerLost {
    /// The page for a browser, as data and as text.
    pub fn page(&self) -> Page {
        let Self {
            request,
            generation,
            why,
            cause,
        } = self;
        let (request, title) = (visible(request), visible(why));
        let reason = cause.as_ref().map(|cause| format!("caused by: {cause}\n"));
        let text = format!(
            "{title}\n{}asked: {request}\ngeneration: {generation}, which still runs\n\
             The request may have been carried out, so it was not sent again.\n",
            reason.unwrap_or_default()
        );
        let context = context! { request, generation, cause };
        Page::new(StatusCode::BAD_GATEWAY, "lost", &title, text)
            .context(context)
            .report(self)
    }
}
