use serde::Serialize;

/// An app that ended by itself.
#[derive(Clone, Debug, Serialize)]
pub struct AppDied {
    /// What was running: a binary's or an example's name.
    pub target: String,
    /// How it ended: `exit code 101`, `signal SIGSEGV`.
    pub how: String,
    /// The last lines it wrote to stderr, oldest first.
    pub stderr: Vec<String>,
    /// Whether it had been answering requests; else it ended while it started.
    pub when_ready: bool,
}
