use std::time::Duration;

use minijinja::context;
use serde::Serialize;

use crate::http::StatusCode;
use crate::pages::{Page, elapsed};

/// A request that waits for the app.
#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    /// What it waits for, as said on the terminal: `building shop`, `starting shop`.
    pub doing: String,
    /// The step it is at, in cargo's words: `Compiling serde v1.0.228`.
    pub step: Option<String>,
    /// How long that has been going on.
    #[serde(
        rename = "elapsed_ms",
        serialize_with = "crate::pages::elapsed::milliseconds"
    )]
    pub elapsed: Duration,
    /// Whether the page may ask again by itself: true for GET and HEAD only, since a repeated
    /// POST would lose its body or be done twice.
    pub may_repeat: bool,
}

impl Waiting {
    /// The page for a browser, as data and as text. It becomes the answer by itself where it
    /// may repeat the request.
    pub fn page(&self) -> Page {
        let step = self.step.as_ref();
        let text = format!(
            "{}{}, for {} so far; ask again\n",
            self.doing,
            step.map(|step| format!(" ({step})")).unwrap_or_default(),
            elapsed::words(self.elapsed)
        );
        let context = context! {
            step,
            elapsed => elapsed::words(self.elapsed),
            elapsed_ms => u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX),
            may_repeat => self.may_repeat,
        };
        Page::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "waiting",
            &self.doing,
            text,
        )
        .context(context)
        .report(self)
        .retry_after(1)
    }
}
