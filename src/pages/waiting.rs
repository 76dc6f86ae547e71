use std::time::Duration;

use serde::Serialize;

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
