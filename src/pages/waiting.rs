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
        let text = format!(
            "{}, for {} so far; ask again\n",
            self.doing,
            elapsed::words(self.elapsed)
        );
        let context = context! {
            elapsed => elapsed::words(self.elapsed),
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
